#include "kernels/cuda/fill.cuh"
#include "kernels/text_pyramid_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const TextRenderVoxel&, Executor&);
template void fill_voxels(VolumeView<float>, const TextMergeVoxel&, Executor&);
template void fill_voxels(VolumeView<float>, const TextUnknownVoxel&, Executor&);

}  // namespace naru::cuda
