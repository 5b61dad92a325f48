#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

#include "kernels/dispatch.h"
#include "kernels/percentile_ranks.h"
#include "kernels/percentiles_avx2.h"
#include "kernels/statistics.h"
#include "kernels/value_counters.h"

namespace naru {

namespace {

constexpr std::int16_t kLeast = std::numeric_limits<std::int16_t>::min();

/// A sample is made of lines of the cache, since a value alone costs as much to read.
constexpr std::int64_t kLineValues = 32;
constexpr std::int64_t kLinesPerPiece = 512;  ///< which the first cache holds
constexpr std::int64_t kGroupLines = 32;      ///< of which one is taken
constexpr std::int64_t kFewestValues = 1 << 23, kMostValues = std::int64_t{1} << 31;
/// Where more than a quarter of all values lie in the ranges, counting them all takes no longer.
constexpr double kMostWithin = 0.25;

/// One line of each group of neighbours, another one each time: a line at every so-many-th would often lie in the same
/// columns of all rows.
template <class T>
std::vector<std::uint64_t> sampled_counts(VolumeView<const T> in, Executor& executor) {
  const std::int64_t groups = in.size.voxel_count() / (kGroupLines * kLineValues);
  std::vector<std::uint64_t> counts(kBinCount);
  add_pieces(groups, kLinesPerPiece, counts, executor,
             [&](ValueCounters& counters, std::int64_t begin, std::int64_t end) {
               // Copied first, so that lines come from memory beside each other.
               std::array<T, static_cast<std::size_t>(kLinesPerPiece * kLineValues)> values;
               for (std::int64_t n = begin; n < end; ++n) {
                 const auto scattered = static_cast<std::int64_t>(static_cast<std::uint32_t>(n) * 2654435761U >> 8);
                 const T* const line = in.data + (n * kGroupLines + scattered % kGroupLines) * kLineValues;
                 std::copy_n(line, kLineValues, values.data() + (n - begin) * kLineValues);
               }
               counters.add(values.data(), (end - begin) * kLineValues);
             });
  return counts;
}

/// Of counts by value - first.
template <class Count>
std::uint64_t sum_within(const std::vector<Count>& counts, int first, const ValueRange& range) {
  return std::reduce(counts.begin() + (range.first - first), counts.begin() + (range.last - first + 1),
                     std::uint64_t{0});
}

/// Values between which the p-th percentile of all lies, almost surely, where these are the counts of `total` samples.
ValueRange likely_range(const std::vector<std::uint64_t>& sampled, std::uint64_t total, double p) {
  const double share = p / 100;
  const double lines = static_cast<double>(total) / kLineValues;  // neighbours may tell no more than one value does
  const double margin = (6 * std::sqrt(share * (1 - share) * lines) + 1) / lines;
  const double before = (share - margin) * static_cast<double>(total),
               up_to = (share + margin) * static_cast<double>(total);
  ValueRange range{kLeast, std::numeric_limits<std::int16_t>::max()};
  std::uint64_t seen = 0;
  bool has_first = before <= 0;
  for (std::size_t bin = 0; bin < sampled.size(); ++bin) {
    if (sampled[bin] == 0) continue;
    const auto value = static_cast<std::int16_t>(static_cast<int>(bin) + kLeast);
    seen += sampled[bin];
    if (!has_first && static_cast<double>(seen) > before) range.first = value, has_first = true;
    if (static_cast<double>(seen) >= up_to) {
      range.last = value;
      break;
    }
  }
  return range;
}

/// Empty where the ranges turn out not to hold both percentiles.
template <class T>
std::optional<Histogram> count_in(VolumeView<const T> in, const std::array<ValueRange, 2>& ranges, double low,
                                  double high, Executor& executor) {
  CountsAround all(ranges);
  tbb::enumerable_thread_specific<CountsAround> counts_of_thread(all);
  executor.parallel_for(in.size.voxel_count(), kVoxelsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    const auto* stored = reinterpret_cast<const std::int16_t*>(in.data);
    avx2::count_around({stored + begin, stored + end}, kTurned<T>, ranges, counts_of_thread.local());
  });
  for (const CountsAround& part : counts_of_thread) {
    all.below += part.below, all.between += part.between, all.above += part.above;
    all.least = std::min(all.least, part.least);
    all.greatest = std::max(all.greatest, part.greatest);
    std::ranges::transform(all.within, part.within, all.within.begin(), std::plus<>());
  }
  const auto count = static_cast<std::uint64_t>(in.size.voxel_count());
  const std::uint64_t lowest = sum_within(all.within, all.first, ranges[0]);
  const std::uint64_t highest = sum_within(all.within, all.first, ranges[1]);
  const auto holds = [&](std::uint64_t before, std::uint64_t within, double p) {
    const PercentileRanks ranks = percentile_ranks(count, p);
    return before <= ranks.low && ranks.high < before + within;
  };
  if (!holds(all.below, lowest, low)) return std::nullopt;
  if (!holds(all.below + lowest + all.between, highest, high)) return std::nullopt;
  const int first = std::min(all.least, all.first), last = std::max(all.greatest, ranges[1].last);
  Histogram result{first - kTurned<T>, std::vector<std::uint64_t>(static_cast<std::size_t>(last - first + 1))};
  std::ranges::copy(all.within, result.counts.begin() + (all.first - first));
  const auto add = [&](int value, std::uint64_t values) {
    if (values > 0) result.counts[static_cast<std::size_t>(value - first)] += values;
  };
  add(all.least, all.below);
  add(ranges[0].last + 1, all.between);
  add(all.greatest, all.above);
  return result;
}

}  // namespace

template <class T>
Histogram histogram_around(VolumeView<const T> in, double low, double high, Executor& executor) {
  assert(0 <= low && low < high && high <= 100);
  const std::int64_t count = in.size.voxel_count();
  if (executor.is_cuda() || cpu_path() == CpuPath::baseline || count < kFewestValues || count > kMostValues) {
    return histogram(in, executor);
  }
  const std::vector<std::uint64_t> sampled = sampled_counts(in, executor);
  const std::uint64_t total = std::reduce(sampled.begin(), sampled.end());
  const std::array<ValueRange, 2> ranges{likely_range(sampled, total, low), likely_range(sampled, total, high)};
  std::uint64_t within = 0;
  for (const ValueRange& range : ranges) {
    if (range.first < range.last) within += sum_within(sampled, kLeast, range);  // one value takes no time
  }
  const bool is_worthwhile =
      ranges[0].last < ranges[1].first && static_cast<double>(within) < kMostWithin * static_cast<double>(total);
  if (is_worthwhile) {
    if (auto result = count_in(in, ranges, low, high, executor)) return *std::move(result);
  }
  return histogram(in, executor);
}

template Histogram histogram_around(VolumeView<const std::int16_t>, double, double, Executor&);
template Histogram histogram_around(VolumeView<const std::uint16_t>, double, double, Executor&);

}  // namespace naru
