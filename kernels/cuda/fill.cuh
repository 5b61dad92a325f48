/// Private to *.cu: the one launch that operations share.
#pragma once

#include <algorithm>

#include "kernels/cuda/check.h"
#include "kernels/cuda/runtime.h"
#include "kernels/fill.h"

namespace naru::cuda {

/// A warp along x; eight rows, so that a block shares source rows in L1.
inline constexpr dim3 kVoxelBlock(32, 8);

/// Blocks for a kernel whose threads go through the y and z that their place in the grid asks for.
inline dim3 grid_of_voxels(const Size3& size) {
  constexpr std::int64_t kMaxGrid = 65535;
  // Against one voxel a thread, whose start costs as much as its work: half the time for a copy with a cast on an H100.
  constexpr std::int64_t kPlanesPerThread = 16;
  return {static_cast<unsigned>((size.x + kVoxelBlock.x - 1) / kVoxelBlock.x),
          static_cast<unsigned>(std::min((size.y + kVoxelBlock.y - 1) / kVoxelBlock.y, kMaxGrid)),
          static_cast<unsigned>(std::min((size.z + kPlanesPerThread - 1) / kPlanesPerThread, kMaxGrid))};
}

/// One thread computes one x for as many y and z as its place in the grid asks for: neighbouring threads write
/// neighbouring values, and any size fits the limits of a grid. Offsets are 64-bit.
template <class T, class Voxel>
__global__ void fill_voxels_kernel(VolumeView<T> out, Voxel voxel) {
  const std::int64_t x = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (x >= out.size.x) return;
  for (std::int64_t z = blockIdx.z; z < out.size.z; z += gridDim.z) {
    for (std::int64_t y = static_cast<std::int64_t>(blockIdx.y) * blockDim.y + threadIdx.y; y < out.size.y;
         y += static_cast<std::int64_t>(gridDim.y) * blockDim.y) {
      out.data[out.index(x, y, z)] = voxel(x, y, z);
    }
  }
}

/// Voxels that are made of one value each: voxel(x, y, z) is voxel.made(voxel.load(x, y, z)).
template <class Voxel>
concept OfOneValue = requires(const Voxel& voxel) { voxel.made(voxel.load(0, 0, 0)); };

/// The same, four planes at a time: their loads are under way at once, where else each would wait for the store before
/// it, which might be to the same place for all that the compiler knows.
template <class T, OfOneValue Voxel>
__global__ void fill_of_one_value_kernel(VolumeView<T> out, Voxel voxel) {
  constexpr int kAtOnce = 4;
  const std::int64_t x = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x, step = gridDim.z;
  if (x >= out.size.x) return;
  for (std::int64_t first = blockIdx.z; first < out.size.z; first += kAtOnce * step) {
    for (std::int64_t y = static_cast<std::int64_t>(blockIdx.y) * blockDim.y + threadIdx.y; y < out.size.y;
         y += static_cast<std::int64_t>(gridDim.y) * blockDim.y) {
      if (first + (kAtOnce - 1) * step < out.size.z) {
        decltype(voxel.load(x, y, first)) loaded[kAtOnce];
#pragma unroll
        for (int n = 0; n < kAtOnce; ++n) loaded[n] = voxel.load(x, y, first + n * step);
#pragma unroll
        for (int n = 0; n < kAtOnce; ++n) out.data[out.index(x, y, first + n * step)] = voxel.made(loaded[n]);
      } else {
        for (std::int64_t z = first; z < out.size.z; z += step) out.data[out.index(x, y, z)] = voxel(x, y, z);
      }
    }
  }
}

template <class T, class Voxel>
void fill_voxels(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  const dim3 grid = grid_of_voxels(out.size);
  CUstream_st* const stream = selected_stream(executor);
  if constexpr (OfOneValue<Voxel>) {
    fill_of_one_value_kernel<<<grid, kVoxelBlock, 0, stream>>>(out, voxel);
  } else {
    fill_voxels_kernel<<<grid, kVoxelBlock, 0, stream>>>(out, voxel);
  }
  cuda_check(cudaGetLastError(), "launching a kernel over voxels");
}

}  // namespace naru::cuda
