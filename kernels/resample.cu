#include "kernels/cuda/columns.cuh"
#include "kernels/cuda/fill.cuh"
#include "kernels/resample_voxel.h"

namespace naru::cuda {

template void fill_columns<LinearColumn<std::int16_t, float>>(VolumeView<float>,
                                                              const LinearVoxel<std::int16_t, float>&, Executor&);
template void fill_columns<LinearColumn<std::uint16_t, float>>(VolumeView<float>,
                                                               const LinearVoxel<std::uint16_t, float>&, Executor&);
template void fill_columns<LinearColumn<float, float>>(VolumeView<float>, const LinearVoxel<float, float>&, Executor&);
template void fill_columns<LinearColumn<std::int16_t, std::int16_t>>(VolumeView<std::int16_t>,
                                                                     const LinearVoxel<std::int16_t, std::int16_t>&,
                                                                     Executor&);
template void fill_columns<LinearColumn<std::uint16_t, std::int16_t>>(VolumeView<std::int16_t>,
                                                                      const LinearVoxel<std::uint16_t, std::int16_t>&,
                                                                      Executor&);
template void fill_columns<LinearColumn<float, std::int16_t>>(VolumeView<std::int16_t>,
                                                              const LinearVoxel<float, std::int16_t>&, Executor&);

template void fill_columns<NearestColumn<std::int16_t, float>>(VolumeView<float>,
                                                               const NearestVoxel<std::int16_t, float>&, Executor&);
template void fill_columns<NearestColumn<std::uint16_t, float>>(VolumeView<float>,
                                                                const NearestVoxel<std::uint16_t, float>&, Executor&);
template void fill_columns<NearestColumn<float, float>>(VolumeView<float>, const NearestVoxel<float, float>&,
                                                        Executor&);
template void fill_columns<NearestColumn<std::int16_t, std::int16_t>>(VolumeView<std::int16_t>,
                                                                      const NearestVoxel<std::int16_t, std::int16_t>&,
                                                                      Executor&);
template void fill_columns<NearestColumn<std::uint16_t, std::int16_t>>(VolumeView<std::int16_t>,
                                                                       const NearestVoxel<std::uint16_t, std::int16_t>&,
                                                                       Executor&);
template void fill_columns<NearestColumn<float, std::int16_t>>(VolumeView<std::int16_t>,
                                                               const NearestVoxel<float, std::int16_t>&, Executor&);

template void fill_voxels(VolumeView<float>, const OutsideVoxel<float>&, Executor&);
template void fill_voxels(VolumeView<std::int16_t>, const OutsideVoxel<std::int16_t>&, Executor&);

}  // namespace naru::cuda
