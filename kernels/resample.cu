#include "kernels/column_walk.h"
#include "kernels/cuda/columns.cuh"
#include "kernels/cuda/fill.cuh"
#include "kernels/float16_voxel.h"
#include "kernels/resample_voxel.h"

namespace naru::cuda {

#define NARU_INSTANTIATE(In, Out)                                                                                      \
  template void fill_columns<Columns<LinearVoxel<In, Out>>>(VolumesView<Out>, const LinearVoxel<In, Out>&, Executor&); \
  template void fill_columns<NearestColumns<NearestVoxel<In, Out>>>(VolumesView<Out>, const NearestVoxel<In, Out>&,    \
                                                                    Executor&);
NARU_INSTANTIATE(std::int16_t, float)
NARU_INSTANTIATE(std::uint16_t, float)
NARU_INSTANTIATE(float, float)
NARU_INSTANTIATE(std::int16_t, std::int16_t)
NARU_INSTANTIATE(std::uint16_t, std::int16_t)
NARU_INSTANTIATE(float, std::int16_t)
NARU_INSTANTIATE(std::int16_t, Float16)
NARU_INSTANTIATE(std::uint16_t, Float16)
NARU_INSTANTIATE(float, Float16)
#undef NARU_INSTANTIATE

namespace {

/// As fill_voxels_kernel, but what stays is neither read nor written.
template <class T>
__global__ void fill_outside_kernel(VolumeView<T> out, Outside outside, T value) {
  const std::int64_t x = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (x >= out.size.x) return;
  for (std::int64_t z = blockIdx.z; z < out.size.z; z += gridDim.z) {
    for (std::int64_t y = static_cast<std::int64_t>(blockIdx.y) * blockDim.y + threadIdx.y; y < out.size.y;
         y += static_cast<std::int64_t>(gridDim.y) * blockDim.y) {
      const InsideRange kept = outside.kept(y, z);
      if (x < kept.begin || x >= kept.end) out.data[out.index(x, y, z)] = value;
    }
  }
}

}  // namespace

template <class Out>
void fill_outside(VolumeView<Out> out, const Outside& outside, Out value, Executor& executor) {
  fill_outside_kernel<<<grid_of_voxels(out.size), kVoxelBlock, 0, selected_stream(executor)>>>(out, outside, value);
  cuda_check(cudaGetLastError(), "launching a kernel over what lies outside");
}

template void fill_outside(VolumeView<float>, const Outside&, float, Executor&);
template void fill_outside(VolumeView<std::int16_t>, const Outside&, std::int16_t, Executor&);

}  // namespace naru::cuda
