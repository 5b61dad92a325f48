/// Private to *.cu: a launch whose threads go down columns.
#pragma once

#include <algorithm>

#include "kernels/cuda/check.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/runtime.h"

namespace naru::cuda {

/// One thread makes kColumnPlanes voxels of one column: neighbouring threads write neighbouring values, a block of
/// eight rows shares source rows in L1, and what a thread loads serves two planes. 32 planes are long against the first
/// two loads of a part and short enough that a volume of 100 planes still fills the device.
template <class T, class Voxel, class Column>
__global__ void fill_columns_kernel(VolumeView<T> out, Voxel voxel) {
  const std::int64_t x = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t y = static_cast<std::int64_t>(blockIdx.y) * blockDim.y + threadIdx.y;
  if (x >= out.size.x || y >= out.size.y) return;
  const std::int64_t parts = (out.size.z + kColumnPlanes - 1) / kColumnPlanes;
  for (std::int64_t part = blockIdx.z; part < parts; part += gridDim.z) {
    Column column(voxel, x, y);
    const std::int64_t begin = part * kColumnPlanes;
    const std::int64_t end = begin + kColumnPlanes < out.size.z ? begin + kColumnPlanes : out.size.z;
    for (std::int64_t z = begin; z < end; ++z) out.data[out.index(x, y, z)] = column(z);
  }
}

template <class Column, class T, class Voxel>
void fill_columns(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  constexpr dim3 kBlock(32, 8);
  constexpr std::int64_t kMaxGrid = 65535;
  const std::int64_t parts = (out.size.z + kColumnPlanes - 1) / kColumnPlanes;
  const dim3 grid(static_cast<unsigned>((out.size.x + kBlock.x - 1) / kBlock.x),
                  static_cast<unsigned>((out.size.y + kBlock.y - 1) / kBlock.y),
                  static_cast<unsigned>(std::min(parts, kMaxGrid)));
  fill_columns_kernel<T, Voxel, Column><<<grid, kBlock, 0, selected_stream(executor)>>>(out, voxel);
  cuda_check(cudaGetLastError(), "launching a kernel over columns");
}

}  // namespace naru::cuda
