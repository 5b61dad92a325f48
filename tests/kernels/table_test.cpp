#include "kernels/table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

#include "tests/support/executors.h"

namespace naru::test {
namespace {

/// On a device that reads pageable memory late.
TEST(Table, HoldsItsValuesThoughTheirSourceIsUsedAgain) {
  ASSERT_EQ(setenv("NARU_EMULATED_LATE_COPIES", "1", 1), 0);
  for (Executor& executor : executors_under_test()) {
    std::vector<Buffer<int>> tables;
    std::vector<int> values;
    // Some fill the staging memory together, one alone, one is larger.
    const std::vector<std::size_t> counts = {1, 0, 3, 100'000, 100'000, 100'000, 17, 262'144, 1, 600'000, 5};
    for (std::size_t n = 0; n < counts.size(); ++n) {
      values.resize(counts[n]);
      std::iota(values.begin(), values.end(), static_cast<int>(n) * 1'000'000);
      tables.push_back(table_on(values, executor));
      std::ranges::fill(values, -1);
    }
    for (std::size_t n = 0; n < counts.size(); ++n) {
      const auto found = to_host(std::move(tables[n]), executor);
      ASSERT_EQ(found.size(), counts[n]);
      std::vector<int> expected(counts[n]);
      std::iota(expected.begin(), expected.end(), static_cast<int>(n) * 1'000'000);
      EXPECT_TRUE(std::ranges::equal(found.host(), expected)) << n << ' ' << executor.description();
    }
  }
  unsetenv("NARU_EMULATED_LATE_COPIES");
}

}  // namespace
}  // namespace naru::test
