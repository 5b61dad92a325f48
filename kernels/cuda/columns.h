/// Private to kernels/: columns of voxels on the device, defined in kernels/cuda/columns.cuh and instantiated by each
/// <op>.cu.
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru::cuda {

/// Fills the volumes of `out` with what Columns(voxel, x, rows) makes, in one launch. `voxel.in` is the first of as
/// many source volumes that follow each other. @pre at most 65,535 rows, and as many volumes
template <class Columns, class T, class Voxel>
void fill_columns(VolumesView<T> out, const Voxel& voxel, Executor& executor);

}  // namespace naru::cuda
