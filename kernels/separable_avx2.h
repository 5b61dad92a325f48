/// Private to kernels/: separable resampling on the CPU with AVX2 and FMA. @pre cpu_path() >= CpuPath::avx2
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/separable_voxel.h"

namespace naru::avx2 {

/// The three passes and what follows them.
template <class In>
struct SeparableTask {
  AxisPass y, x, z;
  bool keeps_y, keeps_x;  ///< the pass changes nothing
  SliceLimits<In> limits;
  IntensityMap map;
};

/// The passes one after the other, as the functors of separable_voxel.h define them, bit for bit. @pre `out` is not
/// empty
template <class In, class Out>
void resample_separable(VolumeView<const In> in, VolumeView<Out> out, const SeparableTask<In>& task,
                        Executor& executor);

/// Memory that it takes. @param z_taps of the last pass
std::uint64_t separable_working_bytes(const Size3& in, const Size3& out, std::int64_t z_taps, int thread_count);

}  // namespace naru::avx2
