/// Private to kernels/: axes that are permuted on the device.
#pragma once

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/orient_voxel.h"

namespace naru::cuda {

/// Fills `out`, which is not empty, with `voxel`. @param row_axis the axis of `out` that runs along the source's x
template <class T>
void orient(const OrientVoxel<T>& voxel, VolumeView<T> out, int row_axis, Executor& executor);

}  // namespace naru::cuda
