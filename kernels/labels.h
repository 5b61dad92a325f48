/// Axis-aligned resampling of label maps, all labels at once.
///
/// Each label is a volume of 0 and 1 that is interpolated linearly, as kernels/resample.h does it; what comes out
/// decides:
///   greatest  the label of the greatest weight, the least one of equals. Every voxel has a label that lies around it.
///   half      the greatest label whose weight is 0.5 or more, else 0: what nnU-Net's resize_segmentation makes of
///             order 1 (batchgenerators), holes where three labels meet included
/// The volumes are never made: of the eight voxels around a place each label adds up its own.
///
/// Labels are exact: no value comes out that did not go in, but for the 0 of `half`.
#pragma once

#include <array>

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

enum class LabelRule { greatest, half };

/// @param axes, in, out as in kernels/resample.h; memory that `executor` reaches. Asynchronous on CUDA.
/// Label: uint8, uint16, int16.
template <class Label>
void resample_labels(VolumeView<const Label> in, VolumeView<Label> out, const std::array<AxisSteps, 3>& axes,
                     LabelRule rule, Executor& executor);

}  // namespace naru
