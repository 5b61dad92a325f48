#include "kernels/nyul.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/kernels/golden/masks.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

Histogram histogram_of(const std::vector<std::int16_t>& values) {
  Executor executor = Executor::cpu(1);
  return histogram(VolumeView<const std::int16_t>{values.data(), {static_cast<std::int64_t>(values.size()), 1, 1}},
                   executor);
}

NyulLandmarks landmarks_above_mean(const std::vector<std::int16_t>& values) {
  const Histogram all = histogram_of(values);
  return nyul_landmarks(values_above(all, statistics(all).mean), 1, 0);
}

/// The cases of golden/make_masks.py.
std::vector<std::int16_t> golden_case(int n) {
  const auto seed = static_cast<unsigned>(n);
  auto values = random_values<std::int16_t>(4000, 0, 60, 10 + seed);
  const auto bright = random_values<std::int16_t>(6000, 100 + 50 * n, 700 + 400 * n, 20 + seed);
  values.insert(values.end(), bright.begin(), bright.end());
  return values;
}

float mapped(const PiecewiseMap& map, double value) {
  Executor executor = Executor::cpu(1);
  auto voxel = static_cast<float>(value);
  apply_piecewise(VolumeView<const float>{&voxel, {1, 1, 1}}, {&voxel, {1, 1, 1}}, map, executor);
  return voxel;
}

TEST(Nyul, LandmarksStandardAndMapAreThoseOfNumpy) {
  std::vector<NyulLandmarks> cases;
  for (int n = 0; n < 3; ++n) cases.push_back(landmarks_above_mean(golden_case(n)));
  for (std::size_t i = 0; i < 11; ++i) EXPECT_NEAR(cases[2][i], golden::kNyulThird[i], 1e-9) << i;
  const auto standard = nyul_standard(cases);
  ASSERT_TRUE(standard);
  for (std::size_t i = 0; i < 11; ++i) EXPECT_NEAR((*standard)[i], golden::kNyulStandard[i], 1e-9) << i;
  const PiecewiseMap map = nyul_map(cases[2], *standard);
  for (std::size_t i = 0; i < golden::kNyulValues.size(); ++i) {
    EXPECT_NEAR(mapped(map, golden::kNyulValues[i]), golden::kNyulMapped[i], 1e-4) << golden::kNyulValues[i];
  }
}

TEST(Nyul, BringsScansThatDifferByAStraightLineToOneScale) {
  const auto values = golden_case(0);
  auto other = values;
  for (auto& v : other) v = static_cast<std::int16_t>(3 * v + 200);
  const std::vector<NyulLandmarks> cases = {landmarks_above_mean(values), landmarks_above_mean(other)};
  const auto standard = nyul_standard(cases);
  ASSERT_TRUE(standard);
  const PiecewiseMap first = nyul_map(cases[0], *standard), second = nyul_map(cases[1], *standard);
  for (const int v : {-20, 0, 110, 300, 555, 700, 900})
    EXPECT_NEAR(mapped(first, v), mapped(second, 3 * v + 200), 1e-4);
}

TEST(Nyul, ANegativeSlopeTurnsTheLandmarksAround) {
  std::vector<std::int16_t> ramp(1001);
  std::iota(ramp.begin(), ramp.end(), std::int16_t{0});
  const NyulLandmarks found = nyul_landmarks(histogram_of(ramp), -2, 5000);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], 3000 + 20 * kNyulPercentiles[i], 1e-9);
}

/// As numpy.percentile of 100 and 900 has it: the first landmark lies a hundredth of the way from the one to the other.
TEST(Nyul, LandmarksAreThoseOfClippedValues) {
  for (const std::int16_t slope : {1, -1}) {
    const auto two = histogram_of({0, static_cast<std::int16_t>(1000 * slope)});
    const NyulLandmarks found = nyul_landmarks(two, slope, 0, {100, 900});
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], 100 + 8 * kNyulPercentiles[i], 1e-9) << slope;
  }
}

TEST(Nyul, ACaseWithoutContrastTeachesNothingAndBecomesZero) {
  const NyulLandmarks flat = nyul_landmarks(histogram_of(std::vector<std::int16_t>(50, 7)), 1, 0);
  EXPECT_FALSE(nyul_standard(std::vector{flat}));
  EXPECT_FALSE(nyul_standard({}));
  const NyulLandmarks ramp = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  EXPECT_EQ(nyul_standard(std::vector{flat, ramp}), nyul_standard(std::vector{ramp}));
  EXPECT_EQ(mapped(nyul_map(flat, ramp), 7), 0);
  EXPECT_EQ(mapped(nyul_map(flat, ramp), 900), 0);
}

TEST(Nyul, LandmarksThatMeetStillMapEveryValue) {
  // Half of the foreground is one value, so that several deciles are.
  NyulLandmarks landmarks = {10, 20, 50, 50, 50, 50, 50, 70, 80, 90, 100};
  const NyulLandmarks standard = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  const PiecewiseMap map = nyul_map(landmarks, standard);
  EXPECT_EQ(mapped(map, 50), 40);  // the mean of 20, 30, 40, 50 and 60
  EXPECT_EQ(mapped(map, 10), 0);
  EXPECT_EQ(mapped(map, 100), 100);
}

}  // namespace
}  // namespace naru::test
