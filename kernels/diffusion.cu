#include "kernels/cuda/fill.cuh"
#include "kernels/diffusion_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const DiffusedVoxel&, Executor&);
template void fill_voxels(VolumeView<double>, const GradientLane&, Executor&);
template void fill_voxels(VolumeView<double>, const GradientOfSlice&, Executor&);

}  // namespace naru::cuda
