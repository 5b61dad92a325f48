/// Private to kernels/: sums of whole numbers, with AVX2. @pre cpu_path() >= CpuPath::avx2
#pragma once

#include <cstdint>
#include <limits>

namespace naru::avx2 {

struct WholeSums {
  std::int16_t least = std::numeric_limits<std::int16_t>::max(), greatest = std::numeric_limits<std::int16_t>::min();
  std::int64_t sum = 0;
  std::uint64_t sum_of_squares = 0;
};

/// Of the values, each with the bits of `turned` turned. @pre count is a multiple of 16
WholeSums whole_sums(const std::int16_t* values, std::int64_t count, std::int16_t turned);

}  // namespace naru::avx2
