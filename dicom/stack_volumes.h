/// Images that share their positions: which attribute parts them into volumes of one 4-D image, or into acquisitions.
#pragma once

#include <vector>

#include "dicom/stack_split.h"

namespace naru::dicom {

/// Parts `draft` where several different images lie at one place:
/// - into volumes that each have every place once: together a 4-D image (`sequence_id` is set to that of the caller,
///   `volume` counts along the axis, SequenceAxis says which axis and values);
/// - where some volumes are complete and others are not, the incomplete ones are rejected with `gap`;
/// - into even acquisitions of other ranges (Acquisition Number) that are no turns of one scan: stacks of their own.
/// A draft without rivals is parted where its acquisitions lie apart, all of them. One without such acquisitions, or
/// whose rivals nothing parts, is returned as it is.
///
/// The axes are tried in this order, then pairs of them: b-value with its direction, trigger time, acquisition time,
/// temporal position, acquisition number, content time, and last the order of Instance Numbers. Times of day are
/// reported since the first volume, so that they tell nothing of the day.
struct Separation {
  std::vector<StackDraft> drafts;
  std::optional<StackSequence> sequence;  ///< `stacks` still empty; one value for each draft with a `volume`
};
Separation separate_volumes(std::span<const Candidate> candidates, const SamePixels& same_pixels, StackDraft draft);

}  // namespace naru::dicom
