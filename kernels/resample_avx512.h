/// Private to kernels/: linear resampling on the CPU with AVX-512. @pre cpu_path() >= CpuPath::avx512
#pragma once

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/resample_voxel.h"

namespace naru::avx512 {

/// out(x, y, z) = voxel(x, y, z), bit for bit, row by row. @pre `out` is not empty
template <class In, class Out>
void resample_linear(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel, Executor& executor);

}  // namespace naru::avx512
