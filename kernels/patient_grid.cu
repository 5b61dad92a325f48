#include "kernels/cuda/fill.cuh"
#include "kernels/patient_grid_voxel.h"

namespace naru::cuda {

template void fill_voxels(VolumeView<float>, const PatientGridVoxel<std::int16_t>&, Executor&);
template void fill_voxels(VolumeView<float>, const PatientGridVoxel<std::uint16_t>&, Executor&);
template void fill_voxels(VolumeView<float>, const PatientGridVoxel<float>&, Executor&);
template void fill_voxels(VolumeView<std::int16_t>, const ReplaceInCellsVoxel<std::int16_t>&, Executor&);
template void fill_voxels(VolumeView<std::uint16_t>, const ReplaceInCellsVoxel<std::uint16_t>&, Executor&);
template void fill_voxels(VolumeView<float>, const ReplaceInCellsVoxel<float>&, Executor&);

}  // namespace naru::cuda
