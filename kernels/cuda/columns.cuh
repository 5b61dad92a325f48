/// Private to *.cu: a launch whose threads go down columns.
#pragma once

#include <algorithm>

#include "kernels/column_walk.h"
#include "kernels/cuda/blocks_along_z.cuh"
#include "kernels/cuda/check.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/fewest_blocks.cuh"
#include "kernels/cuda/runtime.h"

namespace naru::cuda {

/// One thread makes Columns::kPlanes voxels of each of Columns::kRows columns, a block's height apart: neighbouring
/// threads write neighbouring values, and a block shares source rows in L1. What a column needs again in the next plane
/// stays in registers: there is no tile in shared memory, and no barrier. Parts are long against what each loads twice
/// and short enough that a volume of 100 planes still fills the device.
/// @param blocks_along_z of each volume: those of the next follow
template <class Columns, class T, class Voxel>
__global__ void __launch_bounds__(Columns::kThreads, fewest_blocks(Columns::kBlocks))
    fill_columns_kernel(VolumeView<T> out, Voxel voxel, unsigned blocks_along_z) {
  const std::int64_t volume = blockIdx.z / blocks_along_z;
  voxel.in.data += volume * voxel.in.size.voxel_count();
  out.data += volume * out.size.voxel_count();
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
  for (std::int64_t part = blockIdx.z % blocks_along_z; part < parts; part += blocks_along_z) {
    columns.make(part * Columns::kPlanes, min((part + 1) * Columns::kPlanes, out.size.z), target);
  }
}

template <class Columns, class T, class Voxel>
void fill_columns(VolumesView<T> out, const Voxel& voxel, Executor& executor) {
  constexpr int kWidth = 128;  // of whole cache lines, few of which are shared with the next block
  constexpr dim3 kBlock(kWidth, Columns::kThreads / kWidth);
  const Size3& size = out.first.size;
  const auto groups = [](std::int64_t count, std::int64_t of) { return (count + of - 1) / of; };
  const unsigned along_z = blocks_along_z(groups(size.z, Columns::kPlanes), out.count);
  const dim3 grid(static_cast<unsigned>(groups(size.x, kBlock.x)),
                  static_cast<unsigned>(groups(size.y, kBlock.y * Columns::kRows)),
                  along_z * static_cast<unsigned>(out.count));
  fill_columns_kernel<Columns><<<grid, kBlock, 0, selected_stream(executor)>>>(out.first, voxel, along_z);
  cuda_check(cudaGetLastError(), "launching a kernel over columns");
}

}  // namespace naru::cuda
