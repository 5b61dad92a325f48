#include "kernels/affine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/affine_voxel.h"
#include "kernels/dispatch.h"
#include "tests/kernels/golden/golden_volume.h"
#include "tests/kernels/impulse.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

template <class Out, class In>
std::vector<Out> resampled_on(Executor& executor, const std::vector<In>& values, Size3 size, Size3 target,
                              const AffineOptions& options) {
  return run_on<Out>(executor, values, size, target, [&](VolumeView<const In> in, VolumeView<Out> out) {
    resample_affine(in, out, options, executor);
  });
}

constexpr std::array kKinds = {Interpolator::nearest, Interpolator::linear, Interpolator::bspline};

/// Turned about z by 90 degrees: x' = y, y' = last - x.
Affine quarter_turn(double last) { return {{{{0, 1, 0, 0}, {-1, 0, 0, last}, {0, 0, 1, 0}}}}; }

Affine golden_affine() {
  Affine affine;
  for (std::size_t r = 0; r < 3; ++r) std::ranges::copy(golden::kAffine[r], affine.rows[r].begin());
  return affine;
}

bool lies_within(const Vec3& p, const Size3& size) {
  for (int a = 0; a < 3; ++a) {
    if (p[static_cast<std::size_t>(a)] < 0 || p[static_cast<std::size_t>(a)] > static_cast<double>(size[a] - 1)) {
      return false;
    }
  }
  return true;
}

/// Where scipy and we mean the same: between the outer centres.
void expect_golden(std::span<const float> golden, Interpolator interpolator) {
  const Size3 size{golden::kResampleSize[0], golden::kResampleSize[1], golden::kResampleSize[2]};
  const Size3 target{golden::kAffineSize[0], golden::kAffineSize[1], golden::kAffineSize[2]};
  const Affine affine = golden_affine();
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, golden_volume(), size, target, {affine, interpolator, {}});
    std::size_t compared = 0;
    double worst = 0;
    for (std::size_t i = 0; i < golden.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i * golden::kEvery);
      const Vec3 p = affine({static_cast<double>(at % target.x), static_cast<double>(at / target.x % target.y),
                             static_cast<double>(at / (target.x * target.y))});
      if (!lies_within(p, size)) continue;
      ++compared;
      worst = std::max(worst, std::abs(static_cast<double>(out[i * golden::kEvery]) - golden[i]));
    }
    EXPECT_GT(compared, 400u);
    EXPECT_LE(worst, interpolator == Interpolator::linear ? 1e-3 : 4e-3);
  }
}

TEST(Affine, AgreesWithScipy) {
  expect_golden(golden::kAffineLinear, Interpolator::linear);
  expect_golden(golden::kAffineBspline, Interpolator::bspline);
}

TEST(Affine, SpreadsAnImpulseAsItsInterpolatorDoes) {
  const Affine affine{{{{0.45, 0.1, -0.05, 10.3}, {-0.08, 0.5, 0.15, 9.1}, {0.03, -0.12, 0.35, 12.2}}}};
  const Size3 target{24, 22, 20};
  const auto place = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return affine({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
  };
  for (Executor& executor : executors_under_test()) {
    const auto by = [&](Interpolator interpolator) {
      return resampled_on<float>(executor, impulse(), kImpulseSize, target, {affine, interpolator, {}});
    };
    expect_impulse_response(by(Interpolator::linear), target, place, hat, 1e-3);
    expect_impulse_response(by(Interpolator::bspline), target, place, cardinal_spline, 4e-3);
  }
}

TEST(Affine, TurnsAVolumeExactly) {
  const Size3 size{11, 9, 4}, turned{9, 11, 4};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -32768, 32767);
  for (const Interpolator kind : kKinds) {
    for (Executor& executor : executors_under_test()) {
      // Source x is target y; source y is the last row less target x.
      const AffineOptions there{quarter_turn(8), kind, {}}, again{quarter_turn(10), kind, {}};
      std::vector<std::int16_t> out = resampled_on<std::int16_t>(executor, values, size, turned, there);
      EXPECT_EQ(out[0], values[8 * 11]);
      out = resampled_on<std::int16_t>(executor, out, turned, size, again);
      out = resampled_on<std::int16_t>(executor, out, size, turned, there);
      EXPECT_EQ(resampled_on<std::int16_t>(executor, out, turned, size, again), values);
    }
  }
}

TEST(Affine, KeepsARampExactThroughAShear) {
  const Size3 size{40, 40, 40};
  std::vector<std::int16_t> values;
  for (int i = 0; i < 64000; ++i) {
    values.push_back(static_cast<std::int16_t>(3 * (i % 40) - 7 * (i / 40 % 40) + 11 * (i / 1600)));
  }
  const Affine shear{{{{1, 0.25, 0.125, 14}, {0, 0.75, -0.25, 18}, {0, 0, 1.5, 15}}}};
  for (const Interpolator kind : {Interpolator::linear, Interpolator::bspline}) {
    for (Executor& executor : executors_under_test()) {
      const auto out = resampled_on<float>(executor, values, size, {6, 5, 4}, {shear, kind, {}});
      for (int i = 0; i < 120; ++i) {
        const Vec3 p = shear({double(i % 6), double(i / 6 % 5), double(i / 30)});
        ASSERT_NEAR(out[static_cast<std::size_t>(i)], 3 * p[0] - 7 * p[1] + 11 * p[2], 1e-3);
      }
    }
  }
}

TEST(Affine, KeepsAConstantAndSaysWhatLiesOutside) {
  const Size3 size{6, 5, 4};
  const std::vector<float> values(120, 0.1f);
  const Affine shift{{{{1, 0, 0, -2}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
  for (const Interpolator kind : kKinds) {
    for (Executor& executor : executors_under_test()) {
      AffineOptions options{shift, kind, {}};
      options.outside = -1000;
      const auto out = resampled_on<float>(executor, values, size, size, options);
      for (std::size_t i = 0; i < 120; ++i) ASSERT_EQ(out[i], i % 6 < 2 ? -1000.0f : 0.1f) << i;
    }
  }
}

TEST(Affine, TakesTheOuterValueUpToHalfAVoxelBeyondTheCentre) {
  const std::vector<std::int16_t> values = {10, 20};
  const Affine map{{{{0.25, 0, 0, -0.75}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};  // -0.75, -0.5, ... 1.5
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on<float>(executor, values, {2, 1, 1}, {10, 1, 1}, {map, Interpolator::linear, {}});
    const std::vector<float> expected = {0, 10, 10, 10, 12.5f, 15, 17.5f, 20, 20, 0};
    EXPECT_EQ(out, expected);
  }
}

TEST(Affine, AgreesWithTheAxisAlignedResampling) {
  const Size3 size{33, 20, 9}, target{40, 11, 13};
  const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071);
  const std::array<AxisSteps, 3> axes = {AxisSteps{40, 0.8, 0.1}, AxisSteps{11, 1.7, 0.4}, AxisSteps{13, 0.6, 0.2}};
  Affine affine;
  for (std::size_t a = 0; a < 3; ++a) {
    affine.rows[a][a] = axes[a].step;
    affine.rows[a][3] = axes[a].first;
  }
  for (Executor& executor : executors_under_test()) {
    for (const Interpolator kind : kKinds) {
      ResampleOptions options{axes, kind, {}};
      options.boundary = Boundary::mirror;
      const auto expected = run_on<float>(
          executor, values, size, target,
          [&](VolumeView<const std::int16_t> in, VolumeView<float> out) { resample(in, out, options, executor); });
      const auto out = resampled_on<float>(executor, values, size, target, {affine, kind, {}});
      for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], expected[i], 4e-3) << i;
    }
  }
}

TEST(Affine, GivesTheSameBytesOnEveryExecutor) {
  const Size3 size{31, 17, 12}, target{33, 32, 9};
  const auto values = random_values<std::uint16_t>(size.voxel_count(), 0, 65535);
  for (const Interpolator kind : kKinds) {
    auto executors = executors_under_test();
    const AffineOptions options{golden_affine(), kind, windowed({}, 0, 40000)};
    const auto expected = resampled_on<float>(executors.front(), values, size, target, options);
    for (Executor& executor : executors) {
      EXPECT_EQ(resampled_on<float>(executor, values, size, target, options), expected) << executor.description();
    }
  }
}

/// Turned about all axes, centre upon centre, the corners of the target outside of the source.
Affine turned_about_all(const Size3& size, const Size3& target) {
  Affine affine{{{{0, 0.1, -0.07, 0}, {-0.04, 0, 0.12, 0}, {0.03, -0.08, 0, 0}}}};
  for (std::size_t a = 0; a < 3; ++a) {
    auto& row = affine.rows[a];
    const auto axis = static_cast<int>(a);
    row[a] = 1.1 * static_cast<double>(size[axis]) / static_cast<double>(target[axis]);
    row[3] = static_cast<double>(size[axis] - 1) / 2;
    for (int b = 0; b < 3; ++b) row[3] -= row[static_cast<std::size_t>(b)] * static_cast<double>(target[b] - 1) / 2;
  }
  return affine;
}

/// On the path forced and on the plain one.
template <class In, class Out>
void expect_same_bits(CpuPath path, Size3 size, Size3 target, const IntensityMap& map, Interpolator interpolator) {
  const auto values = random_values<In>(size.voxel_count(), std::is_unsigned_v<In> ? 0 : -32768, 32767);
  AffineOptions options{turned_about_all(size, target), interpolator, map};
  options.outside = -1000;
  Executor executor = Executor::cpu(2);
  const auto on = [&](CpuPath forced_path) {
    const ForcedCpuPath forced(forced_path);
    return resampled_on<Out>(executor, values, size, target, options);
  };
  const auto plain = on(CpuPath::baseline), other = on(path);
  EXPECT_EQ(std::memcmp(other.data(), plain.data(), other.size() * sizeof(Out)), 0) << size.x << " " << target.x;
  // As many as the voxels outside hold their value, or more: clipping makes some of it.
  const auto outside = static_cast<std::size_t>(std::ranges::count(plain, plain.front()));
  EXPECT_TRUE(target.x < 15 || size.x < 31 || (outside > 0 && outside < plain.size() * 3 / 4)) << outside;
}

class AffinePath : public ::testing::TestWithParam<CpuPath> {
 protected:
  void SetUp() override {
    if (GetParam() > cpu_path()) GTEST_SKIP() << "this CPU has not this path";
  }
};

TEST_P(AffinePath, GivesTheSameBitsAsTheFormula) {
  const IntensityMap map = windowed({.slope = 1.37f, .intercept = -3.1f}, -900.5, 1234.25);
  for (const Interpolator interpolator : {Interpolator::linear, Interpolator::nearest, Interpolator::bspline}) {
    for (const std::int64_t nx : {1, 2, 3, 31, 200}) {
      for (const std::int64_t count : {1, 15, 16, 17, 90}) {
        const Size3 size{nx, 17, 12}, target{count, 32, 9};
        expect_same_bits<std::int16_t, float>(GetParam(), size, target, map, interpolator);
        expect_same_bits<std::int16_t, std::int16_t>(GetParam(), size, target, {.slope = 1.5f}, interpolator);
        expect_same_bits<std::uint16_t, float>(GetParam(), size, target, map, interpolator);
        expect_same_bits<std::uint16_t, std::int16_t>(GetParam(), size, target, {}, interpolator);
        expect_same_bits<float, float>(GetParam(), size, target, map, interpolator);
        expect_same_bits<float, std::int16_t>(GetParam(), size, target, {.slope = -1e9f}, interpolator);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryCpuPath, AffinePath, ::testing::Values(CpuPath::avx2, CpuPath::avx512));

TEST(Affine, MirrorsNearAnEndAsAnywhere) {
  for (int count = 1; count < 8; ++count) {
    for (int index = -2; index < count + 2; ++index) {
      EXPECT_EQ(mirrored_near(index, count), mirrored(index, count)) << index << " of " << count;
    }
  }
}

TEST(Affine, TakesAnEmptyTargetAndASingleVoxel) {
  for (Executor& executor : executors_under_test()) {
    for (const Interpolator kind : kKinds) {
      EXPECT_TRUE(
          resampled_on<float>(executor, std::vector<std::int16_t>{5}, {1, 1, 1}, {0, 3, 3}, {{}, kind, {}}).empty());
      EXPECT_EQ(resampled_on<float>(executor, std::vector<std::int16_t>{5}, {1, 1, 1}, {1, 1, 1}, {{}, kind, {}}),
                std::vector<float>{5});
    }
  }
}

/// One slice, rows about as long as a warp and as a device's block, voxels of three spacings.
TEST(Affine, GivesTheBytesOfEveryExecutorForAnySize) {
  for (const Size3& size : {Size3{1, 1, 1}, Size3{33, 31, 1}, Size3{40, 9, 32}}) {
    const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071);
    for (const std::int64_t count : {1, 31, 32, 33, 257}) {
      const Size3 target{count, 9, 3};
      for (const Interpolator kind : kKinds) {
        AffineOptions options{turned_about_all(size, target), kind, {.slope = 1.5f}};
        options.outside = -1000;
        auto executors = executors_under_test();
        const auto expected = resampled_on<float>(executors.front(), values, size, target, options);
        for (Executor& executor : executors) {
          EXPECT_EQ(resampled_on<float>(executor, values, size, target, options), expected) << executor.description();
        }
      }
    }
  }
}

}  // namespace
}  // namespace naru::test
