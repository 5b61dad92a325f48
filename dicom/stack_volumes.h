/// Images that share their positions: which attribute parts them into volumes of one 4-D image, or into stacks.
#pragma once

#include <vector>

#include "dicom/stack_split.h"

namespace naru::dicom {

/// Parts `draft`:
/// - where several different images lie at one place, into volumes that each have every place once: together a 4-D
/// image
///   (`volume` counts along the axis, `sequence` says which axis and values); where some volumes are complete and
///   others are not, the incomplete ones are rejected with `gap`;
/// - into even volumes whose slices lie between each other's, and even acquisitions (Acquisition Number, or times and
///   b-values that Instance Numbers confirm) of other ranges that overlap or lie apart and are no turns of one scan:
///   stacks of their own.
/// A draft that nothing parts is returned as it is: rejected where slices of several volumes lie between each other's
/// and are neither one stack nor stacks of their own for sure.
///
/// The axes are tried in this order, then pairs of them: b-value with its direction, inversion time, trigger time,
/// percentage of the cardiac phase, acquisition time, temporal position, dimension indices, ASL context, acquisition
/// number (these part volumes that share no places, too), content time, and last the order of Instance Numbers. Times
/// of day are reported since the first volume, so that they tell nothing of the day.
struct Separation {
  std::vector<StackDraft> drafts;
  std::optional<StackSequence> sequence;  ///< `stacks` still empty; one value for each draft with a `volume`
};
Separation separate_volumes(std::span<const Candidate> candidates, const SamePixels& same_pixels, StackDraft draft);

}  // namespace naru::dicom
