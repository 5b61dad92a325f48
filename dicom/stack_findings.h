/// The second half of `build_stacks`: one draft's slices in order, its grid, and what is wrong with them.
#pragma once

#include "dicom/stack_split.h"

namespace naru::dicom {

/// Orders the members of `draft` by position, removes copies, fills in its stack and its findings.
void judge_stack(std::span<const Candidate> candidates, const SamePixels& same_pixels, const StackOptions& options,
                 StackDraft& draft);

}  // namespace naru::dicom
