/// Private to *.cu: the one launch that operations share.
#pragma once

#include <algorithm>

#include "kernels/cuda/check.h"
#include "kernels/cuda/runtime.h"
#include "kernels/fill.h"

namespace naru::cuda {

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

template <class T, class Voxel>
void fill_voxels(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  constexpr dim3 kBlock(32, 8);  // a warp along x; eight rows, so that a block shares source rows in L1
  constexpr std::int64_t kMaxGrid = 65535;
  // Against one voxel a thread, whose start costs as much as its work: half the time for a copy with a cast on an H100.
  constexpr std::int64_t kPlanesPerThread = 16;
  const dim3 grid(static_cast<unsigned>((out.size.x + kBlock.x - 1) / kBlock.x),
                  static_cast<unsigned>(std::min((out.size.y + kBlock.y - 1) / kBlock.y, kMaxGrid)),
                  static_cast<unsigned>(std::min((out.size.z + kPlanesPerThread - 1) / kPlanesPerThread, kMaxGrid)));
  fill_voxels_kernel<<<grid, kBlock, 0, selected_stream(executor)>>>(out, voxel);
  cuda_check(cudaGetLastError(), "launching a kernel over voxels");
}

}  // namespace naru::cuda
