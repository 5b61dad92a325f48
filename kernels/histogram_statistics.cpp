#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <utility>

#include "kernels/percentile_ranks.h"
#include "kernels/statistics.h"

namespace naru {

namespace {

__extension__ using Int128 = __int128;  // sums of squares of 2^40 16-bit values need 72 bits, their products 112

std::uint64_t total_count(const Histogram& histogram) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : histogram.counts) total += count;
  return total;
}

std::int64_t value_of(const Histogram& histogram, std::size_t bin) {
  return histogram.first_value + static_cast<std::int64_t>(bin);
}

}  // namespace

void add(Histogram& sum, const Histogram& part) {
  if (sum.counts.empty()) {
    sum = part;
    return;
  }
  assert(sum.first_value == part.first_value && sum.counts.size() == part.counts.size());
  std::ranges::transform(sum.counts, part.counts, sum.counts.begin(), std::plus<>());
}

Histogram values_above(Histogram histogram, double threshold) {
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    if (!(static_cast<double>(value_of(histogram, bin)) > threshold)) histogram.counts[bin] = 0;
  }
  return histogram;
}

Fingerprint fingerprint(const Histogram& histogram, double slope, double intercept) {
  const auto units = [&](double value) { return slope * value + intercept; };
  const Statistics values = statistics(histogram);
  if (values.count == 0) return {};
  Fingerprint result{
      values.count,      units(values.mean), units(percentile(histogram, 50)),  std::abs(slope) * values.deviation,
      units(values.min), units(values.max),  units(percentile(histogram, 0.5)), units(percentile(histogram, 99.5))};
  if (slope < 0) {  // the greatest value is the least unit
    std::swap(result.min, result.max);
    std::swap(result.percentile_00_5, result.percentile_99_5);
  }
  return result;
}

Statistics statistics(const Histogram& histogram, double above) {
  Statistics result;
  Int128 sum = 0, sum_of_squares = 0;
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    const std::int64_t value = value_of(histogram, bin);
    const std::uint64_t count = histogram.counts[bin];
    if (count == 0 || !(static_cast<double>(value) > above)) continue;
    if (result.count == 0) result.min = static_cast<double>(value);
    result.max = static_cast<double>(value);
    result.count += count;
    sum += static_cast<Int128>(count) * value;
    sum_of_squares += static_cast<Int128>(count) * (value * value);
  }
  if (result.count == 0) return result;
  const double count = static_cast<double>(result.count);
  const Int128 scaled_variance = static_cast<Int128>(result.count) * sum_of_squares - sum * sum;
  result.mean = static_cast<double>(sum) / count;
  result.deviation = std::sqrt(static_cast<double>(scaled_variance)) / count;
  return result;
}

double percentile(const Histogram& histogram, double p) {
  return percentile(histogram, p, [](double value) { return value; });
}

double percentile(const Histogram& histogram, double p, const std::function<double(double)>& units) {
  assert(0 <= p && p <= 100);
  const std::uint64_t total = total_count(histogram);
  if (total == 0) return units(0);
  const auto [rank, next_rank, fraction] = percentile_ranks(total, p);
  double low = 0, high = 0;
  std::uint64_t seen = 0;
  for (std::size_t bin = 0; bin < histogram.counts.size() && seen <= next_rank; ++bin) {
    const std::uint64_t end = seen + histogram.counts[bin];
    if (seen <= rank && rank < end) low = static_cast<double>(value_of(histogram, bin));
    if (seen <= next_rank && next_rank < end) high = static_cast<double>(value_of(histogram, bin));
    seen = end;
  }
  low = units(low), high = units(high);
  const double gap = high - low;  // from the nearer end, as numpy does, to get its last bit too
  return fraction < 0.5 ? low + gap * fraction : high - gap * (1 - fraction);
}

double otsu_threshold(const Histogram& histogram) {
  std::vector<ValueCount> values;
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    const std::uint64_t count = histogram.counts[bin];
    if (count != 0) values.push_back({static_cast<double>(value_of(histogram, bin)), count});
  }
  return otsu_threshold(values);
}

double otsu_threshold(std::span<const ValueCount> values) {
  constexpr double kParts = 65536;  // of 1, so that sums are exact: the sum of 2^40 values needs 73 bits
  const auto weight = [](const ValueCount& one) {
    return static_cast<Int128>(one.count) * std::llround(one.value * kParts);
  };
  Int128 count = 0, sum = 0;
  for (const ValueCount& one : values) {
    count += one.count;
    sum += weight(one);
  }
  Int128 low_count = 0, low_sum = 0;
  double best_value = 0;
  long double best_variance = -1;
  for (const ValueCount& one : values) {
    low_count += one.count;
    low_sum += weight(one);
    if (low_count == count && best_variance >= 0) break;  // all values on one side
    // Between-class variance times count^2: (low_sum * count - low_count * sum)^2 / (low_count * high_count).
    const auto difference = static_cast<long double>(low_sum * count - low_count * sum);
    const auto classes = static_cast<long double>(low_count * std::max<Int128>(1, count - low_count));
    const long double variance = difference * difference / classes;
    if (variance > best_variance) {
      best_variance = variance;
      best_value = one.value;
    }
  }
  return best_value;
}

}  // namespace naru
