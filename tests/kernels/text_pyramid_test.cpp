#include "kernels/text_pyramid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "kernels/fill.h"
#include "kernels/text_pyramid_voxel.h"
#include "kernels/text_regions.h"
#include "tests/kernels/run_on.h"
#include "tests/kernels/text_weights.h"
#include "tests/support/executors.h"

namespace naru::test {

namespace {

const TextWindows kUnit = {{0, 0, 0}, {1, 1, 1}};

std::vector<float> view_of(const std::vector<float>& slice, Size3 size, const TextWindows& windows,
                           const TextView& view, Size3 view_size) {
  Executor executor = Executor::cpu(1);
  return run_on<float>(executor, slice, size, view_size, [&](auto from, auto to) {
    fill_voxels(to, TextRenderVoxel{from, windows, view, {}}, executor);
  });
}

TEST(TextPyramid, RendersEachWindowAndClampsToIt) {
  const TextWindows windows = {{0, 100, -50}, {200, 300, -50}};
  const std::vector<float> slice = {
      -10, 50, 100, 200, 250, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 300};
  const auto seen = view_of(slice, {8, 1, 1}, windows, {8, 1, 1, 1}, {24, 17, 3});
  const auto at = [&](std::size_t x, std::size_t window) {
    return seen[(window * 17 + kTextEdge) * 24 + kTextEdge + x];
  };
  const std::vector<float> first = {0, 0.25F, 0.5F, 1, 1, 0, 1, 1}, second = {0, 0, 0, 0.5F, 0.75F, 0, 1, 1};
  for (std::size_t x = 0; x < 8; ++x) {
    EXPECT_FLOAT_EQ(at(x, 0), first[x]) << x;
    EXPECT_FLOAT_EQ(at(x, 1), second[x]) << x;
    EXPECT_TRUE(at(x, 2) == 0 || at(x, 2) == 1) << x;  // an empty window is a threshold
  }
}

TEST(TextPyramid, ContinuesTheEdge) {
  const auto seen = view_of({0.25F, 0.5F, 0.75F, 1}, {2, 2, 1}, kUnit, {2, 2, 1, 1}, {24, 24, 3});
  EXPECT_FLOAT_EQ(seen.front(), 0.25F);
  EXPECT_FLOAT_EQ(seen[24 * 24 - 1], 1);
  EXPECT_FLOAT_EQ(seen[23], 0.5F);
}

TEST(TextPyramid, SeesMeansWhereItShrinksAndRepeatsWhereItGrows) {
  const std::vector<float> slice = {0, 0.5F, 1, 1, 0.5F, 0, 1, 1};
  const auto half = view_of(slice, {4, 2, 1}, kUnit, {4, 2, 2, 1}, {24, 24, 3});
  EXPECT_FLOAT_EQ(half[kTextEdge * 24 + kTextEdge], 0.25F);
  EXPECT_FLOAT_EQ(half[kTextEdge * 24 + kTextEdge + 1], 1);
  const auto twice = view_of(slice, {4, 2, 1}, kUnit, {4, 2, 1, 2}, {24, 24, 3});
  for (const std::size_t x : {0, 1, 2, 3, 4, 5}) {
    EXPECT_FLOAT_EQ(twice[kTextEdge * 24 + kTextEdge + x], slice[x / 2]) << x;
    EXPECT_FLOAT_EQ(twice[(kTextEdge + 3) * 24 + kTextEdge + x], slice[4 + x / 2]) << x;
  }
}

TEST(TextPyramid, TakesColourPlaneByPlane) {
  const auto seen = view_of({0.1F, 0.2F, 0.3F}, {1, 1, 3}, kUnit, {1, 1, 1, 1}, {24, 24, 3});
  for (std::size_t w = 0; w < 3; ++w) EXPECT_FLOAT_EQ(seen[w * 24 * 24], 0.1F * static_cast<float>(w + 1));
}

/// What a view shows is put back to where it came from.
TEST(TextPyramid, PutsEachViewBackToItsPlace) {
  constexpr Size3 kSize{13, 9, 1};
  Executor executor = Executor::cpu(1);
  for (const TextView view :
       {TextView{13, 9, 1, 1}, TextView{13, 9, 2, 1}, TextView{13, 9, 1, 2}, TextView{13, 9, 4, 1}}) {
    for (std::int64_t place = 0; place < kSize.voxel_count(); ++place) {
      std::vector<float> slice(static_cast<std::size_t>(kSize.voxel_count()));
      slice[static_cast<std::size_t>(place)] = 1;
      constexpr Size3 kView{48, 48, 3};
      auto seen = view_of(slice, kSize, kUnit, view, kView);
      seen.resize(48 * 48);
      const auto merged = run_on<float>(executor, seen, {48, 48, 1}, kSize, [&](auto from, auto to) {
        fill_voxels(to, TextUnknownVoxel{}, executor);
        fill_voxels(to, TextMergeVoxel{to, from, view, {0, 0, 0, 0, 48, 48}}, executor);
      });
      const float share = 1 / static_cast<float>(view.shrink * view.shrink);
      EXPECT_GE(merged[static_cast<std::size_t>(place)], share) << place;  // more where the edge goes on in it
      std::size_t marked = 0;
      for (const float value : merged) marked += value > 0 ? 1 : 0;
      EXPECT_LE(marked, static_cast<std::size_t>(view.shrink * view.shrink));
    }
  }
}

TEST(TextPyramid, TakesTheLargestOfAllViews) {
  Executor executor = Executor::cpu(1);
  std::vector<float> joined = {0.5F, 0.5F};
  const auto merge = [&](float first, float second) {
    std::vector<float> seen(24 * 24);
    seen[kTextEdge * 24 + kTextEdge] = first;
    seen[kTextEdge * 24 + kTextEdge + 1] = second;
    joined = run_on<float>(executor, joined, {2, 1, 1}, {2, 1, 1}, [&](auto from, auto to) {
      const TextView view{2, 1, 1, 1};
      fill_voxels(to, TextMergeVoxel{from, {seen.data(), {24, 24, 1}}, view, {0, 0, 0, 0, 24, 24}}, executor);
    });
  };
  merge(0.9F, 0.1F);
  merge(0.3F, 0);
  EXPECT_FLOAT_EQ(joined[0], 0.9F);
  EXPECT_FLOAT_EQ(joined[1], 0.5F);
}

TEST(TextPyramid, GivesTheSameInTilesAsInOne) {
  const std::string file = random_text_weights(3);
  const TextNetwork network = TextNetwork::from_bytes(std::as_bytes(std::span(file)));
  Executor executor = Executor::cpu(2);
  const ReachableTextNetwork reachable(network, executor);
  // A view of 1,000 x 24 takes two tiles; its right part, seen alone from a multiple of 16 on, one.
  constexpr std::int64_t kWidth = 1000, kHeight = 24, kCut = 400;
  std::vector<float> slice, right;
  for (const int value : random_values<int>(kWidth * kHeight, 0, 255)) slice.push_back(static_cast<float>(value));
  for (std::int64_t y = 0; y < kHeight; ++y) {
    right.insert(right.end(), slice.begin() + y * kWidth + kCut, slice.begin() + (y + 1) * kWidth);
  }
  const auto probability_of = [&](const std::vector<float>& values, std::int64_t width) {
    return run_on<float>(executor, values, {width, kHeight, 1}, {width, kHeight, 1}, [&](auto from, auto to) {
      detect_text_at_all_scales(reachable, from, {{0, 0, 0}, {255, 255, 255}}, to, executor);
    });
  };
  const auto whole = probability_of(slice, kWidth), part = probability_of(right, kWidth - kCut);
  for (std::int64_t y = 0; y < kHeight; ++y) {
    for (std::int64_t x = 200; x < kWidth - kCut; ++x) {  // seen at half the size: twice as far from the cut
      const auto n = static_cast<std::size_t>(y * kWidth + kCut + x);
      const auto m = static_cast<std::size_t>(y * (kWidth - kCut) + x);
      ASSERT_NEAR(whole[n], part[m], 1e-5) << x << ' ' << y;
    }
  }
}

TEST(TextPyramid, GivesTheSameOnEveryExecutor) {
  const std::string file = random_text_weights(2);
  const TextNetwork network = TextNetwork::from_bytes(std::as_bytes(std::span(file)));
  for (const Size3 size : {Size3{1, 1, 1}, Size3{33, 47, 1}, Size3{40, 21, 3}, Size3{410, 9, 1}, Size3{9, 1410, 1}}) {
    std::vector<float> slice;
    for (const int value : random_values<int>(size.voxel_count(), 0, 255)) slice.push_back(static_cast<float>(value));
    const TextWindows windows = {{0, 50, 10}, {255, 200, 240}};
    std::vector<float> first;
    for (Executor& executor : executors_under_test()) {
      const ReachableTextNetwork reachable(network, executor);
      const auto found = run_on<float>(executor, slice, size, {size.x, size.y, 1}, [&](auto from, auto to) {
        detect_text_at_all_scales(reachable, from, windows, to, executor);
      });
      EXPECT_EQ(text_probability(reachable, {slice.data(), size}, windows, executor), found);
      if (first.empty()) first = found;
      for (std::size_t n = 0; n < found.size(); ++n) {
        ASSERT_NEAR(found[n], first[n], 1e-4) << n;
        ASSERT_TRUE(found[n] > 0 && found[n] < 1) << n;
      }
    }
  }
}

/// What cannot be judged is not taken for anatomy: too large sums become infinite, and their differences no number.
TEST(TextPyramid, KeepsWhatIsNoNumberAndItCountsAsText) {
  std::string file = random_text_weights(4);
  constexpr std::size_t kBiasOfStem = 16 + 5 * sizeof(std::uint32_t);
  for (std::size_t n = 0; n < kTextLayers[0].outputs; ++n) {
    const float huge = 3e38F;
    std::memcpy(file.data() + kBiasOfStem + n * sizeof huge, &huge, sizeof huge);
  }
  const TextNetwork network = TextNetwork::from_bytes(std::as_bytes(std::span(file)));
  const std::vector<float> slice(64 * 64, 1);
  for (Executor& executor : executors_under_test()) {
    const ReachableTextNetwork reachable(network, executor);
    const auto found = text_probability(reachable, {slice.data(), {64, 64, 1}}, kUnit, executor);
    EXPECT_TRUE(std::ranges::all_of(found, [](float value) { return std::isnan(value); })) << executor.description();
    const auto regions = find_text_regions({found.data(), {64, 64, 1}}, {});
    ASSERT_EQ(regions.size(), 1U);
    EXPECT_EQ(regions[0].pixel_count, 64 * 64);
  }
}

TEST(TextPyramid, MarksTheSamePixelsOnEveryExecutor) {
  const std::string file = random_text_weights(3);
  const TextNetwork network = TextNetwork::from_bytes(std::as_bytes(std::span(file)));
  constexpr Size3 kSize{512, 512, 1};
  std::vector<float> slice;
  for (const int value : random_values<int>(kSize.voxel_count(), 0, 255)) slice.push_back(static_cast<float>(value));
  std::vector<float> first;
  float middle = 0;  // half of the pixels are marked: none of them is far from the threshold
  for (Executor& executor : executors_under_test()) {
    const ReachableTextNetwork reachable(network, executor);
    const auto found = run_on<float>(executor, slice, kSize, kSize, [&](auto from, auto to) {
      detect_text_at_all_scales(reachable, from, {{0, 50, 10}, {255, 200, 240}}, to, executor);
    });
    if (first.empty()) {
      first = found;
      std::vector<float> sorted = found;
      std::ranges::sort(sorted);
      ASSERT_LT(sorted.front(), sorted.back());
      middle = sorted[sorted.size() / 2];
    }
    std::size_t both = 0, any = 0;
    for (std::size_t n = 0; n < found.size(); ++n) {
      both += found[n] >= middle && first[n] >= middle ? 1U : 0U;
      any += found[n] >= middle || first[n] >= middle ? 1U : 0U;
    }
    const double share = static_cast<double>(both) / static_cast<double>(any);
    EXPECT_GE(share, 0.999);
    RecordProperty(executor.is_cuda() ? "iou_cuda" : "iou_cpu", std::to_string(share));
  }
}

}  // namespace

}  // namespace naru::test
