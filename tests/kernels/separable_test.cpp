// Resampling by weighted sums along the axes: bspline, lanczos, a Gaussian before, nnU-Net's separate axis.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>

#include "kernels/axis_groups.h"
#include "kernels/axis_weights.h"
#include "kernels/dispatch.h"
#include "kernels/resample.h"
#include "kernels/separable_voxel.h"
#include "tests/kernels/golden/golden_volume.h"
#include "tests/kernels/impulse.h"
#include "tests/kernels/nearest.h"
#include "tests/kernels/run_on.h"
#include "tests/kernels/together.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

using Axes = std::array<AxisSteps, 3>;

Size3 target_of(const Axes& axes) { return {axes[0].target_count, axes[1].target_count, axes[2].target_count}; }

Size3 golden_size() { return {golden::kResampleSize[0], golden::kResampleSize[1], golden::kResampleSize[2]}; }

Axes golden_axes() {
  Axes axes;
  for (std::size_t a = 0; a < 3; ++a) {
    axes[a] = {golden::kResampleTarget[a], golden::kResampleSteps[a], golden::kResampleFirsts[a]};
  }
  return axes;
}

ResampledGrid golden_grid(const std::array<double, 3>& spacing_mm, GridConvention convention) {
  Grid grid{golden_size(), {}};
  for (std::size_t a = 0; a < 3; ++a) grid.patient_from_voxel.rows[a][a] = spacing_mm[a];
  return resampled(grid, {1, 1, 1}, convention);
}

/// Against a tool, in Hounsfield units.
void expect_golden(std::span<const float> golden, const ResampleOptions& options, double tolerance) {
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, golden_volume(), golden_size(), options);
    ASSERT_EQ((out.size() + golden::kEvery - 1) / golden::kEvery, golden.size());
    double worst = 0;
    for (std::size_t i = 0; i < golden.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(out[i * golden::kEvery]) - golden[i]));
    }
    EXPECT_LE(worst, tolerance);
  }
}

ResampleOptions bspline(const Axes& axes, Boundary boundary) {
  ResampleOptions options{axes, Interpolator::bspline, {}};
  options.boundary = boundary;
  return options;
}

TEST(Separable, AgreesWithScipyAboutBsplinesInBothBoundaries) {
  expect_golden(golden::kBsplineMirror, bspline(golden_axes(), Boundary::mirror), 1e-3);
  expect_golden(golden::kBsplineNearest, bspline(golden_axes(), Boundary::nearest), 1e-3);
}

TEST(Separable, AgreesWithScipyAboutTheGaussian) {
  Axes held = golden_axes();  // within the volume: beyond its ends scipy clamps what is filtered, not what is stored
  ResampleOptions options{held, Interpolator::linear, {}};
  options.sigma = {golden::kSigma[0], golden::kSigma[1], golden::kSigma[2]};
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, golden_volume(), golden_size(), options);
    const Size3 size = target_of(held);
    double worst = 0;
    std::size_t compared = 0;
    for (std::size_t i = 0; i < out.size(); i += golden::kEvery) {
      const auto at = static_cast<std::int64_t>(i);
      const std::array<std::int64_t, 3> target = {at % size.x, at / size.x % size.y, at / (size.x * size.y)};
      bool is_within = true;
      for (std::size_t a = 0; a < 3; ++a) {
        const double source = held[a].first + static_cast<double>(target[a]) * held[a].step;
        is_within = is_within && source >= 0 && source <= static_cast<double>(golden_size()[static_cast<int>(a)] - 1);
      }
      if (!is_within) continue;
      ++compared;
      worst = std::max(worst, std::abs(static_cast<double>(out[i]) - golden::kGaussianLinear[i / golden::kEvery]));
    }
    EXPECT_GT(compared, 600u);
    EXPECT_LE(worst, 2e-3);
  }
}

TEST(Separable, GivesTheVoxelsOfNnunet) {
  const ResampledGrid grid = golden_grid(golden::kResampleSpacing, GridConvention::nnunet);
  ResampleOptions options = bspline(grid.axes, Boundary::nearest);
  const auto values = golden_volume();
  const auto [low, high] = std::ranges::minmax(values);
  options.intensity.clip_low = low;  // skimage clips to the range of its input
  options.intensity.clip_high = high;
  expect_golden(golden::kNnunet, options, 1e-3);
  expect_golden(golden::kNnunetLinear, {grid.axes, Interpolator::linear, {}}, 1e-3);
}

TEST(Separable, GivesTheVoxelsOfNnunetsSeparateZ) {
  ResampleOptions options =
      bspline(golden_grid(golden::kSeparateSpacing, GridConvention::nnunet).axes, Boundary::nearest);
  options.separate_axis = 2;
  expect_golden(golden::kNnunetSeparate, options, 1e-3);
  options.interpolator = Interpolator::linear;
  expect_golden(golden::kNnunetSeparateLinear, options, 1e-3);
}

/// Along each of golden::kNearestAxes, as it is and flipped, and as nnU-Net's separate axis.
void expect_nearest(std::span<const std::int16_t> golden, GridConvention convention) {
  for (const golden::NearestAxis& axis : golden::kNearestAxes) {
    Grid grid{{axis.count, 1, 1}, {}};
    grid.patient_from_voxel.rows[0][0] = axis.spacing_mm;
    const Axes plain = resampled(grid, {1, 1, 1}, convention).axes;
    Axes flipped = plain;
    flipped[0].first = static_cast<double>(axis.count - 1) - plain[0].first;
    flipped[0].step = -plain[0].step;
    const auto count = static_cast<std::size_t>(plain[0].target_count);
    ASSERT_LE(count, golden.size());
    const std::vector<std::int16_t> expected(golden.begin(), golden.begin() + plain[0].target_count);
    golden = golden.subspan(count);
    std::vector<std::int16_t> values(static_cast<std::size_t>(axis.count));
    std::iota(values.begin(), values.end(), std::int16_t{0});
    const std::vector<std::int16_t> reversed(values.rbegin(), values.rend());
    for (const std::optional<int> separate : {std::optional<int>(), std::optional(0)}) {
      for (Executor& executor : executors_under_test()) {
        ResampleOptions options{plain, Interpolator::nearest, {}};
        options.separate_axis = separate;
        EXPECT_EQ(resampled_on<std::int16_t>(executor, values, grid.size, options), expected) << axis.count;
        options.axes = flipped;
        EXPECT_EQ(resampled_on<std::int16_t>(executor, reversed, grid.size, options), expected) << axis.count;
      }
    }
  }
  EXPECT_TRUE(golden.empty());
}

TEST(Separable, TakesTheVoxelsThatNnunetAndTotalsegmentatorTake) {
  expect_nearest(golden::kNnunetNearest, GridConvention::nnunet);
  expect_nearest(golden::kTotalsegmentatorNearest, GridConvention::totalsegmentator);
}

TEST(Separable, GivesTheVoxelsOfMonai) {
  const Axes axes = golden_grid(golden::kResampleSpacing, GridConvention::monai).axes;
  expect_golden(golden::kMonai, {axes, Interpolator::linear, {}}, 1e-3);
  expect_golden(golden::kMonaiBspline, bspline(axes, Boundary::nearest), 1e-3);
  expect_golden(golden::kMonaiNearest, {axes, Interpolator::nearest, {}}, 0);  // no place is halfway
}

TEST(Separable, TakesANearestVoxelAsMonaiDoesWhereverPlacesAreHalfway) {
  const Axes axes = golden_grid(golden::kTieSpacing, GridConvention::monai).axes;
  const Size3 size = target_of(axes);
  const auto values = golden_volume();
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, values, golden_size(), {axes, Interpolator::nearest, {}});
    ASSERT_EQ((out.size() + golden::kEvery - 1) / golden::kEvery, golden::kMonaiTies.size());
    for (std::size_t i = 0; i < golden::kMonaiTies.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i * golden::kEvery);
      const std::array<std::int64_t, 3> target = {at % size.x, at / size.x % size.y, at / (size.x * size.y)};
      EXPECT_TRUE(is_of_a_nearest(golden::kMonaiTies[i], values, golden_size(), axes, target)) << at;
      EXPECT_TRUE(is_of_a_nearest(out[i * golden::kEvery], values, golden_size(), axes, target)) << at;
    }
  }
}

TEST(Separable, GivesTheVoxelsOfTotalsegmentator) {
  const Axes axes = golden_grid(golden::kResampleSpacing, GridConvention::totalsegmentator).axes;
  expect_golden(golden::kTotalsegmentator, bspline(axes, Boundary::mirror), 1e-3);
  expect_golden(golden::kTotalsegmentatorLinear, {axes, Interpolator::linear, {}}, 1e-3);
}

constexpr std::array kWindows = {SincWindow::lanczos, SincWindow::hamming, SincWindow::cosine, SincWindow::welch,
                                 SincWindow::blackman};

double sinc(double x) { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }

/// As the documentation of itk::WindowedSincInterpolateImageFunction has it, with m for `radius`, in f64.
double windowed_sinc(double x, SincWindow window, double m) {
  constexpr double pi = std::numbers::pi;
  if (std::abs(x) >= m) return 0;
  switch (window) {
    case SincWindow::lanczos: return sinc(x) * sinc(x / m);
    case SincWindow::hamming: return sinc(x) * (0.54 + 0.46 * std::cos(pi * x / m));
    case SincWindow::cosine: return sinc(x) * std::cos(pi * x / (2 * m));
    case SincWindow::welch: return sinc(x) * (1 - x * x / (m * m));
    case SincWindow::blackman: return sinc(x) * (0.42 + 0.5 * std::cos(pi * x / m) + 0.08 * std::cos(2 * pi * x / m));
  }
  return 0;
}

/// Its definition in kernels/axis_weights.h, in f64.
double weighted_by_sinc(std::span<const std::int16_t> line, double x, const Sinc& by) {
  double sum = 0, weights = 0;
  const auto base = static_cast<std::int64_t>(std::floor(x));
  for (std::int64_t j = base - by.radius + 1; j <= base + by.radius; ++j) {
    const double weight = windowed_sinc(x - static_cast<double>(j), by.window, by.radius);
    sum += weight * line[static_cast<std::size_t>(std::clamp<std::int64_t>(j, 0, std::ssize(line) - 1))];
    weights += weight;
  }
  return sum / weights;
}

TEST(Separable, WeighsAsEachSincWindowSays) {
  const auto values = random_values<std::int16_t>(60, -1024, 3071);
  for (const SincWindow window : kWindows) {
    for (const int radius : {2, 3, 5}) {
      ResampleOptions options{
          {AxisSteps{90, 0.65, -0.4}, AxisSteps{1, 1, 0}, AxisSteps{1, 1, 0}}, Interpolator::lanczos, {}};
      options.sinc = {window, radius};
      for (Executor& executor : executors_under_test()) {
        const auto out = resampled_on<float>(executor, values, {60, 1, 1}, options);
        for (int t = 0; t < 90; ++t) {
          ASSERT_NEAR(out[t], weighted_by_sinc(values, -0.4 + 0.65 * t, options.sinc), 2e-3) << t;
        }
      }
    }
  }
}

template <class Response>
void expect_spread(const ResampleOptions& options, const Response& response) {
  const auto place = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return Vec3{options.axes[0].place(x), options.axes[1].place(y), options.axes[2].place(z)};
  };
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, impulse(), kImpulseSize, options);
    expect_impulse_response(out, target_of(options.axes), place, response, 1e-3);
  }
}

TEST(Separable, SpreadsAnImpulseAsItsInterpolatorDoes) {
  const Axes axes = {AxisSteps{30, 0.45, 8.5}, AxisSteps{25, -0.6, 22.2}, AxisSteps{31, 0.5, 7.5}};
  expect_spread(ResampleOptions{axes, Interpolator::linear, {}}, hat);
  expect_spread(bspline(axes, Boundary::mirror), cardinal_spline);
  for (const SincWindow window : kWindows) {
    ResampleOptions options{axes, Interpolator::lanczos, {}};
    options.sinc = {window, 4, false};
    expect_spread(options, [&](double x) { return windowed_sinc(x, window, 4); });
  }
}

std::vector<ResampleOptions> all_kinds(const Axes& axes) {
  std::vector<ResampleOptions> kinds = {
      bspline(axes, Boundary::nearest), bspline(axes, Boundary::mirror), {axes, Interpolator::lanczos, {}}};
  for (const Interpolator interpolator : {Interpolator::linear, Interpolator::nearest, Interpolator::bspline}) {
    kinds.push_back({axes, interpolator, {}});
    kinds.back().sigma = {0.8, 0, 1.7};
  }
  for (const int axis : {0, 1, 2}) {
    kinds.push_back(bspline(axes, Boundary::nearest));
    kinds.back().separate_axis = axis;
  }
  return kinds;
}

TEST(Separable, KeepsAConstantExact) {
  const Size3 size{33, 9, 5};
  const std::vector<float> values(static_cast<std::size_t>(size.voxel_count()), 0.1f);
  const Axes axes = {AxisSteps{80, 0.37, 0.1}, AxisSteps{6, 1.7, -0.3}, AxisSteps{8, 0.61, 0.2}};
  std::vector<ResampleOptions> kinds = all_kinds(axes);
  for (const SincWindow window : kWindows) {
    kinds.push_back({axes, Interpolator::lanczos, {}});
    kinds.back().sinc.window = window;
  }
  for (const ResampleOptions& options : kinds) {
    for (Executor& executor : executors_under_test()) {
      for (const float v : resampled_on<float>(executor, values, size, options)) ASSERT_EQ(v, 0.1f);
    }
  }
}

TEST(Separable, PassesThroughTheStoredValues) {
  const Size3 size{40, 34, 35};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -32768, 32767);
  const Axes same = {AxisSteps{40, 1, 0}, AxisSteps{34, 1, 0}, AxisSteps{35, 1, 0}};
  const Axes flipped = {AxisSteps{40, -1, 39}, AxisSteps{34, -1, 33}, AxisSteps{35, -1, 34}};
  for (const Interpolator interpolator : {Interpolator::bspline, Interpolator::lanczos}) {
    for (Executor& executor : executors_under_test()) {
      EXPECT_EQ(resampled_on<std::int16_t>(executor, values, size, {same, interpolator, {}}), values);
      EXPECT_EQ(resampled_on<std::int16_t>(executor, values, size, {flipped, interpolator, {}}),
                std::vector<std::int16_t>(values.rbegin(), values.rend()));
    }
  }
}

TEST(Separable, KeepsALinearRampInsideTheVolume) {
  const Size3 size{64, 60, 62};
  std::vector<std::int16_t> values;
  for (int z = 0; z < size.z; ++z) {
    for (int y = 0; y < size.y; ++y) {
      for (int x = 0; x < size.x; ++x) values.push_back(static_cast<std::int16_t>(3 * x - 7 * y + 11 * z));
    }
  }
  // Far from the ends, where the signal without ends is no ramp any more.
  const Axes axes = {AxisSteps{18, 0.75, 25}, AxisSteps{6, 1.625, 24.25}, AxisSteps{9, -1.0625, 35.5}};
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, values, size, bspline(axes, Boundary::nearest));
    std::size_t i = 0;
    for (int z = 0; z < 9; ++z) {
      for (int y = 0; y < 6; ++y) {
        for (int x = 0; x < 18; ++x, ++i) {
          const double expected = 3 * (25 + 0.75 * x) - 7 * (24.25 + 1.625 * y) + 11 * (35.5 - 1.0625 * z);
          ASSERT_NEAR(out[i], expected, 1e-4) << x << " " << y << " " << z;
        }
      }
    }
  }
}

TEST(Separable, LetsNoDetailThroughThatTheCoarseGridCannotHold) {
  const Size3 size{128, 1, 1};
  std::vector<std::int16_t> values;
  for (int x = 0; x < 128; ++x) values.push_back(x % 2 == 0 ? 1000 : -1000);  // the finest stripes
  ResampleOptions options{{AxisSteps{32, 4, 0}, AxisSteps{1, 1, 0}, AxisSteps{1, 1, 0}}, Interpolator::linear, {}};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(resampled_on<float>(executor, values, size, options)[8], 1000);  // aliased
    options.sigma[0] = 1.6;
    EXPECT_NEAR(resampled_on<float>(executor, values, size, options)[8], 0, 0.1);
    options.sigma[0] = 0;
  }
}

TEST(Separable, ClipsToTheSliceAlongWhicheverAxisIsSeparate) {
  const Size3 size{12, 12, 12};
  for (const int axis : {0, 1, 2}) {
    std::vector<std::int16_t> values;  // each slice across `axis` has its own pair of values
    for (int i = 0; i < 12 * 12 * 12; ++i) {
      const std::array<int, 3> at = {i % 12, i / 12 % 12, i / 144};
      const int slice = at[static_cast<std::size_t>(axis)], side = at[static_cast<std::size_t>((axis + 1) % 3)];
      values.push_back(static_cast<std::int16_t>(100 * slice + (side < 6 ? 0 : 10)));
    }
    ResampleOptions options =
        bspline({AxisSteps{30, 0.4, -0.2}, AxisSteps{30, 0.4, -0.2}, AxisSteps{30, 0.4, -0.2}}, Boundary::nearest);
    options.separate_axis = axis;
    for (Executor& executor : executors_under_test()) {
      const auto out = resampled_on<float>(executor, values, size, options);
      for (int i = 0; i < 27000; ++i) {
        const std::array<int, 3> at = {i % 30, i / 30 % 30, i / 900};
        const int slice = static_cast<int>(std::floor(-0.2 + 0.4 * at[static_cast<std::size_t>(axis)] + 0.5));
        ASSERT_GE(out[static_cast<std::size_t>(i)], 100 * slice) << axis;
        ASSERT_LE(out[static_cast<std::size_t>(i)], 100 * slice + 10) << axis;
      }
    }
  }
}

TEST(Separable, GivesTheSameBytesSlabBySlab) {
  const Size3 size{21, 19, 90};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071, 5);
  for (const double step : {0.7, 1.9, -1.3}) {
    const std::int64_t count = step > 0 ? 40 : 60;
    const Axes axes = {AxisSteps{30, 0.7, 0}, AxisSteps{12, 1.6, 0}, AxisSteps{count, step, step > 0 ? 0.0 : 85.0}};
    for (ResampleOptions options : all_kinds(axes)) {
      if (options.separate_axis && *options.separate_axis != 2) continue;  // whole slices of the other axes are needed
      Executor executor = Executor::cpu(2);
      const auto whole = resampled_on<float>(executor, values, size, options);
      for (std::int64_t begin = 0; begin < count; begin += 7) {
        AxisSteps& along = options.axes[2];
        along.target_begin = begin;
        along.target_count = std::min<std::int64_t>(7, count - begin);
        along.source_total = size.z;
        along.source_begin = 0;
        const auto [first, end] = source_range(options, 2, size.z);
        along.source_begin = first;
        const std::vector<std::int16_t> part(values.begin() + first * size.x * size.y,
                                             values.begin() + end * size.x * size.y);
        const auto out = resampled_on<float>(executor, part, {size.x, size.y, end - first}, options);
        ASSERT_TRUE(std::equal(out.begin(), out.end(), whole.begin() + begin * 30 * 12)) << step << " " << begin;
      }
    }
  }
}

template <class In, class Out>
void expect_same_bits(Size3 size, double step, unsigned seed) {
  const auto values = random_values<In>(size.voxel_count(), std::is_unsigned_v<In> ? 0 : -32768, 32767, seed);
  const auto count = [&](std::int64_t n) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(n) / std::abs(step)));
  };
  const auto axis = [&](std::int64_t n) { return AxisSteps{count(n), step, step > 0 ? 0.1 : static_cast<double>(n)}; };
  for (ResampleOptions options : all_kinds({axis(size.x), axis(size.y), axis(size.z)})) {
    options.intensity = windowed({.slope = 1.37f, .intercept = -3.1f}, -900.5, 1234.25);
    std::vector<Out> expected;
    {
      const ForcedCpuPath forced(CpuPath::baseline);
      Executor executor = Executor::cpu(2);
      expected = resampled_on<Out>(executor, values, size, options);
    }
    for (Executor& executor : executors_under_test()) {
      EXPECT_TRUE(resampled_on<Out>(executor, values, size, options) == expected)
          << executor.description() << " " << size.x << "x" << size.y << "x" << size.z << " step " << step;
    }
  }
}

TEST(Separable, GivesTheSameBitsOnEveryExecutorAndWithAndWithoutAvx2) {
  unsigned seed = 0;
  for (const double step : {0.4, 1.0, 1.43, 3.7, -1.7}) {
    for (const Size3& size : {Size3{1, 1, 1}, Size3{7, 33, 5}, Size3{32, 31, 70}, Size3{130, 65, 3}}) {
      expect_same_bits<std::int16_t, float>(size, step, ++seed);
      expect_same_bits<std::uint16_t, std::int16_t>(size, step, ++seed);
      expect_same_bits<float, float>(size, step, ++seed);
    }
  }
}

TEST(Separable, MakesVolumesTogetherToTheBitsOfEachAlone) {
  for (const Size3& size : {Size3{1, 1, 1}, Size3{7, 33, 5}, Size3{34, 11, 40}}) {
    for (const double step : {0.7, 1.9, -1.3}) {
      const auto axis = [&](std::int64_t n) {
        const auto targets = std::max<std::int64_t>(1, std::llround(static_cast<double>(n) / std::abs(step)));
        return AxisSteps{targets, step, step > 0 ? 0.1 : static_cast<double>(n)};
      };
      for (const ResampleOptions& options : all_kinds({axis(size.x), axis(size.y), axis(size.z)})) {
        expect_together_as_alone<std::int16_t, float>(size, options, {1, 3});
        expect_together_as_alone<std::uint16_t, std::int16_t>(size, options, {2});
        expect_together_as_alone<float, float>(size, options, {3}, std::numeric_limits<float>::quiet_NaN());
      }
    }
  }
}

TEST(Separable, GivesTheSameBitsForATargetThatNoCacheHolds) {
  const Size3 size{75, 90, 70};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071, 31);
  const ResampleOptions options{
      {AxisSteps{151, 0.49, 0.2}, AxisSteps{180, 0.49, 0.2}, AxisSteps{80, 0.8, 0.2}}, Interpolator::lanczos, {}};
  for (Executor& executor : executors_under_test()) {
    const auto made = resampled_on<std::int16_t>(executor, values, size, options);
    const ForcedCpuPath forced(CpuPath::baseline);
    Executor plain = Executor::cpu(2);
    EXPECT_TRUE(made == resampled_on<std::int16_t>(plain, values, size, options)) << executor.description();
  }
}

// What a GPU's threads run, run here on the CPU.
TEST(Separable, MakesGroupsOfTargetsToTheSameBits) {
  unsigned seed = 20;
  for (const double step : {0.3, 0.8, 1.0, 1.43, 3.7, -1.7}) {
    for (const std::int64_t count : {1, 3, 37, 90}) {
      const auto values = random_values<float>(2 * count, -1024, 3071, ++seed);  // two lines, their values in turn
      const AxisSteps axis{std::max<std::int64_t>(1, std::llround(static_cast<double>(count) / std::abs(step))), step,
                           step > 0 ? 0.1 : static_cast<double>(count)};
      for (const ResampleOptions& options : all_kinds({axis, axis, axis})) {
        const AxisWeights rows = axis_weights(axis, count, filter_along(2, options));
        const AxisGroups groups = axis_groups(rows, count);
        const AxisPass pass{rows.first.data(), rows.anchor.data(), rows.total.data(), rows.weights.data(), rows.taps};
        const GroupedPass grouped{groups.heads.data(), groups.weights.data(), static_cast<std::int32_t>(groups.taps)};
        ASSERT_LE(groups.taps, count);
        for (std::int64_t t = 0; t < axis.target_count; ++t) {
          float made[2][kGroup];
          weighted_group<2>(values.data(), 1, 2, grouped, t / kGroup, made);
          for (int l = 0; l < 2; ++l) {
            ASSERT_EQ(made[l][t % kGroup], weighted(values.data() + l, 2, pass, t)) << step << " " << count << " " << t;
          }
        }
      }
    }
  }
}

TEST(Separable, TakesNoMoreMemoryThanItSays) {
  const Axes axes = {AxisSteps{358, 1.43, 0}, AxisSteps{358, 1.43, 0}, AxisSteps{375, 0.8, 0}};
  const Executor executor = Executor::cpu(2);
  const auto bytes = [&](std::int64_t slices, const ResampleOptions& options) {
    return resample_working_bytes({512, 512, slices}, options, executor);
  };
  EXPECT_EQ(bytes(300, {axes, Interpolator::linear, {}}), 0u);
  if (cpu_path() == CpuPath::baseline) return;
  // Flat in the number of slices.
  EXPECT_EQ(bytes(300, bspline(axes, Boundary::nearest)), bytes(3000, bspline(axes, Boundary::nearest)));
  EXPECT_LT(bytes(300, bspline(axes, Boundary::nearest)), 16u << 20);
}

TEST(Separable, FillsWhatLiesBeyondTheSource) {
  for (Executor& executor : executors_under_test()) {
    const auto out = run_on<std::int16_t>(executor, std::vector<std::int16_t>(60, 5), {5, 4, 3}, {5, 4, 3},
                                          [&](VolumeView<const std::int16_t> in, VolumeView<std::int16_t> to) {
                                            const Axes same = {AxisSteps{5}, AxisSteps{4}, AxisSteps{3}};
                                            resample(in, to, {same, Interpolator::nearest, {}}, executor);
                                            fill_outside<std::int16_t>(to, {{{1, 5}, {0, 3}, {0, 3}}}, -7, executor);
                                          });
    for (int i = 0; i < 60; ++i) EXPECT_EQ(out[static_cast<std::size_t>(i)], i % 5 < 1 || i / 5 % 4 == 3 ? -7 : 5) << i;
  }
}

TEST(AxisWeights, SayThatASlabLacksItsSource) {
  const AxisFilter filter{Interpolator::bspline, Boundary::nearest, {}, 0};
  AxisSteps axis{.target_count = 5, .step = 1.5, .first = 30, .source_total = 60};
  EXPECT_NO_THROW(axis_weights(axis, 60, filter));
  EXPECT_THROW(axis_weights(axis, 30, filter), Error);  // the first 30, of which none is asked for
  axis.source_begin = 40;
  EXPECT_THROW(axis_weights(axis, 20, filter), Error);
}

/// Slices whose first value, and first values of lines, are no numbers have limits all the same.
TEST(Separable, ClipsToTheNumbersOfASlice) {
  const Size3 size{24, 24, 24};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const int axis : {0, 1, 2}) {
    std::vector<float> values;
    for (int i = 0; i < 24 * 24 * 24; ++i) {
      const std::array<int, 3> at = {i % 24, i / 24 % 24, i / 576};
      const auto slice = at[static_cast<std::size_t>(axis)], across = at[static_cast<std::size_t>((axis + 1) % 3)],
                 along = at[static_cast<std::size_t>((axis + 2) % 3)];
      const bool is_known = slice % 2 == 0 || (across > 1 && along > 1);
      values.push_back(is_known ? static_cast<float>(100 * slice + (across < 12 ? 0 : 10)) : nan);
    }
    ResampleOptions options{
        {AxisSteps{60, 0.4, -0.2}, AxisSteps{60, 0.4, -0.2}, AxisSteps{60, 0.4, -0.2}}, Interpolator::lanczos, {}};
    options.separate_axis = axis;
    for (Executor& executor : executors_under_test()) {
      const auto out = resampled_on<float>(executor, values, size, options);
      std::int64_t known = 0;
      for (int i = 0; i < 216000; ++i) {
        if (std::isnan(out[static_cast<std::size_t>(i)])) continue;
        const std::array<int, 3> at = {i % 60, i / 60 % 60, i / 3600};
        const int slice = static_cast<int>(std::floor(-0.2 + 0.4 * at[static_cast<std::size_t>(axis)] + 0.5));
        ASSERT_GE(out[static_cast<std::size_t>(i)], 100 * slice) << axis;
        ASSERT_LE(out[static_cast<std::size_t>(i)], 100 * slice + 10) << axis;
        ++known;
      }
      EXPECT_GT(known, 100'000) << executor.description();
    }
  }
}

/// Slices of more values than a device takes at a time, which begin anywhere.
template <class In>
void expect_the_same_clipped(Size3 size) {
  std::vector<In> values = random_values<In>(size.voxel_count(), 0, 2);
  if constexpr (std::is_same_v<In, float>) {
    for (std::size_t v = 0; v < values.size(); v += 7) values[v] = -values[v];
  }
  for (const int axis : {0, 1, 2}) {
    ResampleOptions options{
        {AxisSteps{size.x + 9, 0.9, -0.3}, AxisSteps{size.y, 1, 0.2}, AxisSteps{size.z + 1, 0.8, 0.1}},
        Interpolator::lanczos,
        {}};
    options.separate_axis = axis;
    std::vector<float> first;
    for (Executor& executor : executors_under_test()) {
      const auto out = resampled_on<float>(executor, values, size, options);
      if (first.empty()) first = out;
      ASSERT_EQ(std::memcmp(out.data(), first.data(), out.size() * sizeof(float)), 0) << axis << executor.description();
    }
  }
}

TEST(Separable, ClipsToTheSameBitsOnEveryExecutor) {
  expect_the_same_clipped<std::int16_t>({83, 61, 5});
  expect_the_same_clipped<std::uint16_t>({1, 7, 33});
  expect_the_same_clipped<float>({33, 131, 4});
  expect_the_same_clipped<float>({3, 1, 1});
}

/// The greatest and the least value of a slice are one voxel each, near begins and ends of rows, planes and loads: who
/// misses one clips what is made of it.
template <class In>
void expect_every_value_to_count(Size3 size) {
  for (const int axis : {0, 1, 2}) {
    const int first = axis == 0 ? 1 : 0, second = 3 - axis - first;
    const std::int64_t count = size[first] * size[second];
    const std::array<std::int64_t, 10> places = {0, 1, 7, 4095, 4096, 4097, 31, count - 9, count - 2, count - 1};
    std::vector<In> values = random_values<In>(size.voxel_count(), 1000, 1099);
    for (std::int64_t slice = 0; slice < size[axis]; ++slice) {
      const auto set = [&](std::int64_t place, In value) {
        std::array<std::int64_t, 3> at{};
        at[static_cast<std::size_t>(axis)] = slice;
        at[static_cast<std::size_t>(first)] = place % size[first];
        at[static_cast<std::size_t>(second)] = place / size[first] % size[second];
        values[static_cast<std::size_t>(VolumeView<In>{nullptr, size}.index(at[0], at[1], at[2]))] = value;
      };
      const std::int64_t place = (places[static_cast<std::size_t>(slice) % places.size()] + count) % count;
      set(place, 9000);
      set((place + count / 2) % count, 0);
    }
    ResampleOptions options{{AxisSteps{size.x + 9, 0.9, -0.3}, AxisSteps{size.y, 1, 0.2}, AxisSteps{size.z, 1, 0.1}},
                            Interpolator::lanczos,
                            {}};
    options.separate_axis = axis;
    std::vector<float> expected;
    for (Executor& executor : executors_under_test()) {
      const auto out = resampled_on<float>(executor, values, size, options);
      if (expected.empty()) expected = out;
      ASSERT_EQ(out, expected) << axis << ' ' << executor.description();
    }
  }
}

/// Parts of rows and planes, several of each, and more slices than blocks that a device is given at once.
TEST(Separable, ClipsToTheGreatestAndTheLeastValueWhereverTheyLie) {
  expect_every_value_to_count<std::int16_t>({83, 61, 12});
  expect_every_value_to_count<std::uint16_t>({130, 127, 11});
  expect_every_value_to_count<float>({37, 113, 20});
  expect_every_value_to_count<float>({5, 2051, 13});
}

TEST(Separable, DoesNothingForAnEmptyTarget) {
  const Axes axes = {AxisSteps{3, 1, 0.2}, AxisSteps{0, 1, 0}, AxisSteps{3, 1, 0.2}};
  for (const ResampleOptions& options : all_kinds(axes)) {
    for (Executor& executor : executors_under_test()) {
      EXPECT_TRUE(resampled_on<float>(executor, std::vector<std::int16_t>(27), {3, 3, 3}, options).empty());
    }
  }
}

/// One slice, and rows about as long as a warp and as a device's block.
TEST(Separable, GivesTheSameBitsOnEveryExecutorForOneSlice) {
  for (const std::int64_t nx : {31, 32, 33, 257}) expect_same_bits<std::int16_t, float>({nx, 33, 1}, 0.7, 3);
}

}  // namespace
}  // namespace naru::test
