#include "kernels/cuda/fill.cuh"
#include "kernels/piecewise_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const PiecewiseVoxel&, Executor&);

}  // namespace naru::cuda
