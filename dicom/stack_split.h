/// The first half of `build_stacks`: which candidates are slices at all, and which of them belong together.
#pragma once

#include <vector>

#include "dicom/stack.h"

namespace naru::dicom {

/// A candidate that takes part in a stack.
struct Member {
  std::size_t candidate = 0;  ///< index into the input
  std::optional<Code> lost;   ///< why this slice is known of but cannot be used
};

/// A stack in the making.
struct StackDraft {
  std::vector<Member> members;                  ///< in order of SOP Instance UID until the stack is ordered
  std::vector<std::size_t> copies;              ///< candidates that repeat a slice of this stack, set aside
  std::vector<std::size_t> left_out;            ///< candidates beyond a gap that the recipe leaves out
  std::optional<Code> reason;                   ///< the first finding that rejects
  std::optional<std::size_t> sequence, volume;  ///< of which 4-D image it is which volume
  Stack stack;

  /// Notes a finding and what it does to the verdict.
  void add(Finding finding, Verdict effect);
};

/// Sets aside exact duplicates and localizers (their placements are written), marks what is lost or contradicts
/// another file, and returns the rest in an order that does not depend on the order of the input.
std::vector<Member> select_members(std::span<const Candidate> candidates, const SamePixels& same_pixels,
                                   std::span<Placement> placements);

/// Splits members into drafts of equal study, series, modality, frame of reference, orientation, matrix, pixel spacing,
/// image type, echo, reconstruction kernel and type of stored value, but for what stack_parts.h joins, maps from the
/// diffusion images that they lie on, and what stack_side_by_side.h parts; the findings say what made the split.
std::vector<StackDraft> split_into_drafts(std::span<const Candidate> candidates, std::span<const Member> members);

}  // namespace naru::dicom
