#include "kernels/cuda/fill.cuh"
#include "kernels/orient_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<std::int16_t>, const OrientVoxel<std::int16_t>&, Executor&);
template void fill_voxels(VolumeView<std::uint16_t>, const OrientVoxel<std::uint16_t>&, Executor&);
template void fill_voxels(VolumeView<float>, const OrientVoxel<float>&, Executor&);

}  // namespace naru::cuda
