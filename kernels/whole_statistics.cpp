#include "kernels/whole_statistics.h"

#include <cmath>

#include "kernels/dispatch.h"
#include "kernels/value_counters.h"
#include "kernels/whole_statistics_avx2.h"

namespace naru {

namespace {

__extension__ using Int128 = __int128;  // products of sums of squares

}  // namespace

template <class T>
void WholeStatistics<T>::add(std::span<const T> part) {
  count_ += part.size();
  if (cpu_path() != CpuPath::baseline) {
    const std::size_t whole = part.size() / 16 * 16;
    sums_.add(avx2::whole_sums(reinterpret_cast<const std::int16_t*>(part.data()), static_cast<std::int64_t>(whole),
                               kTurned<T>));
    part = part.subspan(whole);
  }
  for (const T stored : part) sums_.add(stored - kMiddle<T>);
}

template <class T>
void WholeStatistics<T>::add(const WholeStatistics& part) {
  add(part.sums_, part.count_);
}

template <class T>
void WholeStatistics<T>::add(const WholeSums& sums, std::uint64_t count) {
  count_ += count;
  sums_.add(sums);
}

template <class T>
Statistics WholeStatistics<T>::finish() const {
  if (count_ == 0) return {};
  Statistics result{count_, static_cast<double>(sums_.least + kMiddle<T>),
                    static_cast<double>(sums_.greatest + kMiddle<T>)};
  const double count = static_cast<double>(count_);
  const Int128 sum = sums_.sum + static_cast<Int128>(count_) * kMiddle<T>;
  // The same of the values as of the values less a constant.
  const Int128 scaled_variance =
      static_cast<Int128>(count_) * sums_.sum_of_squares - static_cast<Int128>(sums_.sum) * sums_.sum;
  result.mean = static_cast<double>(sum) / count;
  result.deviation = std::sqrt(static_cast<double>(scaled_variance)) / count;
  return result;
}

template class WholeStatistics<std::int16_t>;
template class WholeStatistics<std::uint16_t>;

}  // namespace naru
