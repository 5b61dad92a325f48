#include "dicom/stack.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "dicom/stack_findings.h"
#include "dicom/stack_split.h"

namespace naru::dicom {

namespace {

/// Stacks of one series follow the lowest Instance Number in them, then the lowest SOP Instance UID.
void sort_drafts(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts) {
  std::ranges::sort(drafts, {}, [&](const StackDraft& draft) {
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
  for (const Member& member : draft.members) {
    if (member.lost) placements[member.candidate] = {Disposition::rejected, member.lost, stack_index};
  }
}

}  // namespace

Sorted build_stacks(std::span<const Candidate> candidates, const SamePixels& same_pixels, const StackOptions&) {
  Sorted sorted;
  sorted.placements.resize(candidates.size());
  const auto members = select_members(candidates, same_pixels, sorted.placements);
  auto drafts = split_into_drafts(candidates, members);
  for (StackDraft& draft : drafts) judge_stack(candidates, same_pixels, draft);
  sort_drafts(candidates, drafts);
  for (StackDraft& draft : drafts) {
    const bool is_same_series = !sorted.stacks.empty() && sorted.stacks.back().study_uid == draft.stack.study_uid &&
                                sorted.stacks.back().series_uid == draft.stack.series_uid;
    draft.stack.index = is_same_series ? sorted.stacks.back().index + 1 : 0;
    place_members(draft, sorted.stacks.size(), sorted.placements);
    sorted.stacks.push_back(std::move(draft.stack));
  }
  return sorted;
}

}  // namespace naru::dicom
