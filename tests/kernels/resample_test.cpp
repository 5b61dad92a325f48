#include "kernels/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/axis_taps.h"
#include "kernels/column_walk.h"
#include "kernels/dispatch.h"
#include "tests/kernels/columns.h"
#include "tests/kernels/golden/golden.h"
#include "tests/kernels/run_on.h"
#include "tests/kernels/together.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

using Axes = std::array<AxisSteps, 3>;

ResampleOptions linear(const Axes& axes, const IntensityMap& map = {}) { return {axes, Interpolator::linear, map}; }

/// As pipeline/ asks for it: the extent kept, the centre where it was.
AxisSteps centred(std::int64_t count, double step) {
  const auto target = std::max<std::int64_t>(1, std::llround(static_cast<double>(count) / std::abs(step)));
  return {target, step, 0.5 * static_cast<double>(count - 1) - 0.5 * static_cast<double>(target - 1) * step};
}

/// The definition in kernels/resample.h, all in f64.
template <class In>
double linear_in_f64(const std::vector<In>& values, Size3 size, const Axes& axes, Size3 target) {
  double v = 0;
  for (int corner = 0; corner < 8; ++corner) {
    std::array<std::int64_t, 3> at{};
    double weight = 1;
    for (int a = 0; a < 3; ++a) {
      const double last = static_cast<double>(size[a] - 1);
      const double source = std::clamp(axes[a].first + static_cast<double>(target[a]) * axes[a].step, 0.0, last);
      const double fraction = source - std::floor(source);
      const bool upper = corner >> a & 1;
      weight *= upper ? fraction : 1 - fraction;
      at[a] = std::min<std::int64_t>(static_cast<std::int64_t>(source) + upper, size[a] - 1);
    }
    v += weight * static_cast<double>(values[VolumeView<In>{nullptr, size}.index(at[0], at[1], at[2])]);
  }
  return v;
}

template <class In>
void expect_near_f64(const std::vector<float>& out, const std::vector<In>& values, Size3 size, const Axes& axes,
                     double tolerance) {
  double worst = 0;
  std::size_t i = 0;
  for (std::int64_t z = 0; z < axes[2].target_count; ++z) {
    for (std::int64_t y = 0; y < axes[1].target_count; ++y) {
      for (std::int64_t x = 0; x < axes[0].target_count; ++x, ++i) {
        worst = std::max(worst, std::abs(out[i] - linear_in_f64(values, size, axes, {x, y, z})));
      }
    }
  }
  EXPECT_LE(worst, tolerance) << size.x << "x" << size.y << "x" << size.z << " step " << axes[0].step;
}

template <class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

TEST(Resample, KeepsAConstantExact) {
  const Size3 size{33, 9, 5};
  const std::vector<float> values(static_cast<std::size_t>(size.voxel_count()), 0.1f);
  const Axes axes = {centred(33, 0.37), centred(9, 1.7), centred(5, 0.61)};
  for (Executor& executor : executors_under_test()) {
    for (const float v : resampled_on<float>(executor, values, size, linear(axes))) ASSERT_EQ(v, 0.1f);
  }
}

TEST(Resample, KeepsALinearRampExact) {
  const Size3 size{40, 21, 11};
  std::vector<std::int16_t> values;
  for (int z = 0; z < 11; ++z) {
    for (int y = 0; y < 21; ++y) {
      for (int x = 0; x < 40; ++x) values.push_back(static_cast<std::int16_t>(3 * x - 7 * y + 11 * z));
    }
  }
  const Axes axes = {AxisSteps{50, 0.75, 0.5}, AxisSteps{12, 1.625, 0.25}, AxisSteps{9, -1.0625, 9.5}};
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, values, size, linear(axes));
    std::size_t i = 0;
    for (int z = 0; z < 9; ++z) {
      for (int y = 0; y < 12; ++y) {
        for (int x = 0; x < 50; ++x, ++i) {
          const double expected = 3 * (0.5 + 0.75 * x) - 7 * (0.25 + 1.625 * y) + 11 * (9.5 - 1.0625 * z);
          ASSERT_EQ(out[i], static_cast<float>(expected)) << x << " " << y << " " << z;
        }
      }
    }
  }
}

TEST(Resample, SpreadsADeltaOverItsEightNeighbours) {
  const Size3 size{4, 4, 4};
  std::vector<std::int16_t> values(64);
  values[1 + 4 * (1 + 4 * 1)] = 800;
  const Axes half = {AxisSteps{3, 1, 0.5}, AxisSteps{3, 1, 0.5}, AxisSteps{3, 1, 0.5}};
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, values, size, linear(half));
    for (int i = 0; i < 27; ++i) {
      const bool near = i % 3 < 2 && i / 3 % 3 < 2 && i / 9 < 2;
      EXPECT_EQ(out[i], near ? 100.0f : 0.0f) << i;
    }
  }
}

TEST(Resample, CopiesWhereTheGridsCoincide) {
  const Size3 size{35, 6, 4};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -32768, 32767);
  const Axes same = {AxisSteps{35, 1, 0}, AxisSteps{6, 1, 0}, AxisSteps{4, 1, 0}};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(resampled_on<std::int16_t>(executor, values, size, linear(same)), values);
    EXPECT_EQ(resampled_on<std::int16_t>(executor, values, size, {same, Interpolator::nearest, {}}), values);
  }
}

TEST(Resample, CopiesAtIntegralOffsetsAndRepeatsEdges) {
  const Size3 size{9, 1, 1};
  const std::vector<std::int16_t> values = {10, 11, 12, 13, 14, 15, 16, 17, 18};
  const Axes axes = {AxisSteps{13, 1, -2}, AxisSteps{1, 1, 0}, AxisSteps{1, 1, 0}};
  const std::vector<std::int16_t> expected = {10, 10, 10, 11, 12, 13, 14, 15, 16, 17, 18, 18, 18};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(resampled_on<std::int16_t>(executor, values, size, linear(axes)), expected);
  }
}

TEST(Resample, FlippedTwiceIsTheSameAgain) {
  const Size3 size{37, 5, 3};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071);
  const Axes flip = {AxisSteps{37, -1, 36}, AxisSteps{5, -1, 4}, AxisSteps{3, -1, 2}};
  for (Executor& executor : executors_under_test()) {
    const auto flipped = resampled_on<std::int16_t>(executor, values, size, linear(flip));
    EXPECT_NE(flipped, values);
    EXPECT_EQ(flipped, std::vector<std::int16_t>(values.rbegin(), values.rend()));
    EXPECT_EQ(resampled_on<std::int16_t>(executor, flipped, size, linear(flip)), values);
  }
}

TEST(Resample, AgreesWithF64ForSizesAndStepsOfAllKinds) {
  for (const std::int64_t nx : {1, 2, 31, 32, 33, 257}) {
    for (const double step : {0.4, 1.0, 1.43, 2.0, 3.7, -0.8, -1.9, -2.6}) {
      const Size3 size{nx, 6, 5};
      const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071, 7);
      const Axes axes = {centred(nx, step), centred(6, 0.7), centred(5, -1.3)};
      for (Executor& executor : executors_under_test()) {
        expect_near_f64(resampled_on<float>(executor, values, size, linear(axes)), values, size, axes, 1e-3);
      }
    }
  }
}

TEST(Resample, TakesMoreRowsAndPlanesThanOnePieceHolds) {
  const Size3 size{5, 70, 90};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071, 8);
  for (const double step : {0.4, 3.7}) {
    const Axes axes = {centred(5, 1.0), centred(70, step), centred(90, step)};
    for (Executor& executor : executors_under_test()) {
      expect_near_f64(resampled_on<float>(executor, values, size, linear(axes)), values, size, axes, 1e-3);
    }
  }
}

TEST(Resample, BlendsUint16AboveTheRangeOfInt16) {
  const Size3 size{33, 3, 2};
  const auto values = random_values<std::uint16_t>(size.voxel_count(), 30000, 65535);
  const Axes axes = {centred(33, 1.2), centred(3, 0.5), centred(2, 0.5)};
  for (Executor& executor : executors_under_test()) {
    expect_near_f64(resampled_on<float>(executor, values, size, linear(axes)), values, size, axes, 2e-2);
  }
}

TEST(Resample, SaturatesAtTheEndsOfInt16) {
  const Size3 size{17, 1, 1};
  std::vector<std::uint16_t> values(17, 65535);
  values[0] = 0;
  const Axes axes = {AxisSteps{17, 1, 0}, AxisSteps{1, 1, 0}, AxisSteps{1, 1, 0}};
  const IntensityMap map{.slope = 2, .intercept = -60000};
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<std::int16_t>(executor, values, size, linear(axes, map));
    EXPECT_EQ(out.front(), -32768);
    EXPECT_EQ(out.back(), 32767);
  }
}

TEST(Resample, NearestTakesTheValueAtTheRoundedIndex) {
  const Size3 size{5, 1, 1};
  const std::vector<std::int16_t> values = {0, 10, 20, 30, 40};
  const Axes axes = {AxisSteps{9, 0.75, -0.75}, AxisSteps{1, 1, 0}, AxisSteps{1, 1, 0}};
  // indices -0.75, 0, 0.75, 1.5, 2.25, 3, 3.75, 4.5, 5.25: half goes up
  const std::vector<std::int16_t> expected = {0, 0, 10, 20, 20, 30, 40, 40, 40};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(resampled_on<std::int16_t>(executor, values, size, {axes, Interpolator::nearest, {}}), expected);
  }
}

TEST(Resample, AppliesTheIntensityMapAfterInterpolating) {
  const Size3 size{2, 1, 1};
  const std::vector<std::int16_t> values = {0, 1000};
  const Axes axes = {AxisSteps{1, 1, 0.5}, AxisSteps{1, 1, 0}, AxisSteps{1, 1, 0}};
  const IntensityMap map = windowed({.slope = 1, .intercept = -100}, 0, 800);
  for (Executor& executor : executors_under_test()) {  // clipped before, it would be 0.5
    EXPECT_EQ(resampled_on<float>(executor, values, size, linear(axes, map)).front(), 0.5f);
  }
}

TEST(Resample, DoesNothingForAnEmptyTarget) {
  const Axes axes = {AxisSteps{0, 1, 0}, AxisSteps{3, 1, 0}, AxisSteps{3, 1, 0}};
  for (Executor& executor : executors_under_test()) {
    EXPECT_TRUE(resampled_on<float>(executor, std::vector<std::int16_t>(27), {3, 3, 3}, linear(axes)).empty());
  }
}

TEST(Resample, GivesTheSameBytesOnEveryExecutor) {
  const Size3 size{71, 40, 33};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -32768, 32767, 3);
  const Axes axes = {centred(71, 1.43), centred(40, 0.77), centred(33, 0.4)};
  for (const Interpolator interpolator : {Interpolator::linear, Interpolator::nearest}) {
    const ResampleOptions options{axes, interpolator, windowed({}, -1000, 1000)};
    auto executors = executors_under_test();
    const auto expected = resampled_on<float>(executors.front(), values, size, options);
    for (Executor& executor : executors) {
      EXPECT_TRUE(same_bytes(resampled_on<float>(executor, values, size, options), expected)) << executor.description();
    }
  }
}

// The others' values stand where a tap beyond the border would find them, and are no numbers.
TEST(Resample, MakesVolumesTogetherToTheBitsOfEachAlone) {
  for (const Size3& size : {Size3{1, 1, 1}, Size3{5, 3, 1}, Size3{31, 33, 7}, Size3{130, 9, 35}}) {
    for (const double step : {0.8, 1.0, 2.6, -1.3}) {
      Axes axes = {centred(size.x, 1.3), centred(size.y, 0.6), centred(size.z, step)};
      for (AxisSteps& axis : axes) axis.first += 0.45;  // beyond the last slice too
      for (const Interpolator interpolator : {Interpolator::linear, Interpolator::nearest}) {
        const ResampleOptions options{axes, interpolator, windowed({}, -1000, 1000)};
        expect_together_as_alone<std::int16_t, float>(size, options, {1, 2, 5});
        expect_together_as_alone<std::uint16_t, std::int16_t>(size, options, {3});
        expect_together_as_alone<float, float>(size, options, {4}, std::numeric_limits<float>::quiet_NaN());
      }
    }
  }
}

/// Of both interpolators, on the path forced and on the plain one.
template <class In, class Out>
void expect_same_bits(CpuPath path, Size3 size, const Axes& axes, unsigned seed, const IntensityMap& map) {
  const auto values = random_values<In>(size.voxel_count(), std::is_unsigned_v<In> ? 0 : -32768, 32767, seed);
  Executor executor = Executor::cpu(2);
  const auto on = [&](CpuPath forced_path, const ResampleOptions& options) {
    const ForcedCpuPath forced(forced_path);
    return resampled_on<Out>(executor, values, size, options);
  };
  for (const Interpolator interpolator : {Interpolator::linear, Interpolator::nearest}) {
    const ResampleOptions options{axes, interpolator, map};
    EXPECT_TRUE(same_bytes(on(path, options), on(CpuPath::baseline, options)))
        << size.x << "x" << size.y << "x" << size.z << " step " << axes[0].step;
  }
}

class ResamplePath : public ::testing::TestWithParam<CpuPath> {
 protected:
  void SetUp() override {
    if (GetParam() > cpu_path()) GTEST_SKIP() << "this CPU has not this path";
  }
};

TEST_P(ResamplePath, GivesTheSameBitsAsTheFormula) {
  const IntensityMap map = windowed({.slope = 1.37f, .intercept = -3.1f}, -900.5, 1234.25);
  unsigned seed = 0;
  for (const double step : {0.25, 0.4, 0.96, 0.999, 1.0, 1.43, 1.5, 1.999, 2.0, 2.4, 3.7, -0.6, -1.0, -1.7, -5.1}) {
    for (const std::int64_t nx : {1, 7, 8, 9, 33, 63, 64, 65, 130, 2100}) {
      const Size3 size{nx, 11, 7};
      const Axes axes = {centred(nx, step), centred(11, 0.9 * step), centred(7, 0.8)};
      expect_same_bits<std::int16_t, float>(GetParam(), size, axes, ++seed, map);
      expect_same_bits<std::int16_t, std::int16_t>(GetParam(), size, axes, ++seed, map);
      expect_same_bits<std::uint16_t, float>(GetParam(), size, axes, ++seed, map);
      expect_same_bits<std::uint16_t, std::int16_t>(GetParam(), size, axes, ++seed, map);
      expect_same_bits<float, float>(GetParam(), size, axes, ++seed, map);
      expect_same_bits<float, std::int16_t>(GetParam(), size, axes, ++seed, map);
    }
  }
}

TEST_P(ResamplePath, GivesTheSameBitsWhereItOnlyFlips) {
  const IntensityMap map = windowed({.slope = 1.37f, .intercept = -3.1f}, -900.5, 1234.25);
  unsigned seed = 0;
  for (const double x : {1.0, -1.0, 2.0}) {  // 2: no value lies between two either, but neighbours are apart
    for (const double y : {1.0, -1.0}) {
      for (const std::int64_t nx : {1, 7, 8, 9, 33, 130, 2101}) {
        const Size3 size{nx, 11, 7};
        const Axes axes = {centred(nx, x), centred(11, y), centred(7, -y)};
        expect_same_bits<std::int16_t, float>(GetParam(), size, axes, ++seed, map);
        expect_same_bits<std::int16_t, std::int16_t>(GetParam(), size, axes, ++seed, map);
        expect_same_bits<std::uint16_t, std::int16_t>(GetParam(), size, axes, ++seed, map);
        expect_same_bits<float, float>(GetParam(), size, axes, ++seed, map);
      }
    }
  }
}

TEST_P(ResamplePath, GivesTheSameBitsForMapsOfAllKinds) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Size3 size{75, 9, 5};
  Axes axes = {centred(75, 1.43), centred(9, 0.7), centred(5, 0.8)};
  axes[0].first -= 2.5;  // beyond both ends too
  axes[0].target_count += 5;
  for (const IntensityMap& map :
       {IntensityMap{}, IntensityMap{.intercept = -1024}, IntensityMap{.slope = -2, .intercept = 70000},
        IntensityMap{.slope = 1e6f}, IntensityMap{.slope = -1e9f}, IntensityMap{.slope = 1e38f},
        IntensityMap{.clip_high = 5}, IntensityMap{.gain = 3e5f}, IntensityMap{.gain = nan}, IntensityMap{.slope = nan},
        IntensityMap{.offset = -1e12f}}) {
    expect_same_bits<std::int16_t, std::int16_t>(GetParam(), size, axes, 5, map);
    expect_same_bits<std::uint16_t, std::int16_t>(GetParam(), size, axes, 6, map);
    expect_same_bits<float, std::int16_t>(GetParam(), size, axes, 7, map);
    expect_same_bits<std::int16_t, float>(GetParam(), size, axes, 8, map);
  }
}

TEST_P(ResamplePath, GivesTheSameBitsForTargetsThatNoCacheHolds) {
  const Size3 size{150, 61, 70};
  for (const std::int64_t columns : {313, 320}) {  // whose rows end within cache lines, and with them
    const Axes axes = {AxisSteps{columns, 0.48, -1}, centred(61, 0.5), centred(70, 0.5)};
    expect_same_bits<std::int16_t, std::int16_t>(GetParam(), size, axes, 9, {});
    expect_same_bits<std::int16_t, float>(GetParam(), size, axes, 10, {});
  }
  for (const std::int64_t columns : {313, 320}) {
    for (const double x : {1, -1}) {
      const Axes axes = {centred(columns, x), centred(61, -1), centred(140, 1)};
      expect_same_bits<std::int16_t, std::int16_t>(GetParam(), {columns, 61, 140}, axes, 11, {});
      expect_same_bits<std::uint16_t, float>(GetParam(), {columns, 61, 140}, axes, 12, {});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, ResamplePath, ::testing::Values(CpuPath::avx2, CpuPath::avx512));

TEST(Resample, GoesDownColumnsToTheSameBits) {
  const Size3 size{9, 8, 40};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -32768, 32767, 11);
  for (const double step : {0.3, 0.8, 1.0, 1.9, 4.2, -0.7, -2.5}) {
    ResampleOptions options = linear({centred(9, 1.3), centred(8, 0.6), centred(40, step)});
    for (AxisSteps& axis : options.axes) axis.first -= 0.4;  // beyond both ends too
    const Size3 to{options.axes[0].target_count, options.axes[1].target_count, options.axes[2].target_count};
    Executor executor = Executor::cpu(1);
    const ReachableTaps taps(size, options, executor);
    const LinearVoxel<std::int16_t, float> voxel{{values.data(), size}, taps.axes(), options.intensity};
    const NearestVoxel<std::int16_t, float> nearest{{values.data(), size}, taps.axes(), options.intensity};
    expect_same_columns<Columns<LinearVoxel<std::int16_t, float>>>(voxel, to, step);
    expect_same_columns<Columns<LinearVoxel<std::int16_t, float>, 1, 4>>(voxel, to, step);
    expect_same_columns<NearestColumns<NearestVoxel<std::int16_t, float>>>(nearest, to, step);
  }
}

TEST(Resample, AgreesWithScipy) {
  Axes axes;
  for (int a = 0; a < 3; ++a) axes[a] = {golden::kTarget[a], golden::kSteps[a], golden::kFirsts[a]};
  const std::vector<std::int16_t> values(golden::kSource.begin(), golden::kSource.end());
  const Size3 size{golden::kSize[0], golden::kSize[1], golden::kSize[2]};
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, values, size, linear(axes));
    ASSERT_EQ(out.size(), golden::kLinear.size());
    for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], golden::kLinear[i], 1e-3) << i;
  }
}

template <class T>
void expect_filled_outside(Size3 size, const std::array<InsideRange, 3>& inside) {
  const std::vector<T> values = random_values<T>(size.voxel_count(), 0, 30000);
  std::vector<T> expected = values;
  for (std::int64_t v = 0; v < size.voxel_count(); ++v) {
    const std::array<std::int64_t, 3> at = {v % size.x, v / size.x % size.y, v / size.x / size.y};
    for (std::size_t a = 0; a < 3; ++a) {
      if (at[a] < inside[a].begin || at[a] >= inside[a].end) expected[static_cast<std::size_t>(v)] = T{-7};
    }
  }
  for (Executor& executor : executors_under_test()) {
    Buffer<T> voxels = on_executor(values, executor);
    fill_outside<T>({voxels.data(), size}, inside, T{-7}, executor);
    const Buffer<T> found = to_host(std::move(voxels), executor);
    ASSERT_TRUE(std::ranges::equal(found.host(), expected)) << executor.description();
  }
}

TEST(FillOutside, WritesWhatLiesBesideTheRangesAndNoMore) {
  for (const Size3 size : {Size3{1, 1, 1}, Size3{33, 9, 1}, Size3{31, 17, 40}, Size3{64, 8, 65}}) {
    const InsideRange none{0, 0}, x{0, size.x}, y{0, size.y}, z{0, size.z};
    const std::array<std::array<InsideRange, 3>, 7> all = {{{x, y, z},
                                                            {none, y, z},
                                                            {x, y, none},
                                                            {InsideRange{5, 31}, y, z},
                                                            {x, InsideRange{1, 8}, InsideRange{3, size.z - 1}},
                                                            {InsideRange{0, 30}, InsideRange{3, 4}, z},
                                                            {InsideRange{size.x, size.x}, y, z}}};
    for (const auto& inside : all) {
      expect_filled_outside<std::int16_t>(size, inside);
      expect_filled_outside<float>(size, inside);
    }
  }
  expect_filled_outside<float>({0, 4, 4}, {InsideRange{0, 0}, InsideRange{0, 1}, InsideRange{0, 4}});
}

}  // namespace
}  // namespace naru::test
