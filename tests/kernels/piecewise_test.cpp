#include "kernels/piecewise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/dispatch.h"
#include "kernels/piecewise_voxel.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

std::vector<float> mapped_on(Executor& executor, const std::vector<float>& values, const PiecewiseMap& map) {
  const Size3 size{static_cast<std::int64_t>(values.size()), 1, 1};
  return run_on<float>(executor, values, size, size, [&](VolumeView<const float> in, VolumeView<float> out) {
    apply_piecewise(in, out, map, executor);
  });
}

PiecewiseMap map_of(const std::vector<double>& from, const std::vector<double>& to) { return piecewise_map(from, to); }

TEST(Piecewise, GoesThroughItsKnotsStraightInBetweenAndOnBeyond) {
  const PiecewiseMap map = map_of({0, 10, 30}, {0, 100, 140});
  const std::vector<float> values = {-1, 0, 5, 10, 20, 30, 40};
  const std::vector<float> expected = {-10, 0, 50, 100, 120, 140, 160};
  for (Executor& executor : executors_under_test()) EXPECT_EQ(mapped_on(executor, values, map), expected);
}

TEST(Piecewise, IsOneStraightLineWithTwoKnots) {
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(mapped_on(executor, {-4, 0, 1000}, map_of({0, 2}, {1, 2})), (std::vector<float>{-1, 1, 501}));
  }
}

TEST(Piecewise, TakesKnotsAtOnePlaceAsOneOfTheirMean) {
  const PiecewiseMap map = map_of({0, 5, 5, 5, 10}, {0, 10, 20, 60, 100});
  EXPECT_EQ(map.count, 3);
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(mapped_on(executor, {0, 2.5F, 5, 10}, map), (std::vector<float>{0, 15, 30, 100}));
    EXPECT_EQ(mapped_on(executor, {-1, 7, 99}, map_of({7, 7}, {3, 5})), (std::vector<float>{4, 4, 4}));
  }
}

TEST(Piecewise, LeavesNanAsItIs) {
  const std::vector<float> values(21, std::numeric_limits<float>::quiet_NaN());
  for (Executor& executor : executors_under_test()) {
    for (const float v : mapped_on(executor, values, map_of({0, 1, 2}, {0, 1, 4}))) EXPECT_TRUE(std::isnan(v));
  }
}

TEST(Piecewise, MapsToAnyAddress) {
  const PiecewiseMap map = map_of({0, 100, 300}, {1, 40, 50});
  for (const int count : {100, kPastTheCaches}) {
    expect_the_same_at_any_address<float>(random_values<float>(count, -2000, 2000),
                                          [&](VolumeView<const float> in, VolumeView<float> out, Executor& executor) {
                                            apply_piecewise(in, out, map, executor);
                                          });
  }
}

TEST(Piecewise, GivesTheSameBitsWithAndWithoutAvx2) {
  if (cpu_path() == CpuPath::baseline) GTEST_SKIP() << "this CPU has no AVX2";
  for (const std::size_t knots : {1U, 2U, 3U, 8U, 9U, 11U, 16U}) {
    std::vector<double> from, to;
    for (std::size_t k = 0; k < knots; ++k) {
      from.push_back(-900 + 137.3 * static_cast<double>(k) + static_cast<double>(k * k));
      to.push_back(1.37 * static_cast<double>(k * k) - 5);
    }
    const PiecewiseMap map = map_of(from, to);
    for (const int count : {0, 1, 7, 8, 9, 31, 32, 33, 70001, kPastTheCaches}) {
      auto values = random_values<float>(count, -2000, 2000);
      for (std::size_t v = 0; v < values.size(); v += 3) values[v] *= 0.37F;
      if (values.size() > 20) values[11] = map.from[knots - 1], values[12] = std::numeric_limits<float>::infinity();
      Executor executor = Executor::cpu(2);
      const auto best = mapped_on(executor, values, map);
      const ForcedCpuPath forced(CpuPath::baseline);
      const auto plain = mapped_on(executor, values, map);
      EXPECT_TRUE(values.empty() || std::memcmp(best.data(), plain.data(), plain.size() * sizeof(float)) == 0) << knots;
    }
  }
}

TEST(Piecewise, WorksInPlace) {
  const PiecewiseMap map = map_of({0, 1}, {1, 3});
  for (Executor& executor : executors_under_test()) {
    for (const std::int64_t count : {70, kPastTheCaches}) {
      auto buffer = on_executor(std::vector<float>(static_cast<std::size_t>(count), 3), executor);
      const VolumeView<float> view{buffer.data(), {count, 1, 1}};
      apply_piecewise(view, view, map, executor);
      const auto out = to_host(std::move(buffer), executor);
      EXPECT_EQ(std::ranges::count(out.host(), 7.0F), count);
    }
  }
}

TEST(Piecewise, GivesTheBitsOfItsFormulaOnEveryExecutor) {
  const PiecewiseMap map = map_of({-700, -20.5, 13, 400, 950}, {-3, 0.1, 7, 50, 51});
  for (const Size3 size : {Size3{0, 3, 2}, Size3{1, 1, 1}, Size3{31, 1, 1}, Size3{32, 9, 1}, Size3{33, 8, 17}}) {
    auto values = random_values<float>(size.voxel_count(), -2000, 2000);
    for (float& value : values) value *= 0.37F;
    const PiecewiseVoxel voxel{{values.data(), size}, map};
    std::vector<float> expected;
    for (std::int64_t z = 0; z < size.z; ++z) {
      for (std::int64_t y = 0; y < size.y; ++y) {
        for (std::int64_t x = 0; x < size.x; ++x) expected.push_back(voxel(x, y, z));
      }
    }
    for (Executor& executor : executors_under_test()) {
      const auto apply = [&](const auto& in, const auto& out) { apply_piecewise(in, out, map, executor); };
      EXPECT_EQ(run_on<float>(executor, values, size, size, apply), expected) << executor.description();
    }
  }
}

}  // namespace
}  // namespace naru::test
