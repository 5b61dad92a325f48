/// Private to kernels/: columns of voxels on the device, defined in kernels/cuda/columns.cuh and instantiated by each
/// <op>.cu.
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru::cuda {

/// Fills `out` with what Columns(voxel, x, rows) makes. @pre at most 65,535 rows
template <class Columns, class T, class Voxel>
void fill_columns(VolumeView<T> out, const Voxel& voxel, Executor& executor);

}  // namespace naru::cuda
