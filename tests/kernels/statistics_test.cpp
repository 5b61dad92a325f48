#include "kernels/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>

#include "kernels/dispatch.h"
#include "tests/kernels/golden/golden.h"
#include "tests/kernels/golden/masks.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

template <class T>
Histogram histogram_on(Executor& executor, const std::vector<T>& values) {
  const auto buffer = on_executor(values, executor);
  return histogram(VolumeView<const T>{buffer.data(), {static_cast<std::int64_t>(values.size()), 1, 1}}, executor);
}

Statistics statistics_on(Executor& executor, const std::vector<float>& values) {
  const auto buffer = on_executor(values, executor);
  return statistics(VolumeView<const float>{buffer.data(), {static_cast<std::int64_t>(values.size()), 1, 1}}, executor);
}

Histogram histogram_of(const std::vector<std::int16_t>& values) {
  Executor executor = Executor::cpu(1);
  return histogram_on(executor, values);
}

template <class T>
void expect_counts_by_definition(const std::vector<T>& values) {
  constexpr std::int32_t kFirst = std::numeric_limits<T>::min();
  std::vector<std::uint64_t> expected(65536);
  for (const T v : values) ++expected[static_cast<std::size_t>(v - kFirst)];
  for (Executor& executor : executors_under_test()) {
    const Histogram found = histogram_on(executor, values);
    EXPECT_EQ(found.first_value, kFirst);
    EXPECT_EQ(found.counts, expected);
  }
}

TEST(Histogram, CountsEveryValue) {
  for (const int count : {0, 1, 3, 4, 5, 31, 33, 600001}) {
    expect_counts_by_definition(random_values<std::int16_t>(count, -32768, 32767));
    expect_counts_by_definition(random_values<std::uint16_t>(count, 0, 65535));
  }
}

TEST(Histogram, CountsLongRunsOfOneValue) {
  expect_counts_by_definition(std::vector<std::int16_t>(300001, -32768));
  expect_counts_by_definition(std::vector<std::uint16_t>(300001, 65535));
}

TEST(Histogram, CountsWhatOccursOftenAmongOthers) {
  // On a GPU counters of 16 bits are emptied on the way. Values one by one, eight alike, and warps of eights.
  for (const int run : {1, 8, 100, 5000}) {
    std::vector<std::int16_t> values(400'003);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int16_t>(i / run % 3 * 1000 - 1024);
    expect_counts_by_definition(values);
  }
}

TEST(Histogram, CountsVolumesThatBeginAndEndAnywhere) {
  const auto values = random_values<std::int16_t>(70'000, -2000, 2000, 3);
  for (Executor& executor : executors_under_test()) {
    const auto buffer = on_executor(values, executor);
    for (const std::int64_t first : {0, 1, 5, 7, 8}) {
      for (const std::int64_t count : {1, 2, 7, 8, 9, 15, 16, 17, 65'000}) {
        const std::span part =
            std::span(values).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
        const VolumeView<const std::int16_t> there{buffer.data() + first, {count, 1, 1}};
        const Histogram expected = histogram_of({part.begin(), part.end()});
        ASSERT_EQ(histogram(there, executor).counts, expected.counts) << first << ' ' << count;
        ASSERT_EQ(statistics(there, executor).deviation, statistics(expected).deviation) << first << ' ' << count;
      }
    }
  }
}

TEST(HistogramStatistics, AgreeWithNumpy) {
  const Histogram of_source = histogram_of({golden::kSource.begin(), golden::kSource.end()});
  for (std::size_t i = 0; i < golden::kPercentiles.size(); ++i) {
    EXPECT_DOUBLE_EQ(percentile(of_source, golden::kPercentiles[i]), golden::kPercentileValues[i]);
  }
  EXPECT_DOUBLE_EQ(statistics(of_source).mean, golden::kMean);
  EXPECT_DOUBLE_EQ(statistics(of_source).deviation, golden::kDeviation);
}

TEST(HistogramStatistics, TakeOnlyWhatLiesAbove) {
  const Statistics above = statistics(histogram_of({-5, 0, 0, 2, 4}), 0);
  EXPECT_EQ(above.count, 2u);
  EXPECT_EQ(above.min, 2);
  EXPECT_EQ(above.max, 4);
  EXPECT_EQ(above.mean, 3);
  EXPECT_EQ(above.deviation, 1);
}

TEST(HistogramStatistics, AreZeroForNoValue) {
  const Statistics none = statistics(histogram_of({1, 2}), 2);
  EXPECT_EQ(none.count, 0u);
  EXPECT_EQ(none.mean, 0);
  EXPECT_EQ(percentile(histogram_of({}), 50), 0);
}

TEST(HistogramStatistics, AreExactWhereSumsPassSixtyFourBits) {
  Histogram huge{0, std::vector<std::uint64_t>(65536)};
  huge.counts[65535] = huge.counts[65533] = std::uint64_t{1} << 39;
  EXPECT_EQ(statistics(huge).mean, 65534);
  EXPECT_EQ(statistics(huge).deviation, 1);
}

TEST(Percentile, InterpolatesBetweenOrderStatistics) {
  const Histogram four = histogram_of({1, 2, 3, 10});
  EXPECT_EQ(percentile(four, 0), 1);
  EXPECT_EQ(percentile(four, 50), 2.5);
  EXPECT_EQ(percentile(four, 75), 4.75);
  EXPECT_EQ(percentile(four, 100), 10);
}

TEST(Percentile, MapsBothOrderStatisticsBeforeItBlendsThem) {
  const Histogram four = histogram_of({0, 10, 20, 30});
  EXPECT_EQ(percentile(four, 50, [](double value) { return std::min(value, 12.0); }), 11);
  EXPECT_EQ(percentile(four, 25, [](double value) { return 5 - 2 * value; }), -10);  // of -55, -35, -15, 5 the 75th
  EXPECT_EQ(percentile(histogram_of({}), 50, [](double value) { return value + 3; }), 3);
}

TEST(Otsu, SeparatesTwoValues) { EXPECT_EQ(otsu_threshold(histogram_of({5, 5, 5, 90, 90})), 5); }

TEST(Otsu, GivesTheOnlyValueOrZero) {
  EXPECT_EQ(otsu_threshold(histogram_of({-7, -7})), -7);
  EXPECT_EQ(otsu_threshold(histogram_of({})), 0);
}

TEST(Otsu, MaximisesTheVarianceBetweenClasses) {
  auto values = random_values<std::int16_t>(300, -50, 10, 4);
  const auto more = random_values<std::int16_t>(200, 0, 99, 5);
  values.insert(values.end(), more.begin(), more.end());
  double best = -1, best_value = 0;
  for (int t = -50; t < 99; ++t) {
    double n[2] = {0, 0}, sum[2] = {0, 0};
    for (const int v : values) n[v > t] += 1, sum[v > t] += v;
    if (n[0] == 0 || n[1] == 0) continue;
    const double variance = n[0] * n[1] * std::pow(sum[0] / n[0] - sum[1] / n[1], 2);
    if (variance > best) best = variance, best_value = t;
  }
  EXPECT_EQ(otsu_threshold(histogram_of(values)), best_value);
}

/// Both counts times the square of what lies between both means: 71 at 0.5 and 473 at 0.75.
TEST(Otsu, TakesValuesThatAreNotWhole) {
  EXPECT_EQ(otsu_threshold(std::vector<ValueCount>{{0.5, 3}, {0.75, 3}, {9.5, 1}}), 0.75);
  EXPECT_EQ(otsu_threshold(std::vector<ValueCount>{{-2.5, 4}}), -2.5);
  EXPECT_EQ(otsu_threshold(std::vector<ValueCount>()), 0);
}

TEST(FloatStatistics, AgreeWithTheirDefinition) {
  for (const int count : {1, 31, 255, 256, 257, 65536, 65537, 200001}) {
    const auto values = random_values<float>(count, -1000, 3000);
    long double sum = 0, squares = 0;
    for (const float v : values) sum += v;
    for (const float v : values) squares += (v - sum / count) * (v - sum / count);
    for (Executor& executor : executors_under_test()) {
      const Statistics found = statistics_on(executor, values);
      EXPECT_EQ(found.count, static_cast<std::uint64_t>(count));
      EXPECT_EQ(found.min, *std::ranges::min_element(values));
      EXPECT_EQ(found.max, *std::ranges::max_element(values));
      EXPECT_NEAR(found.mean, static_cast<double>(sum / count), 1e-9);
      EXPECT_NEAR(found.deviation, static_cast<double>(std::sqrt(squares / count)), 1e-8);
    }
  }
}

TEST(FloatStatistics, AreTheSameBitsOnEveryExecutor) {
  const auto integers = random_values<std::int16_t>(300000, -32768, 32767, 6);
  std::vector<float> values;
  for (const int v : integers) values.push_back(static_cast<float>(v) / 7);
  auto executors = executors_under_test();
  const Statistics expected = statistics_on(executors.front(), values);
  for (Executor& executor : executors) {
    const Statistics found = statistics_on(executor, values);
    EXPECT_EQ(found.mean, expected.mean) << executor.description();
    EXPECT_EQ(found.deviation, expected.deviation) << executor.description();
  }
}

TEST(FloatStatistics, AreTheSameBitsWithAndWithoutAvx2) {
  auto values = random_values<float>(3 * 65536 + 99, -1000, 3000);
  values[0] = std::numeric_limits<float>::quiet_NaN();
  values[65'536] = std::numeric_limits<float>::infinity();
  values[70'000] = -std::numeric_limits<float>::infinity();
  Executor executor = Executor::cpu(2);
  const Statistics fast = statistics_on(executor, values);
  const ForcedCpuPath forced(CpuPath::baseline);
  const Statistics plain = statistics_on(executor, values);
  EXPECT_EQ(fast.count, values.size() - 3);
  EXPECT_EQ(fast.count, plain.count);
  EXPECT_EQ(fast.min, plain.min);
  EXPECT_EQ(fast.max, plain.max);
  EXPECT_EQ(fast.mean, plain.mean);
  EXPECT_EQ(fast.deviation, plain.deviation);
}

TEST(FloatStatistics, LeaveOutWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (Executor& executor : executors_under_test()) {
    const Statistics found = statistics_on(executor, {1, kInfinity, 3, -kInfinity, std::nanf("")});
    EXPECT_EQ(found.count, 2u);
    EXPECT_EQ(found.mean, 2);
    EXPECT_EQ(found.deviation, 1);
    EXPECT_EQ(statistics_on(executor, {std::nanf("")}).count, 0u);
    EXPECT_EQ(statistics_on(executor, {}).count, 0u);
  }
}

TEST(StatisticsInParts, AreTheSameBitsAsOfTheWhole) {
  constexpr std::size_t kPiece = 65536;
  auto values = random_values<float>(5 * kPiece + 1234, -1000, 3000);
  values[70'000] = std::numeric_limits<float>::quiet_NaN();
  Executor executor = Executor::cpu(2);
  const Statistics whole = statistics_on(executor, values);
  for (const std::size_t part : {std::size_t{999}, kPiece, 3 * kPiece + 17, values.size()}) {
    StatisticsInParts parts;
    for (std::span<const float> rest(values); !rest.empty(); rest = rest.subspan(std::min(part, rest.size()))) {
      parts.add(rest.first(std::min(part, rest.size())), executor);
    }
    const Statistics joined = parts.finish();
    EXPECT_EQ(joined.count, whole.count) << part;
    EXPECT_EQ(joined.min, whole.min) << part;
    EXPECT_EQ(joined.max, whole.max) << part;
    EXPECT_EQ(joined.mean, whole.mean) << part;
    EXPECT_EQ(joined.deviation, whole.deviation) << part;
  }
  EXPECT_EQ(StatisticsInParts().finish().count, 0U);
}

TEST(FloatStatistics, GiveAConstantNoDeviation) {
  for (Executor& executor : executors_under_test()) {
    const Statistics found = statistics_on(executor, std::vector<float>(100000, 0.1f));
    EXPECT_EQ(found.deviation, 0);
    EXPECT_NEAR(found.mean, 0.1f, 1e-12);
  }
}

template <class T>
Histogram masked_histogram_on(Executor& executor, const std::vector<T>& values, const std::vector<std::uint8_t>& mask) {
  const auto buffer = on_executor(values, executor);
  const auto mask_buffer = on_executor(mask, executor);
  const Size3 size{static_cast<std::int64_t>(values.size()), 1, 1};
  return histogram(VolumeView<const T>{buffer.data(), size}, {mask_buffer.data(), size}, executor);
}

template <class T>
Statistics masked_statistics_on(Executor& executor, const std::vector<T>& values,
                                const std::vector<std::uint8_t>& mask) {
  const auto buffer = on_executor(values, executor);
  const auto mask_buffer = on_executor(mask, executor);
  const Size3 size{static_cast<std::int64_t>(values.size()), 1, 1};
  return statistics(VolumeView<const T>{buffer.data(), size}, {mask_buffer.data(), size}, executor);
}

/// The same as of the chosen values alone.
template <class T>
void expect_masked_is_chosen(int low, int high) {
  for (const int count : {1, 31, 32, 33, 70001}) {
    const auto values = random_values<T>(count, low, high);
    auto mask = random_values<std::uint8_t>(count, 0, 2, 9);
    std::vector<T> chosen;
    for (std::size_t v = 0; v < values.size(); ++v) {
      if (v / 100 % 3 != 0) mask[v] = v / 100 % 3 == 1 ? 0 : 0x81;  // runs without and with all
      if (mask[v] != 0) chosen.push_back(values[v]);
    }
    for (Executor& executor : executors_under_test()) {
      const Histogram expected = histogram_on(executor, chosen);
      EXPECT_EQ(masked_histogram_on(executor, values, mask).counts, expected.counts) << executor.description();
      const Statistics found = masked_statistics_on(executor, values, mask), all = statistics(expected);
      EXPECT_EQ(found.count, all.count);
      EXPECT_EQ(found.mean, all.mean);
      EXPECT_EQ(found.deviation, all.deviation);
      EXPECT_EQ(found.max, all.max);
    }
  }
}

TEST(MaskedStatistics, CountTheVoxelsOfTheMaskExactly) {
  expect_masked_is_chosen<std::int16_t>(-32768, 32767);
  expect_masked_is_chosen<std::uint16_t>(0, 65535);
}

/// A GPU of compute capability 8.6 or 8.9: all counters do not fit into a block's shared memory.
TEST(Histogram, CountsOnDevicesOfLittleSharedMemory) {
  ::setenv("NARU_EMULATED_SHARED_BYTES", "101376", 1);
  for (const int count : {1, 7, 33, 600001}) {
    expect_counts_by_definition(random_values<std::int16_t>(count, -32768, 32767));
    expect_counts_by_definition(random_values<std::uint16_t>(count, 32700, 32800));
  }
  expect_counts_by_definition(std::vector<std::int16_t>(300001, -1));
  expect_counts_by_definition(std::vector<std::uint16_t>(300001, 32768));
  std::vector<std::int16_t> nearly_one_value(32 * 8 * 50, -17);  // of a warp, all lanes but one
  for (std::size_t v = 0; v < nearly_one_value.size(); v += 32 * 8) nearly_one_value[v + 16 * 8] = 5;
  expect_counts_by_definition(nearly_one_value);
  expect_masked_is_chosen<std::int16_t>(-32768, 32767);
  expect_masked_is_chosen<std::uint16_t>(0, 65535);
  ::unsetenv("NARU_EMULATED_SHARED_BYTES");
}

TEST(MaskedStatistics, OfFloatsDescribeTheVoxelsOfTheMask) {
  const auto values = random_values<float>(200001, -1000, 3000);
  const auto mask = random_values<std::uint8_t>(200001, 0, 1, 5);
  long double sum = 0, squares = 0, count = 0;
  for (std::size_t v = 0; v < values.size(); ++v) sum += mask[v] != 0 ? values[v] : 0, count += mask[v];
  for (std::size_t v = 0; v < values.size(); ++v) {
    squares += mask[v] != 0 ? (values[v] - sum / count) * (values[v] - sum / count) : 0;
  }
  auto executors = executors_under_test();
  const Statistics first = masked_statistics_on(executors.front(), values, mask);
  EXPECT_EQ(first.count, static_cast<std::uint64_t>(count));
  EXPECT_NEAR(first.mean, static_cast<double>(sum / count), 1e-9);
  EXPECT_NEAR(first.deviation, static_cast<double>(std::sqrt(squares / count)), 1e-8);
  for (Executor& executor : executors) {
    EXPECT_EQ(masked_statistics_on(executor, values, mask).mean, first.mean) << executor.description();
    EXPECT_EQ(masked_statistics_on(executor, values, std::vector<std::uint8_t>(200001)).count, 0U);
  }
}

TEST(Fingerprint, IsThatOfNumpyOverTheMask) {
  const auto values = random_values<std::int16_t>(5001, -1000, 2000, 30);
  const auto mask = random_values<std::uint8_t>(5001, 0, 1, 31);
  const auto& [count, mean, median, deviation, min, max, low, high] = golden::kFingerprint;
  for (Executor& executor : executors_under_test()) {
    const Fingerprint found = fingerprint(masked_histogram_on(executor, values, mask), 1, 0);
    EXPECT_EQ(found.count, static_cast<std::uint64_t>(count));
    EXPECT_NEAR(found.mean, mean, 1e-9);
    EXPECT_EQ(found.median, median);
    EXPECT_NEAR(found.deviation, deviation, 1e-9);
    EXPECT_EQ(found.min, min);
    EXPECT_EQ(found.max, max);
    EXPECT_NEAR(found.percentile_00_5, low, 1e-9);
    EXPECT_NEAR(found.percentile_99_5, high, 1e-9);
  }
}

TEST(Fingerprint, IsInUnitsWhateverTheSlope) {
  const Histogram values = histogram_of({0, 10, 20, 100});
  const Fingerprint up = fingerprint(values, 2, -1024), down = fingerprint(values, -2, 0);
  EXPECT_EQ(up.min, -1024);
  EXPECT_EQ(up.max, -824);
  EXPECT_EQ(up.median, -994);
  EXPECT_EQ(down.min, -200);
  EXPECT_EQ(down.max, 0);
  EXPECT_EQ(down.mean, -65);
  EXPECT_LT(down.percentile_00_5, down.percentile_99_5);
  EXPECT_EQ(up.deviation, down.deviation);
  EXPECT_EQ(fingerprint(Histogram{}, 2, -1024).count, 0U);
}

TEST(Histogram, AddsAnotherAndLeavesOutWhatIsNotAbove) {
  Histogram sum;
  add(sum, histogram_of({1, 2, 2}));
  add(sum, histogram_of({2, -7}));
  EXPECT_EQ(sum.counts, histogram_of({-7, 1, 2, 2, 2}).counts);
  EXPECT_EQ(values_above(sum, 1).counts, histogram_of({2, 2, 2}).counts);
  EXPECT_EQ(values_above(sum, -7.5).counts, sum.counts);
}

/// As pipeline/unit_bins.h takes them: the last count is more than a device takes at a time.
TEST(Histogram, CountsFloatsInBinsOfOneWidth) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const EqualBins bins{-100.25, 0.37};
  for (const int count : {0, 1, 33, 70001, (1 << 22) + 5}) {
    std::vector<float> values;
    for (const int value : random_values<int>(count, -3000, 260000)) values.push_back(static_cast<float>(value) * 0.1F);
    for (std::size_t v = 0; v + 3 < values.size(); v += 1001) {
      values[v] = nan;
      values[v + 1] = v % 2 == 0 ? infinity : -infinity;
      values[v + 2] = v % 2 == 0 ? 1e38F : -1e38F;
    }
    std::vector<std::uint64_t> expected(65536);
    for (const float value : values) {
      if (!std::isfinite(value)) continue;
      const double bin = std::round((static_cast<double>(value) - bins.first) / bins.width);
      ++expected[static_cast<std::size_t>(std::clamp(bin, 0.0, 65535.0))];
    }
    for (Executor& executor : executors_under_test()) {
      const auto buffer = on_executor(values, executor);
      const Histogram found = histogram(VolumeView<const float>{buffer.data(), {count, 1, 1}}, bins, executor);
      EXPECT_EQ(found.first_value, 0);
      EXPECT_EQ(found.counts, expected) << count << ' ' << executor.description();
    }
  }
}

}  // namespace
}  // namespace naru::test
