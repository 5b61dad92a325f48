#include "kernels/foreground_box.h"

#include <gtest/gtest.h>

#include <limits>

#include "kernels/dispatch.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

template <class T>
std::optional<VoxelBox> box_on(Executor& executor, const std::vector<T>& values, Size3 size, float at,
                               bool is_below = false) {
  const Buffer<T> buffer = on_executor(values, executor);
  return foreground_box(VolumeView<const T>{buffer.data(), size}, {at, is_below}, executor);
}

/// The box of two voxels is that of their corners, wherever they lie.
template <class T>
void expect_box_of_two_voxels() {
  const Size3 size{200, 66, 31};
  const VolumeView<const T> view{nullptr, size};
  const std::array<std::array<std::int64_t, 3>, 5> places = {
      {{0, 0, 0}, {199, 65, 30}, {31, 64, 1}, {32, 0, 29}, {5, 17, 11}}};
  for (const auto& a : places) {
    for (const auto& b : places) {
      std::vector<T> values(static_cast<std::size_t>(size.voxel_count()), T{3});
      values[static_cast<std::size_t>(view.index(a[0], a[1], a[2]))] = T{5};
      values[static_cast<std::size_t>(view.index(b[0], b[1], b[2]))] = T{4};
      VoxelBox expected;
      for (std::size_t i = 0; i < 3; ++i) {
        expected.first[i] = std::min(a[i], b[i]);
        expected.last[i] = std::max(a[i], b[i]);
      }
      for (Executor& executor : executors_under_test()) EXPECT_EQ(box_on<T>(executor, values, size, 3), expected);
      const ForcedCpuPath forced(CpuPath::baseline);
      Executor executor = Executor::cpu(1);
      EXPECT_EQ(box_on<T>(executor, values, size, 3), expected);
    }
  }
}

TEST(ForegroundBox, HoldsEveryVoxelAboveTheThresholdAndNoMore) {
  expect_box_of_two_voxels<std::uint8_t>();
  expect_box_of_two_voxels<std::int16_t>();
  expect_box_of_two_voxels<std::uint16_t>();
  expect_box_of_two_voxels<float>();
}

TEST(ForegroundBox, IsEmptyWhereNothingIsAbove) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(box_on<std::int16_t>(executor, std::vector<std::int16_t>(12, -500), {3, 2, 2}, -500), std::nullopt);
    EXPECT_EQ(box_on<float>(executor, {nan, -infinity, 0}, {3, 1, 1}, 0), std::nullopt);
    EXPECT_EQ(box_on<float>(executor, {}, {0, 0, 0}, 0), std::nullopt);
    EXPECT_EQ(box_on<float>(executor, {nan, infinity, nan}, {1, 3, 1}, 0), (VoxelBox{{0, 1, 0}, {0, 1, 0}}));
  }
}

TEST(ForegroundBox, HoldsWhatIsBelowWhereAsked) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(box_on<std::int16_t>(executor, {0, -9, -5, -7, 0, 3}, {3, 2, 1}, -5, true),
              (VoxelBox{{0, 0, 0}, {1, 1, 0}}));
    EXPECT_EQ(box_on<float>(executor, {nan, 5, 7}, {3, 1, 1}, 5, true), std::nullopt);
  }
}

TEST(ForegroundBox, IsTheWholeVolumeWhereAllIsAbove) {
  for (const Size3 size : {Size3{1, 1, 1}, Size3{31, 1, 1}, Size3{32, 3, 1}, Size3{33, 5, 2}}) {
    const std::vector<std::uint16_t> values(static_cast<std::size_t>(size.voxel_count()), 60000);
    for (Executor& executor : executors_under_test()) {
      EXPECT_EQ(box_on<std::uint16_t>(executor, values, size, 59999),
                (VoxelBox{{0, 0, 0}, {size.x - 1, size.y - 1, size.z - 1}}));
    }
  }
}

/// A part of a volume, which begins and ends anywhere, of rows and planes shorter than what is loaded together.
template <class T>
void expect_box_at_any_address() {
  for (const Size3 size : {Size3{1, 1, 5}, Size3{3, 2, 90}, Size3{17, 3, 11}, Size3{32, 5, 7}, Size3{1021, 3, 5}}) {
    for (const std::int64_t shift : {0, 1, 5, 16, 31}) {
      std::vector<T> values(static_cast<std::size_t>(shift + size.voxel_count() + 16), T{9});  // foreground around it
      for (std::int64_t v = 0; v < size.voxel_count(); ++v) values[static_cast<std::size_t>(shift + v)] = T{3};
      VoxelBox expected{{size.x, size.y, size.z}, {-1, -1, -1}};
      const std::int64_t count = size.voxel_count();
      for (const std::int64_t v : {count / 5, count / 2, count - 1 - count / 7}) {
        values[static_cast<std::size_t>(shift + v)] = T{5};
        const std::array<std::int64_t, 3> at = {v % size.x, v / size.x % size.y, v / size.x / size.y};
        for (std::size_t a = 0; a < 3; ++a) {
          expected.first[a] = std::min(expected.first[a], at[a]);
          expected.last[a] = std::max(expected.last[a], at[a]);
        }
      }
      for (Executor& executor : executors_under_test()) {
        const Buffer<T> buffer = on_executor(values, executor);
        const VolumeView<const T> view{buffer.data() + shift, size};
        EXPECT_EQ(foreground_box(view, {3, false}, executor), expected) << shift << ' ' << executor.description();
      }
    }
  }
}

TEST(ForegroundBox, LooksAtEveryVoxelOfAPartAndAtNoOther) {
  expect_box_at_any_address<std::uint8_t>();
  expect_box_at_any_address<std::int16_t>();
  expect_box_at_any_address<std::uint16_t>();
  expect_box_at_any_address<float>();
}

/// More than the threads of a device load at once, and then again: a box needs what each of these loads brings.
TEST(ForegroundBox, LooksAtAllOfAVolumeLargerThanADeviceTakesAtATime) {
  const Size3 size{3001, 1000, 3};
  const VolumeView<const float> view{nullptr, size};
  const auto expect_box_of = [&](std::initializer_list<std::array<std::int64_t, 3>> places, const VoxelBox& expected) {
    std::vector<float> values(static_cast<std::size_t>(size.voxel_count()));
    for (const auto& [x, y, z] : places) values[static_cast<std::size_t>(view.index(x, y, z))] = 1;
    for (Executor& executor : executors_under_test()) EXPECT_EQ(box_on<float>(executor, values, size, 0), expected);
  };
  expect_box_of({{1500, 100, 0}, {7, 800, 0}, {2990, 500, 1}, {1500, 990, 2}}, {{7, 100, 0}, {2990, 990, 2}});
  expect_box_of({{1500, 400, 2}}, {{1500, 400, 2}, {1500, 400, 2}});
}

}  // namespace
}  // namespace naru::test
