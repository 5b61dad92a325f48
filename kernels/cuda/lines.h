/// Private to kernels/: several lines of voxels at a time on the device, defined in kernels/cuda/lines.cuh and
/// instantiated by each <op>.cu.
#pragma once

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru::cuda {

/// As fill_voxels, kLines voxels a thread along Voxel::kLineAxis (1 or 2).
template <class T, class Voxel>
void fill_lines(VolumeView<T> out, const Voxel& voxel, Executor& executor);

}  // namespace naru::cuda
