#include "kernels/affine_voxel.h"
#include "kernels/cuda/fill.cuh"

namespace naru::cuda {

#define NARU_INSTANTIATE(Sample)                                                              \
  template void fill_voxels(VolumeView<float>, const AffineVoxel<Sample, float>&, Executor&); \
  template void fill_voxels(VolumeView<std::int16_t>, const AffineVoxel<Sample, std::int16_t>&, Executor&);
NARU_INSTANTIATE(NearestSample<std::int16_t>)
NARU_INSTANTIATE(NearestSample<std::uint16_t>)
NARU_INSTANTIATE(NearestSample<float>)
NARU_INSTANTIATE(LinearSample<std::int16_t>)
NARU_INSTANTIATE(LinearSample<std::uint16_t>)
NARU_INSTANTIATE(LinearSample<float>)
NARU_INSTANTIATE(BsplineSample)
#undef NARU_INSTANTIATE

}  // namespace naru::cuda
