#include "kernels/morphology.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/dispatch.h"
#include "kernels/morphology_voxel.h"
#include "tests/kernels/golden/masks.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

std::vector<std::uint8_t> done_on(Executor& executor, const std::vector<std::uint8_t>& mask, Size3 size,
                                  Morphology operation, const MorphologyElement& element) {
  return run_on<std::uint8_t>(executor, mask, size, size,
                              [&](VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out) {
                                apply_morphology(in, out, operation, element, executor);
                              });
}

std::vector<std::uint8_t> random_mask(Size3 size, int percent, unsigned seed) {
  auto mask = random_values<std::uint8_t>(size.voxel_count(), 0, 99, seed);
  for (std::uint8_t& voxel : mask) voxel = voxel < percent ? 1 : 0;
  return mask;
}

/// One voxel in the middle grows to the element itself.
std::vector<std::uint8_t> grown_point(Executor& executor, const MorphologyElement& element) {
  std::vector<std::uint8_t> point(11 * 9 * 7);
  point[5 + 11 * (4 + 9 * 3)] = 7;
  return done_on(executor, point, {11, 9, 7}, Morphology::dilate, element);
}

template <class IsIn>
void expect_element(const MorphologyElement& element, const IsIn& is_in) {
  for (Executor& executor : executors_under_test()) {
    const auto grown = grown_point(executor, element);
    for (std::int64_t v = 0; v < 11 * 9 * 7; ++v) {
      const std::int64_t dx = std::abs(v % 11 - 5), dy = std::abs(v / 11 % 9 - 4), dz = std::abs(v / 99 - 3);
      EXPECT_EQ(grown[static_cast<std::size_t>(v)], is_in(dx, dy, dz) ? 1 : 0) << dx << " " << dy << " " << dz;
    }
  }
}

TEST(Morphology, ElementsHaveTheirShapes) {
  expect_element(ball_element(3, {0.9, 1, 1.4}), [](auto dx, auto dy, auto dz) {
    return 0.81 * static_cast<double>(dx * dx) + static_cast<double>(dy * dy) + 1.96 * static_cast<double>(dz * dz) <=
           9;
  });
  expect_element(box_element({2, 0, 1}), [](auto dx, auto dy, auto dz) { return dx <= 2 && dy == 0 && dz <= 1; });
  expect_element(cross_element(2), [](auto dx, auto dy, auto dz) { return dx + dy + dz <= 2; });
  expect_element(ball_element(0, {1, 1, 1}), [](auto dx, auto dy, auto dz) { return dx + dy + dz == 0; });
}

TEST(Morphology, ABallReachesVoxelsAtItsVeryRadius) {
  // 3 * 0.7 mm is 2.1 mm, whatever the rounding of the squares.
  expect_element(ball_element(2.1, {0.7, 100, 100}), [](auto dx, auto dy, auto dz) { return dx <= 3 && dy + dz == 0; });
}

TEST(Morphology, GivesWhatScipyGives) {
  const Size3 size{golden::kMaskSize[0], golden::kMaskSize[1], golden::kMaskSize[2]};
  const auto few = random_mask(size, 2, 1), many = random_mask(size, 98, 2);
  const auto& mm = golden::kMaskSpacingMm;
  for (const golden::Morphed& expected : golden::kMorphed) {
    const bool grows = expected.operation == "dilate" || expected.operation == "close";
    const MorphologyElement element =
        expected.element == "ball"  ? ball_element(golden::kBallRadiusMm, {mm[0], mm[1], mm[2]})
        : expected.element == "box" ? (grows ? box_element({2, 2, 2}) : box_element({1, 1, 1}))
                                    : cross_element(grows ? 3 : 2);
    const Morphology operation = expected.operation == "dilate"  ? Morphology::dilate
                                 : expected.operation == "erode" ? Morphology::erode
                                 : expected.operation == "open"  ? Morphology::open
                                                                 : Morphology::close;
    for (Executor& executor : executors_under_test()) {
      const auto found = done_on(executor, grows ? few : many, size, operation, element);
      EXPECT_EQ(std::ranges::count(found, 1), expected.count) << expected.element << " " << expected.operation;
      std::int64_t weighted = 0;
      for (std::size_t v = 0; v < found.size(); ++v) weighted += static_cast<std::int64_t>(found[v] * (v % 8191 + 1));
      EXPECT_EQ(weighted, expected.weighted) << expected.element << " " << expected.operation;
    }
  }
}

TEST(Morphology, ErosionIsTheDilationOfWhatIsNotInTheMask) {
  const MorphologyElement element = ball_element(1.7, {0.8, 1.1, 1.5});
  for (const Size3 size : {Size3{1, 1, 1}, Size3{31, 5, 3}, Size3{32, 33, 1}, Size3{33, 3, 40}}) {
    const auto mask = random_mask(size, 70, 4);
    auto rest = mask;
    for (auto& voxel : rest) voxel = voxel == 0 ? 1 : 0;
    for (Executor& executor : executors_under_test()) {
      auto grown = done_on(executor, rest, size, Morphology::dilate, element);
      for (auto& voxel : grown) voxel = voxel == 0 ? 1 : 0;
      EXPECT_EQ(done_on(executor, mask, size, Morphology::erode, element), grown);
    }
  }
}

/// What a device does, on the CPU too, beside rows of bits with and without AVX2.
void expect_passes(const std::vector<std::uint8_t>& mask, Size3 size, const MorphologyElement& element) {
  Executor executor = Executor::cpu(2);
  auto rest = mask;
  for (auto& voxel : rest) voxel = voxel == 0 ? 1 : 0;
  for (const bool grows : {true, false}) {
    const auto& from = grows ? mask : rest;  // so that something is left of it
    const auto by_passes = run_on<std::uint8_t>(executor, from, size, size,
                                                [&](VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out) {
                                                  grow_by_passes(in, out, grows, element, executor);
                                                });
    const Morphology operation = grows ? Morphology::dilate : Morphology::erode;
    EXPECT_EQ(done_on(executor, from, size, operation, element), by_passes) << size.x;
    const ForcedCpuPath forced(CpuPath::baseline);
    EXPECT_EQ(done_on(executor, from, size, operation, element), by_passes) << size.x;
  }
}

TEST(Morphology, SingleVoxelsReachAsFarOnRowsOfBitsAsByPasses) {
  const Size3 size{150, 3, 2};
  std::vector<MorphologyElement> elements = {ball_element(5, {0.7, 6, 6}), ball_element(40, {1, 50, 50}), {}};
  for (const std::int64_t reach : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 31, 40, 63, 64, 65, 70, 128, 400}) {
    elements.push_back(box_element({reach, 0, 0}));
    elements.push_back(box_element({reach, 1, 0}));
  }
  for (const MorphologyElement& element : elements) {
    for (const std::int64_t x : {0, 1, 2, 62, 63, 64, 65, 127, 128, 148, 149}) {
      std::vector<std::uint8_t> mask(static_cast<std::size_t>(size.voxel_count()));
      mask[static_cast<std::size_t>(x + size.x)] = 1;
      expect_passes(mask, size, element);
    }
  }
}

TEST(Morphology, PassesAlongTheAxesAndRowsOfBitsGiveTheSame) {
  const std::vector<MorphologyElement> elements = {ball_element(3.3, {0.8, 1.1, 1.5}), ball_element(80, {1, 20, 30}),
                                                   box_element({70, 1, 2}), cross_element(4),
                                                   ball_element(0, {1, 1, 1})};
  for (const Size3 size : {Size3{1, 70, 3}, Size3{63, 5, 4}, Size3{64, 33, 2}, Size3{65, 7, 9}, Size3{200, 40, 6}}) {
    for (const int percent : {1, 5, 60}) {
      const auto mask = random_mask(size, percent, 5);
      for (const MorphologyElement& element : elements) expect_passes(mask, size, element);
    }
  }
  for (const Size3 size : {Size3{192, 170, 135}, Size3{161, 170, 160}}) {  // written past the caches
    expect_passes(random_mask(size, 5, 6), size, elements.front());
  }
}

TEST(Morphology, OpeningAndClosingChangeNothingTheSecondTime) {
  const Size3 size{40, 31, 9};
  const auto mask = random_mask(size, 60, 8);
  const MorphologyElement element = cross_element(1);
  for (Executor& executor : executors_under_test()) {
    for (const Morphology operation : {Morphology::open, Morphology::close}) {
      const auto once = done_on(executor, mask, size, operation, element);
      EXPECT_NE(once, mask);
      EXPECT_EQ(done_on(executor, once, size, operation, element), once);
    }
  }
}

TEST(Morphology, WhatLiesBeyondTheVolumeIsNoBackground) {
  const std::vector<std::uint8_t> full(5 * 4 * 3, 1), nothing(5 * 4 * 3);
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(done_on(executor, full, {5, 4, 3}, Morphology::erode, box_element({9, 9, 9})), full);
    EXPECT_EQ(done_on(executor, nothing, {5, 4, 3}, Morphology::dilate, box_element({9, 9, 9})), nothing);
    EXPECT_TRUE(done_on(executor, {}, {0, 0, 0}, Morphology::close, cross_element(1)).empty());
  }
}

}  // namespace
}  // namespace naru::test
