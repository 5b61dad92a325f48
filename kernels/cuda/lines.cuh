/// Private to *.cu: the launch of kernels/cuda/lines.h.
#pragma once

#include <algorithm>

#include "kernels/cuda/check.h"
#include "kernels/cuda/lines.h"
#include "kernels/cuda/runtime.h"
#include "kernels/separable_voxel.h"

namespace naru::cuda {

/// One thread makes kLines voxels along the line axis, one by one where fewer are left. A warp lies along x: it reads
/// and writes neighbouring values, and shares weights or reads neighbouring ones.
template <class T, class Voxel>
__global__ void fill_lines_kernel(VolumeView<T> out, Voxel voxel) {
  constexpr int kStepY = Voxel::kLineAxis == 1 ? kLines : 1, kStepZ = Voxel::kLineAxis == 2 ? kLines : 1;
  const std::int64_t x = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t y = kStepY * (static_cast<std::int64_t>(blockIdx.y) * blockDim.y + threadIdx.y);
  if (x >= out.size.x || y >= out.size.y) return;
  const std::int64_t stride = Voxel::kLineAxis == 1 ? out.size.x : out.size.x * out.size.y;
  for (std::int64_t z = kStepZ * static_cast<std::int64_t>(blockIdx.z); z < out.size.z;
       z += kStepZ * static_cast<std::int64_t>(gridDim.z)) {
    T* const to = out.data + out.index(x, y, z);
    const std::int64_t left = Voxel::kLineAxis == 1 ? out.size.y - y : out.size.z - z;
    if (left >= kLines) {
      T values[kLines];
      voxel.template make<kLines>(x, y, z, values);
      for (int n = 0; n < kLines; ++n) to[n * stride] = values[n];
      continue;
    }
    for (int n = 0; n < left; ++n) {
      to[n * stride] = made_at<T>(voxel, x, y + (Voxel::kLineAxis == 1 ? n : 0), z + (Voxel::kLineAxis == 2 ? n : 0));
    }
  }
}

template <class T, class Voxel>
void fill_lines(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  constexpr dim3 kBlock(32, 8);
  constexpr std::int64_t kMaxGrid = 65535;
  constexpr int kStepY = Voxel::kLineAxis == 1 ? kLines : 1, kStepZ = Voxel::kLineAxis == 2 ? kLines : 1;
  const auto groups = [](std::int64_t count, std::int64_t step) { return (count + step - 1) / step; };
  const dim3 grid(static_cast<unsigned>(groups(out.size.x, kBlock.x)),
                  static_cast<unsigned>(groups(out.size.y, kBlock.y * kStepY)),
                  static_cast<unsigned>(std::min(groups(out.size.z, kStepZ), kMaxGrid)));
  fill_lines_kernel<<<grid, kBlock, 0, selected_stream(executor)>>>(out, voxel);
  cuda_check(cudaGetLastError(), "launching a pass over lines");
}

}  // namespace naru::cuda
