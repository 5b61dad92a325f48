/// What the stored values of a stack mean: one rescale for all slices, or each slice brought to units.
#pragma once

#include "dicom/stack_split.h"

namespace naru::dicom {

/// The rescale of one slice. Philips MR, precise: (slope * stored + intercept) / (slope * scale slope).
/// Source: Chenevert et al., Errors in Quantitative Image Analysis due to Platform-Dependent Image Scaling,
/// Transl Oncol 2014; Philips' DICOM conformance statements.
Rescale rescale_of(const Instance& slice, bool uses_philips_precise);

/// Fills in rescale, dtype, units, padding and the finding `per_slice_rescale`. @pre draft.stack.instances is not empty
void judge_rescale(std::span<const Candidate> candidates, const StackOptions& options, StackDraft& draft);

/// False where two stacks are in other units, or one alone states some, or a rescale that changes values.
bool may_share_units(const Stack& a, const Stack& b);

/// Makes `stack` one whose slices are each brought to units when they are read.
void bring_to_units(std::span<const Candidate> candidates, const StackOptions& options, Stack& stack);

}  // namespace naru::dicom
