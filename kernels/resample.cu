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

template void fill_voxels(VolumeView<float>, const OutsideVoxel<float>&, Executor&);
template void fill_voxels(VolumeView<std::int16_t>, const OutsideVoxel<std::int16_t>&, Executor&);

}  // namespace naru::cuda
