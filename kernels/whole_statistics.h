/// Exact statistics of whole numbers that come in parts.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/statistics.h"
#include "kernels/whole_sums.h"

namespace naru {

/// Count, ends and integer sums of values in host memory, added in any order on the thread that calls: so they are
/// those of the whole to the bit, as its histogram gives them. T: int16, uint16.
template <class T>
class WholeStatistics {
 public:
  void add(std::span<const T> part);
  void add(const WholeStatistics& part);

  /// @param sums of `count` values
  void add(const WholeSums& sums, std::uint64_t count);

  /// The same as `statistics` of the histogram of all values.
  Statistics finish() const;

 private:
  std::uint64_t count_ = 0;
  WholeSums sums_;
};

}  // namespace naru
