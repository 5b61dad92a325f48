#include "kernels/cuda/fill.cuh"
#include "kernels/straighten_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const StraightenVoxel<std::int16_t>&, Executor&);
template void fill_voxels(VolumeView<float>, const StraightenVoxel<std::uint16_t>&, Executor&);
template void fill_voxels(VolumeView<float>, const StraightenVoxel<float>&, Executor&);

}  // namespace naru::cuda
