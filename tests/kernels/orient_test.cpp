#include "kernels/orient.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

Size3 target_size(Size3 size, const AxisMap& map) {
  return {size[map.source_axis[0]], size[map.source_axis[1]], size[map.source_axis[2]]};
}

template <class T>
std::vector<T> oriented_on(Executor& executor, const std::vector<T>& values, Size3 size, const AxisMap& map) {
  return run_on<T>(executor, values, size, target_size(size, map),
                   [&](VolumeView<const T> in, VolumeView<T> out) { orient(in, out, map, executor); });
}

/// The formula of kernels/orient.h, one voxel at a time.
template <class T>
std::vector<T> oriented_by_definition(const std::vector<T>& values, Size3 size, const AxisMap& map) {
  const Size3 target = target_size(size, map);
  std::vector<T> out;
  for (std::int64_t z = 0; z < target.z; ++z) {
    for (std::int64_t y = 0; y < target.y; ++y) {
      for (std::int64_t x = 0; x < target.x; ++x) {
        const std::array<std::int64_t, 3> t = {x, y, z};
        std::array<std::int64_t, 3> s{};
        for (int a = 0; a < 3; ++a) s[map.source_axis[a]] = map.flip[a] ? target[a] - 1 - t[a] : t[a];
        out.push_back(values[VolumeView<T>{nullptr, size}.index(s[0], s[1], s[2])]);
      }
    }
  }
  return out;
}

std::vector<AxisMap> all_maps() {
  std::vector<AxisMap> maps;
  std::array<int, 3> order{0, 1, 2};
  do {
    for (int flips = 0; flips < 8; ++flips) {
      maps.push_back({order, {(flips & 1) != 0, (flips & 2) != 0, (flips & 4) != 0}});
    }
  } while (std::ranges::next_permutation(order).found);
  return maps;
}

template <class T>
void expect_by_definition(Size3 size, const std::vector<AxisMap>& maps) {
  const auto values = random_values<T>(size.voxel_count(), 0, 30000);
  for (Executor& executor : executors_under_test()) {
    for (const AxisMap& map : maps) {
      ASSERT_EQ(oriented_on(executor, values, size, map), oriented_by_definition(values, size, map));
    }
  }
}

TEST(Orient, FollowsItsFormulaForAll48Maps) {
  expect_by_definition<std::int16_t>({33, 5, 66}, all_maps());
  expect_by_definition<std::uint16_t>({31, 32, 3}, all_maps());
  expect_by_definition<float>({2, 65, 4}, all_maps());
  expect_by_definition<float>({33, 34, 5}, all_maps());
}

TEST(Orient, TakesSingleSlicesAndSingleVoxels) {
  expect_by_definition<std::int16_t>({1, 1, 1}, all_maps());
  expect_by_definition<std::int16_t>({40, 33, 1}, all_maps());
  expect_by_definition<std::int16_t>({1, 33, 40}, all_maps());
}

/// More than 4 MiB are written past the caches.
TEST(Orient, FollowsItsFormulaInLargeVolumes) {
  std::vector<AxisMap> maps;
  for (std::size_t i = 0; i < all_maps().size(); i += 5) maps.push_back(all_maps()[i]);
  expect_by_definition<std::int16_t>({401, 90, 61}, maps);
  expect_by_definition<float>({70, 3, 5001}, maps);
}

TEST(Orient, TurnsAKnownImageAsOnPaper) {
  // 1 2 3        3 6
  // 4 5 6   ->   2 5
  //              1 4
  const AxisMap quarter_turn{{1, 0, 2}, {false, true, false}};
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(oriented_on<std::int16_t>(executor, {1, 2, 3, 4, 5, 6}, {3, 2, 1}, quarter_turn),
              (std::vector<std::int16_t>{3, 6, 2, 5, 1, 4}));
  }
}

TEST(Orient, DoesNothingForAnEmptyVolume) {
  for (Executor& executor : executors_under_test()) {
    EXPECT_TRUE(oriented_on<float>(executor, {}, {0, 4, 4}, {}).empty());
  }
}

/// Rows of whole 16 bytes, and squares that the volume does not fill.
TEST(Orient, FollowsItsFormulaForRowsThatAreAligned) {
  expect_by_definition<std::int16_t>({64, 9, 35}, all_maps());
  expect_by_definition<std::uint16_t>({72, 65, 2}, all_maps());
  expect_by_definition<float>({36, 5, 67}, all_maps());
}

/// Several volumes follow each other: the second begins anywhere.
TEST(Orient, FollowsItsFormulaAtAnyAddress) {
  const Size3 size{16, 3, 8};
  const auto values = random_values<std::int16_t>(size.voxel_count(), 0, 30000);
  for (const std::size_t shift : {1, 3, 8}) {
    std::vector<std::int16_t> shifted(shift);
    shifted.insert(shifted.end(), values.begin(), values.end());
    for (const AxisMap& map : all_maps()) {
      for (Executor& executor : executors_under_test()) {
        const auto found = run_on<std::int16_t>(
            executor, shifted, size, {size.voxel_count() + static_cast<std::int64_t>(shift), 1, 1},
            [&](VolumeView<const std::int16_t> in, VolumeView<std::int16_t> out) {
              orient<std::int16_t>({in.data + shift, size}, {out.data + shift, target_size(size, map)}, map, executor);
            });
        const std::vector<std::int16_t> behind(found.begin() + static_cast<std::ptrdiff_t>(shift), found.end());
        ASSERT_EQ(behind, oriented_by_definition(values, size, map)) << executor.description();
      }
    }
  }
}

}  // namespace
}  // namespace naru::test
