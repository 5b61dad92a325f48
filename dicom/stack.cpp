#include "dicom/stack.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "dicom/stack_findings.h"
#include "dicom/stack_places.h"
#include "dicom/stack_rescale.h"
#include "dicom/stack_split.h"
#include "dicom/stack_volumes.h"

namespace naru::dicom {

namespace {

/// Stacks of one series follow the lowest Instance Number in them, then the lowest SOP Instance UID. Those of one file
/// stay as they are: volumes along their axis, stacks beside each other by their frames.
void sort_drafts(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts) {
  std::ranges::stable_sort(drafts, {}, [&](const StackDraft& draft) {
    std::int64_t number = std::numeric_limits<std::int64_t>::max();
    std::string_view uid = candidates[draft.members.front().candidate].instance.sop_instance_uid;
    for (const Member& member : draft.members) {
      const Instance& instance = candidates[member.candidate].instance;
      number = std::min(number, instance.instance_number.value_or(number));
      uid = std::min<std::string_view>(uid, instance.sop_instance_uid);
    }
    return std::tuple(std::string_view(draft.stack.study_uid), std::string_view(draft.stack.series_uid), number, uid);
  });
}

void place_members(const StackDraft& draft, std::size_t stack_index, std::span<Placement> placements) {
  const Disposition disposition = draft.reason ? Disposition::rejected : Disposition::used;
  for (const std::size_t index : draft.stack.instances) placements[index] = {disposition, draft.reason, stack_index};
  for (const std::size_t index : draft.copies) {
    placements[index] = {Disposition::excluded, Code::duplicate_slices, stack_index};
  }
  for (const std::size_t index : draft.left_out) placements[index] = {Disposition::excluded, Code::gap, stack_index};
  for (const Member& member : draft.members) {
    if (member.lost) placements[member.candidate] = {Disposition::rejected, member.lost, stack_index};
  }
}

/// Studies whose images name several patients. An empty Patient ID contradicts nothing.
std::set<std::string_view> studies_of_several_patients(std::span<const Candidate> candidates) {
  std::map<std::string_view, const Instance*> patient_of_study;
  std::set<std::string_view> mixed;
  for (const Candidate& candidate : candidates) {
    const Instance& own = candidate.instance;
    if (own.patient_id.empty()) continue;
    const Instance& known = *patient_of_study.try_emplace(own.study_uid, &own).first->second;
    const bool is_issuer_other = !own.issuer_of_patient_id.empty() && !known.issuer_of_patient_id.empty() &&
                                 own.issuer_of_patient_id != known.issuer_of_patient_id;
    if (own.patient_id != known.patient_id || is_issuer_other) mixed.insert(own.study_uid);
  }
  return mixed;
}

/// How many files each concatenation lacks that was not given whole, by its UID.
std::map<std::string_view, std::int64_t> incomplete_concatenations(std::span<const Candidate> candidates) {
  struct Parts {
    std::set<std::int64_t> numbers;
    std::int64_t total = 0;
  };
  std::map<std::string_view, Parts> given;
  for (const Candidate& candidate : candidates) {
    const auto& part = candidate.instance.concatenation;
    if (!part) continue;
    Parts& parts = given[part->uid];
    if (part->number > 0) parts.numbers.insert(part->number);
    parts.total = std::max({parts.total, part->total, part->number});
  }
  std::map<std::string_view, std::int64_t> missing;
  for (const auto& [uid, parts] : given) {
    const auto count = static_cast<std::int64_t>(parts.numbers.size());
    if (count < parts.total) missing[uid] = parts.total - count;
  }
  return missing;
}

/// Where the frames of files that were not given lie is not known: no policy for gaps helps.
void judge_concatenation(std::span<const Candidate> candidates, const std::map<std::string_view, std::int64_t>& missing,
                         StackDraft& draft) {
  for (const Member& member : draft.members) {
    const auto& part = candidates[member.candidate].instance.concatenation;
    const auto lacking = part ? missing.find(part->uid) : missing.end();
    if (lacking == missing.end()) continue;
    draft.add({Code::gap, {{"files", static_cast<double>(lacking->second)}}, "rejected: a concatenation lacks files"},
              Verdict::reject);
    return;
  }
}

/// Every draft parted into volumes where it has to be, and judged. Sequences have no stacks yet.
std::vector<StackDraft> judged_drafts(std::span<const Candidate> candidates, const SamePixels& same_pixels,
                                      const StackOptions& options, std::vector<StackDraft> whole,
                                      std::vector<StackSequence>& sequences) {
  const auto mixed_studies = studies_of_several_patients(candidates);
  const auto incomplete = incomplete_concatenations(candidates);
  std::vector<StackDraft> drafts;
  for (StackDraft& draft : whole) {
    if (mixed_studies.contains(candidates[draft.members.front().candidate].instance.study_uid)) {
      draft.add({Code::mixed_patient, {}, "rejected"}, Verdict::reject);
    }
    judge_concatenation(candidates, incomplete, draft);
    Separation parts = separate_volumes(candidates, same_pixels, std::move(draft));
    for (StackDraft& part : parts.drafts) {
      if (part.volume) part.sequence = sequences.size();
      judge_stack(candidates, same_pixels, options, part);
      drafts.push_back(std::move(part));
    }
    if (parts.sequence) sequences.push_back(std::move(*parts.sequence));
  }
  return drafts;
}

/// Where each volume keeps its longest run of slices these may be as many, and others.
bool share_places(const Grid& a, const Grid& b) {
  const Vec3 apart_mm = a.patient_from_voxel.column(3) - b.patient_from_voxel.column(3);
  return a.size == b.size && norm(apart_mm) <= 2 * same_position_mm(a.spacing_mm()[0]);
}

/// Of the volumes that are not rejected the most that make one image, with one grid and one meaning of their values.
std::vector<std::size_t> volumes_of_one_image(std::span<const Stack> stacks,
                                              const std::vector<std::optional<std::size_t>>& stack_of_volume) {
  std::vector<std::size_t> usable, best;
  for (std::size_t v = 0; v < stack_of_volume.size(); ++v) {
    if (stack_of_volume[v] && stacks[*stack_of_volume[v]].verdict != Verdict::reject) usable.push_back(v);
  }
  for (std::size_t n = 0; n < usable.size() && 2 * best.size() < usable.size(); ++n) {
    const Stack& one = stacks[*stack_of_volume[usable[n]]];
    std::vector<std::size_t> alike;
    std::ranges::copy_if(usable, std::back_inserter(alike), [&](std::size_t v) {
      const Stack& other = stacks[*stack_of_volume[v]];
      return share_places(other.grid, one.grid) && may_share_units(other, one);
    });
    if (alike.size() > best.size()) best = std::move(alike);
  }
  return best;
}

/// Volumes that do not go with the most leave the sequence.
void finish_sequence(std::span<const Candidate> candidates, const StackOptions& options, std::vector<Stack>& stacks,
                     const std::vector<std::optional<std::size_t>>& stack_of_volume, StackSequence& sequence) {
  StackSequence kept{{}, sequence.axis, sequence.unit, {}, {}, {}};
  for (const auto& other : sequence.others) kept.others.push_back({other.axis, other.unit, {}});
  for (const std::size_t v : volumes_of_one_image(stacks, stack_of_volume)) {
    kept.stacks.push_back(*stack_of_volume[v]);
    kept.values.push_back(sequence.values[v]);
    for (std::size_t n = 0; n < kept.others.size(); ++n) kept.others[n].values.push_back(sequence.others[n].values[v]);
    if (!sequence.gradient_directions.empty()) kept.gradient_directions.push_back(sequence.gradient_directions[v]);
  }
  sequence = std::move(kept);
  if (sequence.stacks.empty()) return;
  const Stack& first = stacks[sequence.stacks.front()];
  const bool are_alike = std::ranges::all_of(sequence.stacks, [&](std::size_t s) {
    return stacks[s].dtype == first.dtype && stacks[s].rescale == first.rescale && first.dtype != DType::float32;
  });
  if (are_alike) return;
  for (const std::size_t s : sequence.stacks) bring_to_units(candidates, options, stacks[s]);
}

/// What was told while volumes were parted holds where they became one image.
void retell_lone_volumes(const StackOptions& options, Sorted& sorted) {
  std::vector<bool> is_in_image(sorted.stacks.size(), false);
  for (const StackSequence& sequence : sorted.sequences) {
    for (const std::size_t s : sequence.stacks) is_in_image[s] = !options.takes_volumes_only;
  }
  for (std::size_t s = 0; s < sorted.stacks.size(); ++s) {
    if (is_in_image[s]) continue;
    for (Finding& finding : sorted.stacks[s].findings) {
      if (finding.code != Code::mixed_phase || finding.action == "rejected") continue;
      finding.action = sorted.stacks[s].verdict == Verdict::reject ? "left out of the 4-D image" : "a case of its own";
    }
  }
}

}  // namespace

Sorted build_stacks(std::span<const Candidate> candidates, const SamePixels& same_pixels, const StackOptions& options) {
  Sorted sorted;
  sorted.placements.resize(candidates.size());
  const auto members = select_members(candidates, same_pixels, sorted.placements);
  auto drafts =
      judged_drafts(candidates, same_pixels, options, split_into_drafts(candidates, members), sorted.sequences);
  sort_drafts(candidates, drafts);
  std::vector<std::vector<std::optional<std::size_t>>> stack_of_volume;
  for (const StackSequence& sequence : sorted.sequences) stack_of_volume.emplace_back(sequence.values.size());
  for (StackDraft& draft : drafts) {
    const bool is_same_series = !sorted.stacks.empty() && sorted.stacks.back().study_uid == draft.stack.study_uid &&
                                sorted.stacks.back().series_uid == draft.stack.series_uid;
    draft.stack.index = is_same_series ? sorted.stacks.back().index + 1 : 0;
    place_members(draft, sorted.stacks.size(), sorted.placements);
    if (draft.sequence) stack_of_volume[*draft.sequence][*draft.volume] = sorted.stacks.size();
    sorted.stacks.push_back(std::move(draft.stack));
  }
  for (std::size_t q = 0; q < sorted.sequences.size(); ++q) {
    finish_sequence(candidates, options, sorted.stacks, stack_of_volume[q], sorted.sequences[q]);
  }
  std::erase_if(sorted.sequences, [](const StackSequence& sequence) { return sequence.stacks.size() < 2; });
  retell_lone_volumes(options, sorted);
  return sorted;
}

}  // namespace naru::dicom
