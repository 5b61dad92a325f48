#include "kernels/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/golden/golden.h"
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

TEST(FloatStatistics, GiveAConstantNoDeviation) {
  for (Executor& executor : executors_under_test()) {
    const Statistics found = statistics_on(executor, std::vector<float>(100000, 0.1f));
    EXPECT_EQ(found.deviation, 0);
    EXPECT_NEAR(found.mean, 0.1f, 1e-12);
  }
}

}  // namespace
}  // namespace naru::test
