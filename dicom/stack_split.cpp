#include "dicom/stack_split.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "dicom/pixels.h"

namespace naru::dicom {

namespace {

/// Direction cosines that differ by less are one orientation. Scanners write six digits or more; 1e-4 (0.006 degrees)
/// moves the rim of a 512 mm field of view by 0.03 mm.
constexpr double kSameCosine = 1e-4;
/// Pixel spacings that differ by a smaller part are equal: texts of five digits differ by less.
constexpr double kSameSpacingPart = 1e-4;

bool near(const Vec3& a, const Vec3& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return std::abs(x - y) <= kSameCosine; });
}

bool near(double a_mm, double b_mm) { return std::abs(a_mm - b_mm) <= kSameSpacingPart * std::max(a_mm, b_mm); }

bool same_series(const Instance& a, const Instance& b) {
  return a.study_uid == b.study_uid && a.series_uid == b.series_uid;
}

bool same_orientation(const Instance& a, const Instance& b) {
  return near(a.row_direction, b.row_direction) && near(a.column_direction, b.column_direction);
}

bool same_stack(const Instance& a, const Instance& b) {
  return same_series(a, b) && same_orientation(a, b) && a.pixels.rows == b.pixels.rows &&
         a.pixels.columns == b.pixels.columns && near(a.spacing_i_mm, b.spacing_i_mm) &&
         near(a.spacing_j_mm, b.spacing_j_mm) && a.image_type == b.image_type && a.echo == b.echo &&
         a.pixels.is_signed == b.pixels.is_signed && is_uint16(a.pixels) == is_uint16(b.pixels);
}

/// Indices in order of SOP Instance UID, then of content.
std::vector<std::size_t> in_stable_order(std::span<const Candidate> candidates) {
  std::vector<std::size_t> order(candidates.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::tie(candidates[i].instance.sop_instance_uid, candidates[i].file_sha256);
  });
  return order;
}

/// Of the files with one SOP Instance UID: which stay, and what speaks against them.
std::vector<Member> members_of_one_identifier(std::span<const Candidate> candidates,
                                              std::span<const std::size_t> same_uid, std::span<Placement> placements) {
  std::vector<Member> kept, broken;
  const std::string* previous_sha256 = nullptr;
  for (const std::size_t index : same_uid) {
    const Candidate& candidate = candidates[index];
    if (previous_sha256 && *previous_sha256 == candidate.file_sha256) {
      placements[index] = {Disposition::excluded, Code::duplicate_instance, {}};
      continue;
    }
    previous_sha256 = &candidate.file_sha256;
    (candidate.broken ? broken : kept).push_back({index, candidate.broken});
  }
  if (kept.empty()) return broken;
  for (const Member& member : broken) placements[member.candidate] = {Disposition::rejected, member.lost, {}};
  if (kept.size() > 1) {
    for (Member& member : kept) member.lost = Code::duplicate_identifier_different_pixels;
  }
  return kept;
}

/// The draft for a member: one of its own kind; for a slice that is lost, whose matrix may be unreadable, at least one
/// of its series and orientation.
StackDraft* find_draft(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts, const Member& member) {
  const Instance& instance = candidates[member.candidate].instance;
  const auto reference = [&](const StackDraft& draft) -> const Instance& {
    return candidates[draft.members.front().candidate].instance;
  };
  auto found = std::ranges::find_if(drafts, [&](const auto& draft) { return same_stack(reference(draft), instance); });
  if (found == drafts.end() && member.lost) {
    found = std::ranges::find_if(drafts, [&](const auto& draft) {
      return same_series(reference(draft), instance) && same_orientation(reference(draft), instance);
    });
  }
  return found == drafts.end() ? nullptr : &*found;
}

void note_splits(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts) {
  for (StackDraft& draft : drafts) {
    const Instance& own = candidates[draft.members.front().candidate].instance;
    bool is_orientation_split = false, is_echo_split = false;
    for (const StackDraft& other : drafts) {
      const Instance& theirs = candidates[other.members.front().candidate].instance;
      if (!same_series(own, theirs)) continue;
      if (!same_orientation(own, theirs)) is_orientation_split = true;
      if (own.echo != theirs.echo) is_echo_split = true;
    }
    if (is_orientation_split) draft.add({Code::mixed_orientation, {}, "split"}, Verdict::accept);
    if (is_echo_split) draft.add({Code::mixed_echo, {}, "split"}, Verdict::accept);
  }
}

}  // namespace

void StackDraft::add(Finding finding, Verdict effect) {
  if (effect == Verdict::reject && !reason) reason = finding.code;
  stack.verdict = std::max(stack.verdict, effect);
  stack.findings.push_back(std::move(finding));
}

std::vector<Member> select_members(std::span<const Candidate> candidates, std::span<Placement> placements) {
  const auto order = in_stable_order(candidates);
  std::vector<Member> members;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const std::string& uid = candidates[order[begin]].instance.sop_instance_uid;
    while (end < order.size() && candidates[order[end]].instance.sop_instance_uid == uid) ++end;
    const auto same_uid = std::span(order).subspan(begin, end - begin);
    for (const Member& member : members_of_one_identifier(candidates, same_uid, placements)) {
      if (candidates[member.candidate].instance.is_localizer) {
        placements[member.candidate] = {Disposition::excluded, Code::localizer, {}};
      } else {
        members.push_back(member);
      }
    }
  }
  return members;
}

std::vector<StackDraft> split_into_drafts(std::span<const Candidate> candidates, std::span<const Member> members) {
  std::vector<StackDraft> drafts;
  for (const bool is_lost : {false, true}) {  // lost slices join stacks that others have founded
    for (const Member& member : members) {
      if (member.lost.has_value() != is_lost) continue;
      StackDraft* draft = find_draft(candidates, drafts, member);
      if (draft == nullptr) draft = &drafts.emplace_back();
      draft->members.push_back(member);
    }
  }
  note_splits(candidates, drafts);
  return drafts;
}

}  // namespace naru::dicom
