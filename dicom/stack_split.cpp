#include "dicom/stack_split.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "dicom/stack_axes.h"
#include "dicom/stack_parts.h"
#include "dicom/stack_places.h"
#include "dicom/stack_side_by_side.h"

namespace naru::dicom {

namespace {

/// Study and series of a candidate, as views into it, and the indices of the drafts made of that series, in order.
using SeriesKey = std::pair<std::string_view, std::string_view>;
using DraftsOfSeries = std::map<SeriesKey, std::vector<std::size_t>>;

SeriesKey series_key(const Instance& instance) { return {instance.study_uid, instance.series_uid}; }

/// Indices in order of SOP Instance UID, then of plane, then of content.
std::vector<std::size_t> in_stable_order(std::span<const Candidate> candidates) {
  std::vector<std::size_t> order(candidates.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    const Instance& instance = candidates[i].instance;
    return std::tie(instance.sop_instance_uid, instance.plane, candidates[i].file_sha256);
  });
  return order;
}

/// True for one slice that was stored twice: other bytes (another exporter, another syntax), but the same image.
bool is_same_slice(std::span<const Candidate> candidates, std::size_t a, std::size_t b, const SamePixels& same_pixels) {
  const Instance &first = candidates[a].instance, &second = candidates[b].instance;
  return first.study_uid == second.study_uid && first.series_uid == second.series_uid && same_stack(first, second) &&
         first.position_mm == second.position_mm && first.rescale_slope == second.rescale_slope &&
         first.rescale_intercept == second.rescale_intercept && same_pixels(a, b);
}

/// Of the files with one SOP Instance UID: which stay, and what speaks against them.
std::vector<Member> members_of_one_identifier(std::span<const Candidate> candidates,
                                              std::span<const std::size_t> same_uid, const SamePixels& same_pixels,
                                              std::span<Placement> placements) {
  std::vector<Member> kept, broken;
  const std::string* previous_sha256 = nullptr;  // an empty hash says nothing
  for (const std::size_t index : same_uid) {
    const Candidate& candidate = candidates[index];
    if (previous_sha256 && !previous_sha256->empty() && *previous_sha256 == candidate.file_sha256) {
      placements[index] = {Disposition::excluded, Code::duplicate_instance, {}};
      continue;
    }
    previous_sha256 = &candidate.file_sha256;
    const bool is_usable = !candidate.broken.has_value();
    if (is_usable && kept.size() == 1 && is_same_slice(candidates, kept[0].candidate, index, same_pixels)) {
      placements[index] = {Disposition::excluded, Code::duplicate_instance, {}};
      continue;
    }
    (candidate.broken ? broken : kept).push_back({index, candidate.broken});
  }
  if (kept.empty()) return broken;
  for (const Member& member : broken) placements[member.candidate] = {Disposition::rejected, member.lost, {}};
  if (kept.size() > 1) {
    for (Member& member : kept) member.lost = Code::duplicate_identifier_different_pixels;
  }
  return kept;
}

/// Of the drafts of a member's series the one for it: one of its own kind; for a slice that is lost, whose matrix may
/// be unreadable, at least one of its orientation.
StackDraft* find_draft(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
                       std::span<const std::size_t> of_series, const Member& member) {
  const Instance& instance = candidates[member.candidate].instance;
  const auto is_like = [&](auto same) {
    return [&, same](std::size_t index) { return same(reference_of(candidates, drafts[index]), instance); };
  };
  auto found = std::ranges::find_if(of_series, is_like(same_stack));
  if (found == of_series.end() && member.lost) found = std::ranges::find_if(of_series, is_like(same_orientation));
  return found == of_series.end() ? nullptr : &drafts[*found];
}

/// Maps that lie wherever diffusion images of one kind with them do are a stack of their own: no b-value is theirs.
void part_maps(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
               std::vector<std::size_t>& of_series) {
  const auto is_map = [&](const Member& member) {
    return !member.lost && is_derived_without_b_value(candidates[member.candidate].instance);
  };
  const auto is_weighted = [&](const Member& member) {
    return candidates[member.candidate].instance.timing.b_value_s_per_mm2.value_or(0) > 0;
  };
  const auto have_both = [&](const std::vector<Member>& members) {
    return std::ranges::any_of(members, is_map) && std::ranges::any_of(members, is_weighted);
  };
  for (std::size_t n = 0, count = of_series.size(); n < count; ++n) {
    auto& members = drafts[of_series[n]].members;
    if (!have_both(members)) continue;
    const auto places = find_places(candidates, members, slice_normal(candidates, drafts[of_series[n]]));
    if (!std::ranges::all_of(places, [&](const Place& place) { return have_both(place.members); })) continue;
    StackDraft maps;
    std::ranges::copy_if(members, std::back_inserter(maps.members), is_map);
    std::erase_if(members, is_map);
    maps.add({Code::mixed_phase, {}, "a case of its own"}, Verdict::accept);
    of_series.push_back(drafts.size());
    drafts.push_back(std::move(maps));
  }
}

}  // namespace

void StackDraft::add(Finding finding, Verdict effect) {
  if (effect == Verdict::reject && !reason) reason = finding.code;
  stack.verdict = std::max(stack.verdict, effect);
  stack.findings.push_back(std::move(finding));
}

std::vector<Member> select_members(std::span<const Candidate> candidates, const SamePixels& same_pixels,
                                   std::span<Placement> placements) {
  const auto order = in_stable_order(candidates);
  std::vector<Member> members;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const auto identity = [&](std::size_t at) {
      const Instance& instance = candidates[order[at]].instance;
      return std::tie(instance.sop_instance_uid, instance.plane);
    };
    while (end < order.size() && identity(end) == identity(begin)) ++end;
    const auto same_uid = std::span(order).subspan(begin, end - begin);
    for (const Member& member : members_of_one_identifier(candidates, same_uid, same_pixels, placements)) {
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
  DraftsOfSeries drafts_of_series;
  for (const bool is_lost : {false, true}) {  // lost slices join stacks that others have founded
    for (const Member& member : members) {
      if (member.lost.has_value() != is_lost) continue;
      std::vector<std::size_t>& of_series = drafts_of_series[series_key(candidates[member.candidate].instance)];
      StackDraft* draft = find_draft(candidates, drafts, of_series, member);
      if (draft == nullptr) {
        of_series.push_back(drafts.size());
        draft = &drafts.emplace_back();
      }
      draft->members.push_back(member);
    }
  }
  for (auto& [series, of_series] : drafts_of_series) {
    part_maps(candidates, drafts, of_series);
    join_parts(candidates, drafts, of_series);
    part_stacks(candidates, drafts, of_series);
    note_splits(candidates, drafts, of_series);
  }
  std::erase_if(drafts, [](const StackDraft& draft) { return draft.members.empty(); });
  return drafts;
}

}  // namespace naru::dicom
