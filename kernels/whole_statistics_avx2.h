/// Private to kernels/: sums of whole numbers, with AVX2. @pre cpu_path() >= CpuPath::avx2
#pragma once

#include <cstdint>

#include "kernels/whole_sums.h"

namespace naru::avx2 {

/// Of the values, each with the bits of `turned` turned. @pre count is a multiple of 16
WholeSums whole_sums(const std::int16_t* values, std::int64_t count, std::int16_t turned);

}  // namespace naru::avx2
