/// Exact statistics of whole numbers that come in parts.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "kernels/statistics.h"

namespace naru {

/// Count, ends and integer sums of values in host memory, added in any order on the thread that calls: so they are
/// those of the whole to the bit, as its histogram gives them. T: int16, uint16.
template <class T>
class WholeStatistics {
 public:
  void add(std::span<const T> part);
  void add(const WholeStatistics& part);

  /// The same as `statistics` of the histogram of all values.
  Statistics finish() const;

 private:
  // Of the values less the middle of T's range: those of an int16.
  std::uint64_t count_ = 0;
  std::int16_t least_ = std::numeric_limits<std::int16_t>::max(), greatest_ = std::numeric_limits<std::int16_t>::min();
  std::int64_t sum_ = 0;
  std::uint64_t sum_of_squares_ = 0;  ///< of up to 2^34 values
};

}  // namespace naru
