#include "kernels/cuda/fill.cuh"
#include "kernels/cuda/lines.cuh"
#include "kernels/separable_voxel.h"

namespace naru::cuda {

template void fill_lines(VolumeView<float>, const AlongXVoxel&, Executor&);

#define NARU_INSTANTIATE(In)                                                                           \
  template void fill_lines(VolumeView<float>, const AlongYVoxel<In>&, Executor&);                      \
  template void fill_lines(VolumeView<float>, const AlongZVoxel<In, float>&, Executor&);               \
  template void fill_lines(VolumeView<std::int16_t>, const AlongZVoxel<In, std::int16_t>&, Executor&); \
  template void fill_voxels(VolumeView<Limits<In>>, const LineLimitsVoxel<In>&, Executor&);            \
  template void fill_voxels(VolumeView<Limits<In>>, const SliceLimitsVoxel<In>&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru::cuda
