/// Private to kernels/: labels on the CPU with AVX-512. @pre cpu_path() >= CpuPath::avx512
#pragma once

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/labels_voxel.h"

namespace naru::avx512 {

/// out(x, y, z) = voxel(x, y, z). @pre `out` is not empty
/// @returns false, and does nothing, where targets along x lie too far apart for its registers: more than two voxels
template <class Label>
bool resample_labels(VolumeView<Label> out, const LabelsVoxel<Label>& voxel, Executor& executor);

}  // namespace naru::avx512
