#include "kernels/labels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>

#include "kernels/axis_taps.h"
#include "kernels/dispatch.h"
#include "kernels/labels_voxel.h"
#include "tests/kernels/columns.h"
#include "tests/kernels/golden/golden_volume.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

using Axes = std::array<AxisSteps, 3>;

template <class Label>
std::vector<Label> resampled_on(Executor& executor, const std::vector<Label>& values, Size3 size, const Axes& axes,
                                LabelRule rule) {
  const Size3 target{axes[0].target_count, axes[1].target_count, axes[2].target_count};
  return run_on<Label>(executor, values, size, target, [&](VolumeView<const Label> in, VolumeView<Label> out) {
    resample_labels(in, out, axes, rule, executor);
  });
}

const Axes kOneVoxelHalfway = {AxisSteps{1, 1, 0.5}, AxisSteps{1, 1, 0.5}, AxisSteps{1, 1, 0.5}};

TEST(Labels, TakesTheGreatestShare) {
  const std::vector<std::uint8_t> three_of_eight = {7, 7, 7, 1, 2, 3, 4, 5};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(resampled_on(executor, three_of_eight, {2, 2, 2}, kOneVoxelHalfway, LabelRule::greatest).front(), 7);
    EXPECT_EQ(resampled_on(executor, three_of_eight, {2, 2, 2}, kOneVoxelHalfway, LabelRule::half).front(), 0);
  }
}

TEST(Labels, DecidesBetweenEqualShares) {
  const std::vector<std::uint8_t> halves = {9, 9, 9, 9, 4, 4, 4, 4};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(resampled_on(executor, halves, {2, 2, 2}, kOneVoxelHalfway, LabelRule::greatest).front(), 4);
    EXPECT_EQ(resampled_on(executor, halves, {2, 2, 2}, kOneVoxelHalfway, LabelRule::half).front(), 9);
  }
}

/// As make_resample_golden.py makes it.
std::vector<std::int16_t> golden_labels() {
  const auto volume = golden_volume();
  std::vector<std::int16_t> values;
  for (std::size_t z = 0; z < 13; ++z) {
    for (std::size_t y = 0; y < 17; ++y) {
      for (std::size_t x = 0; x < 23; ++x) {
        const int value = volume[x / 2 + 23 * (y / 2 + 17 * (z / 2))] % 5;
        values.push_back(static_cast<std::int16_t>(value < 0 ? value + 5 : value));  // as Python divides
      }
    }
  }
  return values;
}

TEST(Labels, GivesTheLabelsOfNnunet) {
  const auto axis = [](double n, std::int64_t count) {
    const double step = n / static_cast<double>(count);
    return AxisSteps{count, step, 0.5 * step - 0.5};
  };
  const Axes axes = {axis(23, golden::kLabelSize[0]), axis(17, golden::kLabelSize[1]), axis(13, golden::kLabelSize[2])};
  for (Executor& executor : executors_under_test()) {
    const auto out = resampled_on(executor, golden_labels(), {23, 17, 13}, axes, LabelRule::half);
    std::size_t zero_count = 0;
    for (std::size_t i = 0; i < golden::kLabels.size(); ++i) {
      ASSERT_EQ(out[i * golden::kEvery], golden::kLabels[i]) << i;
      zero_count += golden::kLabels[i] == 0 ? 1 : 0;
    }
    EXPECT_GT(zero_count, 50u);
    EXPECT_LT(zero_count, golden::kLabels.size() / 2);
  }
}

TEST(Labels, BringsOutNoLabelThatDidNotGoIn) {
  const Size3 size{20, 13, 7};
  auto values = random_values<std::uint16_t>(size.voxel_count(), 0, 2);
  for (auto& value : values) value = static_cast<std::uint16_t>(1000 * value + 17);
  const Axes axes = {AxisSteps{37, 0.6, -0.4}, AxisSteps{5, 2.9, 0.2}, AxisSteps{9, -0.7, 6.2}};
  for (Executor& executor : executors_under_test()) {
    for (const auto label : resampled_on(executor, values, size, axes, LabelRule::greatest)) {
      ASSERT_TRUE(label == 17 || label == 1017 || label == 2017) << label;
    }
  }
}

TEST(Labels, AgreesWithNearestAtTheVoxelsThemselves) {
  const Size3 size{9, 8, 7};
  const auto values = random_values<std::uint8_t>(size.voxel_count(), 0, 255);
  const Axes same = {AxisSteps{9}, AxisSteps{8}, AxisSteps{7}};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(resampled_on(executor, values, size, same, LabelRule::greatest), values);
    EXPECT_EQ(resampled_on(executor, values, size, same, LabelRule::half), values);
  }
}

TEST(Labels, GivesTheSameLabelsOnEveryExecutor) {
  for (const Size3& size : {Size3{1, 1, 1}, Size3{33, 31, 2}, Size3{64, 5, 32}}) {
    const auto values = random_values<std::uint8_t>(size.voxel_count(), 0, 4);
    const Axes axes = {AxisSteps{32, 0.9, 0}, AxisSteps{33, 0.4, 0.1}, AxisSteps{31, 0.3, 0.2}};
    auto executors = executors_under_test();
    const auto expected = resampled_on(executors.front(), values, size, axes, LabelRule::half);
    for (Executor& executor : executors) {
      EXPECT_EQ(resampled_on(executor, values, size, axes, LabelRule::half), expected) << executor.description();
    }
  }
}

/// Of up to `most` + 1 labels in blocks, so that some places have one label around them, and some up to eight.
template <class Label>
void expect_same_labels(Size3 size, const Axes& axes, int most, LabelRule rule) {
  auto values = random_values<Label>(size.voxel_count(), std::is_signed_v<Label> ? -most : 0, most);
  for (std::int64_t i = 0; i < size.voxel_count(); ++i) {
    if (i % size.x % 4 != 0) values[static_cast<std::size_t>(i)] = values[static_cast<std::size_t>(i - 1)];
  }
  Executor executor = Executor::cpu(2);
  const auto best = resampled_on(executor, values, size, axes, rule);
  const Size3 target{axes[0].target_count, axes[1].target_count, axes[2].target_count};
  const ReachableTaps taps(size, {axes, Interpolator::linear, {}}, executor);
  const LabelsVoxel<Label> voxel{{values.data(), size}, taps.axes(), rule};
  for (std::int64_t v = 0; v < target.voxel_count(); ++v) {
    ASSERT_EQ(best[static_cast<std::size_t>(v)], voxel(v % target.x, v / target.x % target.y, v / target.x / target.y))
        << size.x << " step " << axes[0].step;
  }
  for (const CpuPath path : {CpuPath::baseline, CpuPath::avx2}) {
    if (path > cpu_path()) continue;
    const ForcedCpuPath forced(path);
    EXPECT_EQ(best, resampled_on(executor, values, size, axes, rule)) << size.x << " step " << axes[0].step;
  }
}

TEST(Labels, GivesTheSameLabelsOnEveryCpuPath) {
  for (const std::int64_t nx : {1, 2, 16, 31, 33, 200}) {
    for (const double step : {0.3, 1.0, 1.43, 2.0, 3.1, -0.7, -1.9}) {
      const std::int64_t count =
          std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(nx) / std::abs(step)));
      const Axes axes = {AxisSteps{count + 2, step, step > 0 ? -0.4 : static_cast<double>(nx) - 0.6},
                         AxisSteps{13, 0.8, -0.3}, AxisSteps{9, 0.6, 0.2}};
      for (const LabelRule rule : {LabelRule::greatest, LabelRule::half}) {
        for (const int most : {1, 2, 200}) {
          expect_same_labels<std::uint8_t>({nx, 11, 5}, axes, most, rule);
          expect_same_labels<std::uint16_t>({nx, 11, 5}, axes, 300 * most, rule);
          expect_same_labels<std::int16_t>({nx, 11, 5}, axes, 100 * most, rule);
        }
      }
    }
  }
}

TEST(Labels, GoesDownColumnsToTheSameLabels) {
  const Size3 size{9, 8, 40};
  const auto values = random_values<std::uint8_t>(size.voxel_count(), 0, 3);
  for (const double step : {0.3, 1.9, 4.2, -0.7}) {
    const Axes axes = {AxisSteps{14, 0.7, -0.4}, AxisSteps{7, 1.3, -0.2}, AxisSteps{30, step, step > 0 ? -0.4 : 39.5}};
    Executor executor = Executor::cpu(1);
    const ReachableTaps taps(size, {axes, Interpolator::linear, {}}, executor);
    for (const LabelRule rule : {LabelRule::greatest, LabelRule::half}) {
      const LabelsVoxel<std::uint8_t> voxel{{values.data(), size}, taps.axes(), rule};
      expect_same_columns<LabelsColumns<std::uint8_t>>(voxel, {14, 7, 30}, step);
    }
  }
}

/// The share of each label added up on its own, in f64.
TEST(Labels, WeighsAnyNumberOfLabelsAsDefined) {
  const std::vector<float> places = {0.25f, 0.5f, 0.625f};
  for (unsigned seed = 1; seed < 400; ++seed) {
    const auto values = random_values<std::uint8_t>(8, 1, 1 + seed % 6, seed);
    const float x = places[seed % 3], y = places[seed / 3 % 3], z = places[seed / 9 % 3];  // exact in f32
    double shares[8] = {}, most = 0;
    for (unsigned i = 0; i < 8; ++i) {
      shares[values[i]] += (i & 1 ? x : 1 - x) * (i & 2 ? y : 1 - y) * (i & 4 ? z : 1 - z);
    }
    int greatest = 0, half = 0;
    for (int label = 0; label < 8; ++label) {
      if (shares[label] > most) most = shares[label], greatest = label;
      if (shares[label] >= 0.5) half = label;
    }
    const Axes axes = {AxisSteps{1, 1, x}, AxisSteps{1, 1, y}, AxisSteps{1, 1, z}};
    for (Executor& executor : executors_under_test()) {
      ASSERT_EQ(resampled_on(executor, values, {2, 2, 2}, axes, LabelRule::greatest).front(), greatest) << seed;
      ASSERT_EQ(resampled_on(executor, values, {2, 2, 2}, axes, LabelRule::half).front(), half) << seed;
    }
  }
}

/// Nothing, one slice, rows about as long as a warp and as a device's block, and axes that fall.
TEST(Labels, GivesTheLabelsOfEveryExecutorForAnySize) {
  for (const Size3& size : {Size3{33, 31, 1}, Size3{5, 4, 40}}) {
    const auto values = random_values<std::uint16_t>(size.voxel_count(), 0, 4);
    for (const std::int64_t count : {0, 1, 31, 32, 33, 129}) {
      const double step = static_cast<double>(size.x) / static_cast<double>(count + 1);
      const Axes axes = {AxisSteps{count, step, 0.2}, AxisSteps{33, -0.4, static_cast<double>(size.y)},
                         AxisSteps{17, -1.3, static_cast<double>(size.z)}};
      for (const LabelRule rule : {LabelRule::greatest, LabelRule::half}) {
        auto executors = executors_under_test();
        const auto expected = resampled_on(executors.front(), values, size, axes, rule);
        EXPECT_EQ(std::ssize(expected), count * 33 * 17);
        for (Executor& executor : executors) {
          EXPECT_EQ(resampled_on(executor, values, size, axes, rule), expected) << executor.description();
        }
      }
    }
  }
}

}  // namespace
}  // namespace naru::test
