/// Private to kernels/: the AVX2 part of percentiles.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace naru {

/// Values from first to last, both of them within.
struct ValueRange {
  std::int16_t first, last;
};

/// How many values lie below, between and above two ranges, and how often each within them occurs.
struct CountsAround {
  /// @pre ranges[0].first <= ranges[1].last
  explicit CountsAround(const std::array<ValueRange, 2>& ranges)
      : first(ranges[0].first), within(static_cast<std::size_t>(ranges[1].last - first + 1)) {}

  std::uint64_t below = 0, between = 0, above = 0;
  std::int16_t least = std::numeric_limits<std::int16_t>::max();
  std::int16_t greatest = std::numeric_limits<std::int16_t>::min();
  std::int16_t first;
  std::vector<std::uint32_t> within;  ///< by value - first
};

namespace avx2 {

/// Adds stored values less `turned` (0, or -32768 for uint16) to `counts`. @pre ranges[0].last < ranges[1].first;
/// at most 2^19 values at a time, 2^32 in all
void count_around(std::span<const std::int16_t> stored, std::int16_t turned, const std::array<ValueRange, 2>& ranges,
                  CountsAround& counts);

}  // namespace avx2

}  // namespace naru
