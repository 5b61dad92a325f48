#include "kernels/cuda/fill.cuh"
#include "kernels/text_network_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const TextUnshuffleVoxel&, Executor&);
template void fill_voxels(VolumeView<float>, const TextConvolutionVoxel&, Executor&);
template void fill_voxels(VolumeView<float>, const TextDoubleVoxel&, Executor&);
template void fill_voxels(VolumeView<float>, const TextProbabilityVoxel&, Executor&);

}  // namespace naru::cuda
