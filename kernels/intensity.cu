#include "kernels/cuda/fill.cuh"
#include "kernels/intensity_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const IntensityVoxel<std::int16_t, float>&, Executor&);
template void fill_voxels(VolumeView<float>, const IntensityVoxel<std::uint16_t, float>&, Executor&);
template void fill_voxels(VolumeView<float>, const IntensityVoxel<float, float>&, Executor&);
template void fill_voxels(VolumeView<std::int16_t>, const IntensityVoxel<std::int16_t, std::int16_t>&, Executor&);
template void fill_voxels(VolumeView<std::int16_t>, const IntensityVoxel<std::uint16_t, std::int16_t>&, Executor&);
template void fill_voxels(VolumeView<std::int16_t>, const IntensityVoxel<float, std::int16_t>&, Executor&);

}  // namespace naru::cuda
