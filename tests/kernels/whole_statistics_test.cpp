#include "kernels/whole_statistics.h"

#include <gtest/gtest.h>

#include "kernels/dispatch.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

void expect_same(const Statistics& found, const Statistics& expected) {
  EXPECT_EQ(found.count, expected.count);
  EXPECT_EQ(found.min, expected.min);
  EXPECT_EQ(found.max, expected.max);
  EXPECT_EQ(found.mean, expected.mean);
  EXPECT_EQ(found.deviation, expected.deviation);
}

template <class T>
Statistics in_parts(std::span<const T> values, std::size_t part) {
  WholeStatistics<T> all;
  for (; !values.empty(); values = values.subspan(std::min(part, values.size()))) {
    WholeStatistics<T> one;
    one.add(values.first(std::min(part, values.size())));
    all.add(one);
  }
  return all.finish();
}

template <class T>
void expect_those_of_the_histogram(const std::vector<T>& values) {
  Executor executor = Executor::cpu(1);
  const auto count = static_cast<std::int64_t>(values.size());
  const Statistics expected = statistics(histogram<T>({values.data(), {count, 1, 1}}, executor));
  for (Executor& place : executors_under_test()) {
    const Buffer<T> there = on_executor(values, place);
    expect_same(statistics(VolumeView<const T>{there.data(), {count, 1, 1}}, place), expected);
  }
  for (const std::size_t part : {std::size_t{7}, std::size_t{16}, std::size_t{1000}, values.size()}) {
    expect_same(in_parts(std::span<const T>(values), part), expected);
    const ForcedCpuPath forced(CpuPath::baseline);
    expect_same(in_parts(std::span<const T>(values), part), expected);
  }
}

TEST(WholeStatistics, AreThoseOfTheHistogramToTheBit) {
  expect_those_of_the_histogram(random_values<std::int16_t>(600'011, -32768, 32767));
  expect_those_of_the_histogram(random_values<std::uint16_t>(50'003, 0, 65535));
}

TEST(WholeStatistics, HoldTheGreatestSums) {
  // More than one run of the 32-bit sums, which would overflow in a longer one; squares of the greatest pairs.
  constexpr std::size_t kCount = 600'011;
  expect_those_of_the_histogram(std::vector<std::int16_t>(kCount, -32768));
  expect_those_of_the_histogram(std::vector<std::int16_t>(kCount, 32767));
  expect_those_of_the_histogram(std::vector<std::uint16_t>(kCount, 65535));
  expect_those_of_the_histogram(std::vector<std::uint16_t>(kCount, 0));
}

TEST(WholeStatistics, OfNothingAreZero) {
  WholeStatistics<std::int16_t> none;
  none.add(std::span<const std::int16_t>());
  expect_same(none.finish(), {});
}

}  // namespace
}  // namespace naru::test
