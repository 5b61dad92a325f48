#include "kernels/whole_statistics.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "kernels/dispatch.h"
#include "kernels/value_counters.h"
#include "kernels/whole_statistics_avx2.h"

namespace naru {

namespace {

__extension__ using Int128 = __int128;  // products of sums of squares

/// Added to what is summed it is the value.
template <class T>
constexpr std::int32_t kMiddle = std::is_signed_v<T> ? 0 : 32768;

}  // namespace

template <class T>
void WholeStatistics<T>::add(std::span<const T> part) {
  count_ += part.size();
  if (cpu_path() != CpuPath::baseline) {
    const std::size_t whole = part.size() / 16 * 16;
    const auto sums = avx2::whole_sums(reinterpret_cast<const std::int16_t*>(part.data()),
                                       static_cast<std::int64_t>(whole), kTurned<T>);
    least_ = std::min(least_, sums.least);
    greatest_ = std::max(greatest_, sums.greatest);
    sum_ += sums.sum;
    sum_of_squares_ += sums.sum_of_squares;
    part = part.subspan(whole);
  }
  for (const T stored : part) {
    const auto value = static_cast<std::int16_t>(stored - kMiddle<T>);
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
    sum_ += value;
    sum_of_squares_ += static_cast<std::uint64_t>(std::int32_t{value} * std::int32_t{value});
  }
}

template <class T>
void WholeStatistics<T>::add(const WholeStatistics& part) {
  count_ += part.count_;
  least_ = std::min(least_, part.least_);
  greatest_ = std::max(greatest_, part.greatest_);
  sum_ += part.sum_;
  sum_of_squares_ += part.sum_of_squares_;
}

template <class T>
Statistics WholeStatistics<T>::finish() const {
  if (count_ == 0) return {};
  Statistics result{count_, static_cast<double>(least_ + kMiddle<T>), static_cast<double>(greatest_ + kMiddle<T>)};
  const double count = static_cast<double>(count_);
  const Int128 sum = sum_ + static_cast<Int128>(count_) * kMiddle<T>;
  // The same of the values as of the values less a constant.
  const Int128 scaled_variance = static_cast<Int128>(count_) * sum_of_squares_ - static_cast<Int128>(sum_) * sum_;
  result.mean = static_cast<double>(sum) / count;
  result.deviation = std::sqrt(static_cast<double>(scaled_variance)) / count;
  return result;
}

template class WholeStatistics<std::int16_t>;
template class WholeStatistics<std::uint16_t>;

}  // namespace naru
