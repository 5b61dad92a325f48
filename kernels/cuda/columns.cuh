/// Private to *.cu: a launch whose threads go down columns.
#pragma once

#include <algorithm>

#include "kernels/column_walk.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/fewest_blocks.cuh"
#include "kernels/cuda/runtime.h"

namespace naru::cuda {

/// One thread makes Columns::kPlanes voxels of each of Columns::kRows columns, a block's height apart: neighbouring
/// threads write neighbouring values, and a block shares source rows in L1. What a column needs again in the next plane
/// stays in registers: there is no tile in shared memory, and no barrier. Parts are long against what each loads twice
/// and short enough that a volume of 100 planes still fills the device.
template <class Columns, class T, class Voxel>
__global__ void __launch_bounds__(Columns::kThreads, fewest_blocks(Columns::kBlocks))
    fill_columns_kernel(VolumeView<T> out, Voxel voxel) {
  const std::int64_t x = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t y = static_cast<std::int64_t>(blockIdx.y) * blockDim.y * Columns::kRows + threadIdx.y;
  if (x >= out.size.x || y >= out.size.y) return;
  std::int64_t rows[Columns::kRows];
  std::int32_t count = 0;
  for (int r = 0; r < Columns::kRows; ++r) {
    rows[r] = min(y + r * blockDim.y, out.size.y - 1);
    count += y + r * blockDim.y < out.size.y ? 1 : 0;
  }
  const Columns columns(voxel, x, rows);
  const ColumnTarget<T> target{out.data + out.index(x, y, 0), blockDim.y * out.size.x, out.size.x * out.size.y, count};
  const std::int64_t parts = (out.size.z + Columns::kPlanes - 1) / Columns::kPlanes;
  for (std::int64_t part = blockIdx.z; part < parts; part += gridDim.z) {
    columns.make(part * Columns::kPlanes, min((part + 1) * Columns::kPlanes, out.size.z), target);
  }
}

template <class Columns, class T, class Voxel>
void fill_columns(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  constexpr int kWidth = 128;  // of whole cache lines, few of which are shared with the next block
  constexpr dim3 kBlock(kWidth, Columns::kThreads / kWidth);
  constexpr std::int64_t kMaxGrid = 65535;
  const auto groups = [](std::int64_t count, std::int64_t size) { return (count + size - 1) / size; };
  const dim3 grid(static_cast<unsigned>(groups(out.size.x, kBlock.x)),
                  static_cast<unsigned>(groups(out.size.y, kBlock.y * Columns::kRows)),
                  static_cast<unsigned>(std::min(groups(out.size.z, Columns::kPlanes), kMaxGrid)));
  fill_columns_kernel<Columns><<<grid, kBlock, 0, selected_stream(executor)>>>(out, voxel);
  cuda_check(cudaGetLastError(), "launching a kernel over columns");
}

}  // namespace naru::cuda
