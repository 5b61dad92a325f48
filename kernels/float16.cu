#include "kernels/cuda/fill.cuh"
#include "kernels/float16_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<Float16>, const Float16Voxel&, Executor&);

}  // namespace naru::cuda
