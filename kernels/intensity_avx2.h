/// Private to kernels/: the intensity map of a run of voxels, with AVX2 and FMA. @pre cpu_path() >= CpuPath::avx2
#pragma once

#include <cstdint>

#include "kernels/intensity.h"

namespace naru::avx2 {

/// @param is_streamed for a piece of a volume that no cache holds: what is made is written past the caches, and what
/// follows the piece in memory, which is read next, is asked for
template <class In, class Out>
void apply_intensity(const In* in, Out* out, std::int64_t count, const IntensityMap& map, bool is_streamed);

}  // namespace naru::avx2
