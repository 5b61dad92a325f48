#include "kernels/cuda/columns.cuh"
#include "kernels/labels_voxel.h"

namespace naru::cuda {

template void fill_columns<LabelsColumns<std::uint8_t>>(VolumesView<std::uint8_t>, const LabelsVoxel<std::uint8_t>&,
                                                        Executor&);
template void fill_columns<LabelsColumns<std::uint16_t>>(VolumesView<std::uint16_t>, const LabelsVoxel<std::uint16_t>&,
                                                         Executor&);
template void fill_columns<LabelsColumns<std::int16_t>>(VolumesView<std::int16_t>, const LabelsVoxel<std::int16_t>&,
                                                        Executor&);

}  // namespace naru::cuda
