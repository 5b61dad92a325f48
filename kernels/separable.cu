#include "kernels/cuda/fill.cuh"
#include "kernels/cuda/passes.cuh"
#include "kernels/float16_voxel.h"
#include "kernels/separable_voxel.h"

namespace naru::cuda {

#define NARU_INSTANTIATE_OUT(In, Out) \
  template void fill_finished(const PassView<float, Out>&, const GroupedPass&, const Finish<In, Out>&, Executor&);
#define NARU_INSTANTIATE(In)                                                                 \
  template void fill_voxels(VolumeView<Limits<In>>, const LineLimitsVoxel<In>&, Executor&);  \
  template void fill_voxels(VolumeView<Limits<In>>, const SliceLimitsVoxel<In>&, Executor&); \
  template void fill_turned(const PassView<In, float>&, const GroupedPass&, Executor&);      \
  NARU_INSTANTIATE_OUT(In, float)                                                            \
  NARU_INSTANTIATE_OUT(In, std::int16_t)                                                     \
  NARU_INSTANTIATE_OUT(In, Float16)
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE
#undef NARU_INSTANTIATE_OUT

}  // namespace naru::cuda
