#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "kernels/dispatch.h"
#include "kernels/statistics.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

constexpr std::int64_t kCount = (std::int64_t{9} << 20) + 13;  // not of whole registers nor whole lines

std::uint64_t count_of(const Histogram& histogram) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : histogram.counts) total += count;
  return total;
}

std::vector<std::pair<double, double>> pairs() {
  return {{0.5, 99.5}, {0, 100}, {0, 0.01}, {25, 75}, {49.9, 50}, {99, 100}, {2, 98}};
}

/// @return in how many bins there are values where the CPU has more than its baseline, 0 where it has not
template <class T>
std::ptrdiff_t expect_percentiles_of_all(const std::vector<T>& values, double low, double high) {
  const Size3 size{static_cast<std::int64_t>(values.size()), 1, 1};
  std::ptrdiff_t bins = 0;
  for (Executor& executor : executors_under_test()) {
    if (executor.is_cuda() && low != pairs().front().first) continue;  // counts all values, whatever is asked
    const auto buffer = on_executor(values, executor);
    const VolumeView<const T> in{buffer.data(), size};
    const Histogram all = histogram(in, executor), around = histogram_around(in, low, high, executor);
    EXPECT_EQ(count_of(around), values.size());
    EXPECT_EQ(percentile(around, low), percentile(all, low));
    EXPECT_EQ(percentile(around, high), percentile(all, high));
    EXPECT_EQ(statistics(around).min, statistics(all).min);
    EXPECT_EQ(statistics(around).max, statistics(all).max);
    if (executor.is_cuda() || cpu_path() == CpuPath::baseline) continue;
    bins = std::ranges::count_if(around.counts, [](std::uint64_t count) { return count > 0; });
  }
  return bins;
}

template <class T>
std::vector<T> made(const std::function<int(std::int64_t)>& value) {
  std::vector<T> values(kCount);
  for (std::int64_t i = 0; i < kCount; ++i) values[static_cast<std::size_t>(i)] = static_cast<T>(value(i));
  return values;
}

TEST(HistogramAround, HasThePercentilesAndEndsOfAll) {
  const auto signed_values = random_values<std::int16_t>(kCount, -32768, 32767);
  const auto unsigned_values = random_values<std::uint16_t>(kCount, 0, 65535, 2);
  const auto few = random_values<std::int16_t>(kCount, -1024, -1000, 3);
  for (const auto& [low, high] : pairs()) {
    SCOPED_TRACE(testing::Message() << low << " " << high);
    expect_percentiles_of_all(signed_values, low, high);
    expect_percentiles_of_all(unsigned_values, low, high);
    expect_percentiles_of_all(few, low, high);
  }
}

TEST(HistogramAround, TellsApartFewValuesOnly) {
  const auto values = random_values<std::int16_t>(kCount, -32768, 32767, 4);
  const std::ptrdiff_t bins = expect_percentiles_of_all(values, 0.5, 99.5);
  EXPECT_LT(bins, 65536 / 20);
  if (cpu_path() != CpuPath::baseline) {
    EXPECT_GT(bins, 10);
  }
}

TEST(HistogramAround, TakesOneValueThatIsScattered) {
  const auto tissue = random_values<std::uint16_t>(kCount, 1, 900, 10);
  const auto coin = random_values<std::uint16_t>(kCount, 0, 2, 11);
  for (const int end : {0, 1000}) {  // the range of the low or of the high percentile
    const auto values = made<std::uint16_t>([&](std::int64_t i) { return coin[i] == 0 ? end : int{tissue[i]}; });
    for (const auto& [low, high] : pairs()) expect_percentiles_of_all(values, low, high);
    EXPECT_LT(expect_percentiles_of_all(values, 0.5, 99.5), 60);
  }
}

TEST(HistogramAround, TakesAirAndPaddingInRuns) {
  const auto tissue = random_values<std::int16_t>(kCount, -150, 250, 5);
  const auto values = made<std::int16_t>([&](std::int64_t i) { return i % 512 < 100 ? -2000 : tissue[i]; });
  for (const auto& [low, high] : pairs()) expect_percentiles_of_all(values, low, high);
  EXPECT_LT(expect_percentiles_of_all(values, 0.5, 99.5), 60);
}

// A sample that sees nothing but 0 to 100, as kernels/percentiles.cpp chooses its lines: nearly all else is 3000.
TEST(HistogramAround, CountsAllWhereItsSampleMisleads) {
  constexpr std::int64_t kGroup = 32;
  const auto noise = random_values<std::int16_t>(kCount, 0, 100, 9);
  const auto values = made<std::int16_t>([&](std::int64_t i) {
    const std::int64_t line = i / 32, scattered = static_cast<std::uint32_t>(line / kGroup) * 2654435761U >> 8;
    return line % kGroup == scattered % kGroup ? int{noise[i]} : 3000;
  });
  for (const auto& [low, high] : pairs()) expect_percentiles_of_all(values, low, high);
}

TEST(HistogramAround, HoldsOutliersAndStripes) {
  // What no sample is likely to see: one line of the cache with the ends, and a block that is elsewhere than all else.
  const auto noise = random_values<std::int16_t>(kCount, 0, 100, 6);
  const auto values = made<std::int16_t>([&](std::int64_t i) {
    if (i < 3) return -32768;
    if (i > kCount - 3) return 32767;
    return i < kCount / 200 ? 5000 + noise[i] : int{noise[i]};
  });
  for (const auto& [low, high] : pairs()) expect_percentiles_of_all(values, low, high);
  // One value of every line, always at the same place: 1 of 32 lies where no other does.
  const auto striped = made<std::int16_t>([&](std::int64_t i) { return i % 32 == 7 ? 20000 : int{noise[i]}; });
  for (const auto& [low, high] : pairs()) expect_percentiles_of_all(striped, low, high);
}

TEST(HistogramAround, IsThatOfOneValue) {
  for (const int value : {-32768, 0, 32767}) {
    const std::vector<std::int16_t> values(kCount, static_cast<std::int16_t>(value));
    EXPECT_LE(expect_percentiles_of_all(values, 0.5, 99.5), 1);
  }
}

TEST(HistogramAround, IsTheWholeHistogramOfFewValuesAndWithoutAvx2) {
  for (const std::int64_t count : {0, 1, 2, 31, 100}) {
    const auto values = random_values<std::int16_t>(count, -5, 5, 7);
    Executor executor = Executor::cpu(2);
    const VolumeView<const std::int16_t> in{values.data(), {count, 1, 1}};
    EXPECT_EQ(histogram_around(in, 0.5, 99.5, executor).counts, histogram(in, executor).counts);
  }
  const ForcedCpuPath forced(CpuPath::baseline);
  const auto values = random_values<std::uint16_t>(kCount, 0, 4095, 8);
  Executor executor = Executor::cpu(2);
  const VolumeView<const std::uint16_t> in{values.data(), {kCount, 1, 1}};
  EXPECT_EQ(histogram_around(in, 0.5, 99.5, executor).counts, histogram(in, executor).counts);
}

}  // namespace
}  // namespace naru::test
