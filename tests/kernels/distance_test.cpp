#include "kernels/distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/run_on.h"

namespace naru::test {
namespace {

Mask random_mask(const Size3& size, int one_in) {
  Mask mask(size);
  const auto values = random_values<int>(size.voxel_count(), 0, one_in - 1);
  for (std::size_t n = 0; n < values.size(); ++n) mask.cells[n] = values[n] == 0 ? 1 : 0;
  return mask;
}

/// By comparing every cell with every other.
std::vector<float> slow_squared_distance(const Mask& mask) {
  std::vector<float> result;
  const Size3& s = mask.size;
  for (std::int64_t n = 0; n < s.voxel_count(); ++n) {
    float best = std::numeric_limits<float>::infinity();
    for (std::int64_t m = 0; m < s.voxel_count(); ++m) {
      if (mask.cells[static_cast<std::size_t>(m)] == 0) continue;
      const auto dx = static_cast<float>(n % s.x - m % s.x), dy = static_cast<float>(n / s.x % s.y - m / s.x % s.y),
                 dz = static_cast<float>(n / (s.x * s.y) - m / (s.x * s.y));
      best = std::min(best, dx * dx + dy * dy + dz * dz);
    }
    result.push_back(best);
  }
  return result;
}

TEST(Distance, IsThatOfTheNearestCell) {
  for (const Size3 size : {Size3{1, 1, 1}, Size3{17, 1, 1}, Size3{1, 9, 4}, Size3{13, 11, 7}}) {
    for (const int one_in : {2, 40, 1'000'000}) {
      const Mask mask = random_mask(size, one_in);
      for (const int threads : {1, 3}) {
        Executor executor = Executor::cpu(threads);
        EXPECT_EQ(squared_distance(mask, executor), slow_squared_distance(mask)) << size.x << " " << one_in;
      }
    }
  }
}

TEST(Distance, GrowsABallAndShrinksItAgain) {
  Executor executor = Executor::cpu(2);
  Mask point({21, 21, 21});
  point.cells[point.index(10, 10, 10)] = 1;
  const Mask ball = dilated(point, 5, executor);
  EXPECT_TRUE(ball.at(15, 10, 10) && ball.at(13, 14, 10));
  EXPECT_FALSE(ball.at(16, 10, 10) || ball.at(14, 14, 10));
  EXPECT_EQ(ball.count(), 515);  // whole points within 5 of the origin
  EXPECT_EQ(eroded(ball, 5.2, executor).count(), 0);
  EXPECT_TRUE(eroded(ball, 4.9, executor).at(10, 10, 10));
}

TEST(Distance, GrowsAndShrinksByWhatTheDistancesSay) {
  Executor executor = Executor::cpu(2);
  const Mask mask = random_mask({70, 31, 12}, 200), rest = complement(mask);
  const auto to_mask = squared_distance(mask, executor);
  for (const double radius : {0.0, 1.0, 1.5, 3.0, 4.0, 4.5, 14.0, 14.5}) {
    const Mask grown = dilated(mask, radius, executor), shrunk = eroded(rest, radius, executor);
    for (std::size_t n = 0; n < mask.cells.size(); ++n) {
      const auto square = static_cast<float>(radius * radius);
      ASSERT_EQ(grown.cells[n] == 1, to_mask[n] <= square) << radius;
      ASSERT_EQ(shrunk.cells[n] == 1, to_mask[n] > square) << radius;
    }
  }
}

TEST(Distance, DoesNotErodeFromBeyondTheGrid) {
  Executor executor = Executor::cpu(1);
  Mask all({6, 5, 4});
  std::ranges::fill(all.cells, std::uint8_t{1});
  EXPECT_EQ(eroded(all, 3, executor).count(), 120);
}

TEST(Distance, TellsComponentsApartByFaces) {
  Executor executor = Executor::cpu(2);
  Mask mask({6, 3, 1});
  for (const auto& [x, y] : {std::pair{0, 0}, {1, 0}, {2, 1}, {3, 1}, {4, 1}}) mask.cells[mask.index(x, y, 0)] = 1;
  EXPECT_EQ(component_at(mask, mask.index(0, 0, 0), executor).count(), 2);  // (1, 0) and (2, 1) touch at a corner only
  EXPECT_EQ(component_at(mask, mask.index(5, 2, 0), executor).count(), 0);
  const Mask largest = largest_component(mask, executor);
  EXPECT_EQ(largest.count(), 3);
  EXPECT_TRUE(largest.at(4, 1, 0));
  EXPECT_EQ(largest_component(Mask({4, 4, 4}), executor).count(), 0);
}

}  // namespace
}  // namespace naru::test
