/// Private to kernels/: linear resampling where no target lies between two sources, as on a grid that is only flipped:
/// rows are copied, forwards or backwards, and mapped. The same bits as by interpolation.
#pragma once

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/resample_voxel.h"

namespace naru {

/// True where every weight is 0 and neighbours along x have neighbouring sources.
bool is_copy(const AxisTaps& taps, const Size3& targets);

/// @pre is_copy(voxel.taps, out.size), on the CPU, cpu_path() >= CpuPath::avx2
template <class In, class Out>
void resample_copy(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel, Executor& executor);

}  // namespace naru
