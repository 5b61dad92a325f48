#include "kernels/float16.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "kernels/dispatch.h"
#include "kernels/resample.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::uint16_t kInfinityBits = 0x7c00;

std::vector<Float16> cast_on(Executor& executor, const std::vector<float>& values) {
  const Size3 size{static_cast<std::int64_t>(values.size()), 1, 1};
  return run_on<Float16>(executor, values, size, size,
                         [&](VolumeView<const float> in, VolumeView<Float16> out) { cast_float16(in, out, executor); });
}

Float16 half(int bits) { return {static_cast<std::uint16_t>(bits)}; }

TEST(Float16, IsReadByItsDefinition) {
  EXPECT_EQ(to_float32(half(0x3c00)), 1.0F);
  EXPECT_EQ(to_float32(half(0xc000)), -2.0F);
  EXPECT_EQ(to_float32(half(0x7bff)), 65504.0F);
  EXPECT_EQ(to_float32(half(0x0400)), std::ldexp(1.0F, -14));
  EXPECT_EQ(to_float32(half(0x0001)), std::ldexp(1.0F, -24));
  EXPECT_EQ(to_float32(half(0x3555)), 0.333251953125F);
  EXPECT_TRUE(std::signbit(to_float32(half(0x8000))));
  EXPECT_EQ(to_float32(half(kInfinityBits)), kInfinity);
  EXPECT_TRUE(std::isnan(to_float32(half(0x7e00))));
}

TEST(Float16, KeepsEveryNumberThatItHolds) {
  std::vector<float> values;
  std::vector<Float16> expected;
  for (int bits = 0; bits < kInfinityBits; ++bits) {
    for (const int sign : {0, 0x8000}) {
      expected.push_back(half(bits | sign));
      values.push_back(to_float32(expected.back()));
    }
  }
  for (Executor& executor : executors_under_test()) EXPECT_EQ(cast_on(executor, values), expected);
}

TEST(Float16, RoundsToTheNearestAndHalfToEvenEverywhere) {
  std::vector<float> values;
  std::vector<Float16> expected;
  for (int bits = 0; bits + 1 < kInfinityBits; ++bits) {
    const float low = to_float32(half(bits)), high = to_float32(half(bits + 1)), middle = (low + high) / 2;  // exact
    values.insert(values.end(), {middle, std::nextafterf(middle, low), std::nextafterf(middle, high), -middle});
    const int even = bits % 2 == 0 ? bits : bits + 1;
    for (const int one : {even, bits, bits + 1, even | 0x8000}) expected.push_back(half(one));
  }
  for (Executor& executor : executors_under_test()) EXPECT_EQ(cast_on(executor, values), expected);
}

TEST(Float16, SaturatesAndKeepsNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {65504, 65519, 65520, 1e30F, kInfinity, -65520, -kInfinity, nan, -nan, 1e-30F};
  const std::vector<int> expected = {0x7bff, 0x7bff, 0x7bff, 0x7bff, 0x7bff, 0xfbff, 0xfbff, 0x7e00, 0x7e00, 0};
  for (Executor& executor : executors_under_test()) {
    const auto found = cast_on(executor, values);
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(found[i], half(expected[i])) << values[i];
  }
}

template <class In>
void expect_last_step(Executor& executor, Size3 size, const ResampleOptions& options) {
  const auto values = random_values<In>(size.voxel_count(), std::is_unsigned_v<In> ? 0 : -32768, 32767);
  const Size3 to{options.axes[0].target_count, options.axes[1].target_count, options.axes[2].target_count};
  const auto resampled = [&](const auto& in, const auto& out) { resample(in, out, options, executor); };
  const auto mapped = [&](const auto& in, const auto& out) { apply_intensity(in, out, options.intensity, executor); };
  EXPECT_EQ(run_on<Float16>(executor, values, size, to, resampled),
            cast_on(executor, run_on<float>(executor, values, size, to, resampled)));
  EXPECT_EQ(run_on<Float16>(executor, values, size, size, mapped),
            cast_on(executor, run_on<float>(executor, values, size, size, mapped)));
}

/// Values beyond the range of float16, subnormal ones, and sizes that fill no block.
TEST(Float16, IsTheLastStepOfAResamplingToTheSameBits) {
  const Size3 size{37, 11, 21};
  const std::array axes = {AxisSteps{52, 0.7, 0.1}, AxisSteps{7, 1.6, 0.2}, AxisSteps{21, -0.9, 19.5}};
  for (const IntensityMap& map :
       {IntensityMap{.slope = 7}, IntensityMap{.slope = 1e-9F}, windowed({}, -1000, 1000), IntensityMap{}}) {
    std::vector<ResampleOptions> kinds;
    for (const Interpolator interpolator :
         {Interpolator::nearest, Interpolator::linear, Interpolator::bspline, Interpolator::lanczos}) {
      kinds.push_back({axes, interpolator, map});
    }
    kinds.push_back({axes, Interpolator::bspline, map});
    kinds.back().separate_axis = 2;
    for (const ResampleOptions& options : kinds) {
      for (Executor& executor : executors_under_test()) {
        expect_last_step<std::int16_t>(executor, size, options);
        expect_last_step<std::uint16_t>(executor, size, options);
        expect_last_step<float>(executor, size, options);
      }
    }
  }
}

TEST(Float16, IsCastToAnyAddress) {
  for (const int count : {100, kPastTheCaches}) {
    expect_the_same_at_any_address<Float16>(random_values<float>(count, -70000, 70000), cast_float16);
  }
}

TEST(Float16, GivesTheSameBitsWithAndWithoutF16c) {
  if (cpu_path() == CpuPath::baseline) GTEST_SKIP() << "this CPU has no AVX2";
  for (const int count : {0, 1, 7, 8, 9, 31, 32, 33, 70001, kPastTheCaches}) {
    auto values = random_values<float>(count, -70000, 70000);
    for (std::size_t v = 0; v < values.size(); v += 2) values[v] *= 1e-9F * static_cast<float>(v % 97);
    if (values.size() > 8) values[3] = std::numeric_limits<float>::signaling_NaN(), values[5] = kInfinity;
    Executor executor = Executor::cpu(2);
    const auto best = cast_on(executor, values);
    const ForcedCpuPath forced(CpuPath::baseline);
    EXPECT_EQ(cast_on(executor, values), best) << count;
  }
}

TEST(Float16, IsTheSameOnEveryExecutorForAnySize) {
  for (const int count : {0, 1, 31, 32, 33, 257}) {
    const auto values = random_values<float>(count, -70000, 70000);
    auto executors = executors_under_test();
    const auto expected = cast_on(executors.front(), values);
    for (Executor& executor : executors) EXPECT_EQ(cast_on(executor, values), expected) << count;
  }
}

}  // namespace
}  // namespace naru::test
