#include "kernels/cuda/fill.cuh"
#include "kernels/morphology_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const NearestAlongX&, Executor&);
template void fill_voxels(VolumeView<float>, const NearestAlong&, Executor&);
template void fill_voxels(VolumeView<std::uint8_t>, const WithinVoxel&, Executor&);

}  // namespace naru::cuda
