/// Private to kernels/: the float16 cast of a run of voxels, with AVX2 and F16C.
#pragma once

#include <cstdint>

#include "kernels/float16.h"

namespace naru::avx2 {

/// Whether this CPU has F16C beside AVX2: all that were made have both, virtual ones may hide one.
bool has_float16();

/// @pre has_float16() @param is_streamed as that of avx2::apply_intensity
void cast_float16(const float* in, Float16* out, std::int64_t count, bool is_streamed);

}  // namespace naru::avx2
