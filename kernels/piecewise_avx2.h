/// Private to kernels/: the piecewise map of a run of voxels, with AVX2 and FMA. @pre cpu_path() >= CpuPath::avx2
#pragma once

#include <cstdint>

#include "kernels/piecewise.h"

namespace naru::avx2 {

/// @param is_streamed as that of avx2::apply_intensity
void apply_piecewise(const float* in, float* out, std::int64_t count, const PiecewiseMap& map, bool is_streamed);

}  // namespace naru::avx2
