/// Private to kernels/: between which values, in order, a percentile lies.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace naru {

struct PercentileRanks {
  std::uint64_t low, high;  ///< 0 is the least value
  double fraction;          ///< of the way from low to high
};

/// Hyndman and Fan (1996), definition 7. @pre count > 0, 0 <= p <= 100
inline PercentileRanks percentile_ranks(std::uint64_t count, double p) {
  const double position = static_cast<double>(count - 1) * (p / 100), below = std::floor(position);
  const auto low = static_cast<std::uint64_t>(below);
  return {low, std::min(low + 1, count - 1), position - below};
}

}  // namespace naru
