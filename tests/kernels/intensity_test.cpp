#include "kernels/intensity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/dispatch.h"
#include "kernels/intensity_voxel.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class Out, class In>
std::vector<Out> mapped_on(Executor& executor, const std::vector<In>& values, const IntensityMap& map) {
  const Size3 size{static_cast<std::int64_t>(values.size()), 1, 1};
  return run_on<Out>(executor, values, size, size,
                     [&](VolumeView<const In> in, VolumeView<Out> out) { apply_intensity(in, out, map, executor); });
}

// A slab may begin at any voxel, where no 16 bytes begin.
TEST(Intensity, MapsFromAndToAnyAddress) {
  const IntensityMap map = windowed({.slope = 0.5f, .intercept = -3}, -100, 900);
  const auto apply = [&]<class Out>(VolumeView<const std::int16_t> in, VolumeView<Out> out, Executor& executor) {
    apply_intensity(in, out, map, executor);
  };
  for (const std::int64_t count : {1000, kPastTheCaches}) {
    const auto values = random_values<std::int16_t>(count, -1024, 3071);
    expect_the_same_at_any_address<float>(values, apply);
    expect_the_same_at_any_address<std::int16_t>(values, apply);
    for (Executor& executor : executors_under_test()) {
      const auto whole = mapped_on<float>(executor, values, map);
      for (const std::int64_t begin : {1, 7, 8, 500}) {
        const Size3 all{count, 1, 1}, size{count - begin, 1, 1};
        const auto from =
            run_on<float>(executor, values, all, all, [&](VolumeView<const std::int16_t> in, VolumeView<float> out) {
              apply(VolumeView<const std::int16_t>{in.data + begin, size}, VolumeView<float>{out.data, size}, executor);
            });
        EXPECT_TRUE(std::equal(whole.begin() + begin, whole.end(), from.begin())) << begin;
      }
    }
  }
}

TEST(Intensity, IsTheIdentityByDefault) {
  const auto values = random_values<std::int16_t>(1000, -32768, 32767);
  for (Executor& executor : executors_under_test()) EXPECT_EQ(mapped_on<std::int16_t>(executor, values, {}), values);
}

TEST(Intensity, RescalesClipsAndNormalisesInThatOrder) {
  const IntensityMap map{
      .slope = 2, .intercept = -1024, .clip_low = -200, .clip_high = 300, .gain = 0.5f, .offset = 10};
  const std::vector<std::int16_t> values = {0, 412, 500, 662, 2000};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(mapped_on<float>(executor, values, map), (std::vector<float>{-90, -90, -2, 160, 160}));
  }
}

TEST(Intensity, BringsAWindowToZeroAndOne) {
  const IntensityMap map = windowed({.slope = 1, .intercept = -1024}, -160, 240);
  const std::vector<std::int16_t> values = {0, 864, 1064, 1264, 3000};
  const std::vector<float> expected = {0, 0, 0.5f, 1, 1};
  for (Executor& executor : executors_under_test()) {
    const auto out = mapped_on<float>(executor, values, map);
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], expected[i], 1e-7) << i;
  }
}

TEST(Intensity, BringsMeanAndDeviationToZeroAndOne) {
  const IntensityMap map = zscored({}, 100, 32);
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(mapped_on<float>(executor, std::vector<std::uint16_t>{100, 132, 36}, map),
              (std::vector<float>{0, 1, -2}));
  }
}

TEST(Intensity, NormalisesCtAsNnunetDoes) {
  const Fingerprint foreground{.count = 9,
                               .mean = 40,
                               .median = 0,
                               .deviation = 16,
                               .min = -999,
                               .max = 999,
                               .percentile_00_5 = -100,
                               .percentile_99_5 = 300};
  const IntensityMap map = ct_normalized({.slope = 2, .intercept = -1024}, foreground);
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(mapped_on<float>(executor, std::vector<std::int16_t>{0, 462, 532, 542, 662, 2000}, map),
              (std::vector<float>{-8.75F, -8.75F, 0, 1.25F, 16.25F, 16.25F}));
    const auto flat = mapped_on<float>(executor, std::vector<std::int16_t>{40},
                                       ct_normalized({}, {.mean = 40, .percentile_00_5 = 40, .percentile_99_5 = 40}));
    EXPECT_EQ(flat.front(), 0);
  }
}

TEST(Intensity, RoundsHalfToEvenAndSaturates) {
  const std::vector<float> values = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 32767.4f, 32768, 1e9f, 1e30f, -32769, -1e30f};
  const std::vector<std::int16_t> expected = {0, 2, 2, 0, -2, 32767, 32767, 32767, 32767, -32768, -32768};
  for (Executor& executor : executors_under_test()) EXPECT_EQ(mapped_on<std::int16_t>(executor, values, {}), expected);
}

TEST(Intensity, KeepsNanInFloatAndMakesItZeroInInt16) {
  std::vector<float> values(20, kNan);
  values[1] = kInfinity;
  values[2] = -kInfinity;
  const IntensityMap map{.clip_low = -100, .clip_high = 100};
  for (Executor& executor : executors_under_test()) {
    const auto as_float = mapped_on<float>(executor, values, map);
    EXPECT_TRUE(std::isnan(as_float.front()) && std::isnan(as_float.back()));
    const auto as_int16 = mapped_on<std::int16_t>(executor, values, map);
    EXPECT_EQ(std::vector(as_int16.begin(), as_int16.begin() + 4), (std::vector<std::int16_t>{0, 100, -100, 0}));
    EXPECT_EQ(as_int16.back(), 0);
  }
}

TEST(Intensity, WorksInPlace) {
  for (Executor& executor : executors_under_test()) {
    for (const std::int64_t count : {70, kPastTheCaches}) {
      auto buffer = on_executor(std::vector<std::int16_t>(static_cast<std::size_t>(count), 3), executor);
      const VolumeView<std::int16_t> view{buffer.data(), {count, 1, 1}};
      apply_intensity<std::int16_t, std::int16_t>(view, view, {.slope = 10, .intercept = 1}, executor);
      const auto out = to_host(std::move(buffer), executor);
      EXPECT_EQ(std::ranges::count(out.host(), 31), count);
    }
  }
}

template <class In, class Out>
void expect_same_bits_on_both_paths(std::vector<In> values) {
  const IntensityMap map = windowed({.slope = 1.37f, .intercept = -3.1f}, -900.5, 1234.25);
  Executor executor = Executor::cpu(2);
  const auto best = mapped_on<Out>(executor, values, map);
  const ForcedCpuPath forced(CpuPath::baseline);
  const auto plain = mapped_on<Out>(executor, values, map);
  EXPECT_TRUE(values.empty() || std::memcmp(best.data(), plain.data(), plain.size() * sizeof(Out)) == 0);
}

TEST(Intensity, GivesTheSameBitsWithAndWithoutAvx2) {
  if (cpu_path() == CpuPath::baseline) GTEST_SKIP() << "this CPU has no AVX2";
  for (const int count : {0, 1, 7, 8, 9, 31, 32, 33, 70001, kPastTheCaches}) {
    expect_same_bits_on_both_paths<std::int16_t, float>(random_values<std::int16_t>(count, -32768, 32767));
    expect_same_bits_on_both_paths<std::uint16_t, float>(random_values<std::uint16_t>(count, 0, 65535));
    expect_same_bits_on_both_paths<std::uint16_t, std::int16_t>(random_values<std::uint16_t>(count, 0, 65535));
    expect_same_bits_on_both_paths<float, std::int16_t>(random_values<float>(count, -70000, 70000));
    auto floats = random_values<float>(count, -2000, 2000);
    if (count > 8) floats[3] = -0.0f, floats[5] = kInfinity;
    expect_same_bits_on_both_paths<float, float>(floats);
  }
}

template <class In, class Out>
void expect_bits_of_the_formula(int count, int low, int high) {
  const auto values = random_values<In>(count, low, high);
  const IntensityMap map = windowed({.slope = 1.37f, .intercept = -3.1f}, -900.5, 1234.25);
  std::vector<Out> expected;
  for (const In value : values) expected.push_back(cast_to<Out>(mapped(static_cast<float>(value), map)));
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(mapped_on<Out>(executor, values, map), expected) << count << ' ' << executor.description();
  }
}

/// Of a device's packs of eight and blocks of 256 threads, and one more.
TEST(Intensity, GivesTheBitsOfItsFormulaOnEveryExecutor) {
  for (const int count : {0, 1, 31, 32, 33, 257, 2049}) {
    expect_bits_of_the_formula<std::int16_t, float>(count, -32768, 32767);
    expect_bits_of_the_formula<std::uint16_t, float>(count, 0, 65535);
    expect_bits_of_the_formula<std::int16_t, std::int16_t>(count, -32768, 32767);
    expect_bits_of_the_formula<float, std::int16_t>(count, -70000, 70000);
    expect_bits_of_the_formula<float, float>(count, -2000, 2000);
  }
}

}  // namespace
}  // namespace naru::test
