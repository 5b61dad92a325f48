/// Private to kernels/: linear resampling through an affine map on the CPU with AVX-512. @pre cpu_path() >=
/// CpuPath::avx512
#pragma once

#include "core/volume.h"
#include "kernels/affine_voxel.h"
#include "kernels/executor.h"

namespace naru::avx512 {

/// What gathers reach: two values along x at least, and offsets in 32 bits.
bool can_gather(const Size3& in);

/// out(x, y, z) = voxel(x, y, z), bit for bit. @pre can_gather(voxel.sample.in.size)
template <class In, class Out>
void resample_affine(VolumeView<Out> out, const AffineVoxel<LinearSample<In>, Out>& voxel, Executor& executor);

}  // namespace naru::avx512
