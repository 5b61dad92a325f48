#include "kernels/components.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "kernels/dispatch.h"
#include "tests/kernels/golden/masks.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

constexpr std::array kAll = {Neighbours::faces, Neighbours::edges, Neighbours::corners};

struct Labelled {
  std::vector<std::int32_t> labels;
  std::vector<Component> components;
};

Labelled labelled_on(Executor& executor, const std::vector<std::uint8_t>& mask, Size3 size, Neighbours neighbours) {
  Labelled result;
  result.labels = run_on<std::int32_t>(executor, mask, size, size,
                                       [&](VolumeView<const std::uint8_t> in, VolumeView<std::int32_t> out) {
                                         result.components = label_components(in, out, neighbours, executor);
                                       });
  return result;
}

template <class Kernel>
std::vector<std::uint8_t> masked_on(Executor& executor, const std::vector<std::uint8_t>& mask, Size3 size,
                                    const Kernel& kernel) {
  return run_on<std::uint8_t>(executor, mask, size, size, kernel);
}

bool touch(Neighbours neighbours, int dx, int dy, int dz) {
  const int steps = std::abs(dx) + std::abs(dy) + std::abs(dz);
  return steps > 0 && steps <= (neighbours == Neighbours::faces ? 1 : neighbours == Neighbours::edges ? 2 : 3);
}

/// By definition: from each voxel without a label, in order, to all that it reaches.
Labelled labelled_by_definition(const std::vector<std::uint8_t>& mask, Size3 size, Neighbours neighbours) {
  Labelled result{std::vector<std::int32_t>(mask.size()), {}};
  const VolumeView<const std::uint8_t> view{mask.data(), size};
  for (std::int64_t seed = 0; seed < size.voxel_count(); ++seed) {
    if (mask[static_cast<std::size_t>(seed)] == 0 || result.labels[static_cast<std::size_t>(seed)] != 0) continue;
    result.components.push_back({seed, 0});
    std::vector<std::int64_t> open = {seed};
    result.labels[static_cast<std::size_t>(seed)] = static_cast<std::int32_t>(result.components.size());
    while (!open.empty()) {
      const std::int64_t v = open.back(), x = v % size.x, y = v / size.x % size.y, z = v / size.x / size.y;
      open.pop_back();
      ++result.components.back().voxel_count;
      for (int n = 0; n < 27; ++n) {
        const int dx = n % 3 - 1, dy = n / 3 % 3 - 1, dz = n / 9 - 1;
        const bool is_inside =
            x + dx >= 0 && x + dx < size.x && y + dy >= 0 && y + dy < size.y && z + dz >= 0 && z + dz < size.z;
        if (!is_inside || !touch(neighbours, dx, dy, dz)) continue;
        const auto next = static_cast<std::size_t>(view.index(x + dx, y + dy, z + dz));
        if (mask[next] == 0 || result.labels[next] != 0) continue;
        result.labels[next] = static_cast<std::int32_t>(result.components.size());
        open.push_back(static_cast<std::int64_t>(next));
      }
    }
  }
  return result;
}

/// `percent` of the voxels, as make_masks.py has them.
std::vector<std::uint8_t> random_mask(Size3 size, int percent, unsigned seed) {
  auto mask = random_values<std::uint8_t>(size.voxel_count(), 0, 99, seed);
  for (std::uint8_t& voxel : mask) voxel = voxel < percent ? 1 : 0;
  return mask;
}

template <class T>
std::int64_t weighted(const std::vector<T>& values) {
  std::int64_t sum = 0;
  for (std::size_t v = 0; v < values.size(); ++v) sum += static_cast<std::int64_t>(values[v]) * (v % 8191 + 1);
  return sum;
}

TEST(Components, AreThoseOfTheDefinition) {
  const std::array<Size3, 8> sizes = {Size3{1, 1, 1}, {31, 1, 1},  {1, 32, 33}, {33, 31, 1},
                                      {2, 2, 2},      {32, 33, 7}, {5, 4, 300}, {130, 61, 9}};
  for (const Size3& size : sizes) {
    for (const int percent : {5, 20, 35, 60, 95}) {
      auto mask = random_mask(size, percent, static_cast<unsigned>(percent));
      if (mask.size() > 2) mask[2] *= 200;  // not 0 is in the mask
      for (const Neighbours neighbours : kAll) {
        const Labelled expected = labelled_by_definition(mask, size, neighbours);
        for (Executor& executor : executors_under_test()) {
          const Labelled found = labelled_on(executor, mask, size, neighbours);
          EXPECT_EQ(found.labels, expected.labels) << executor.description() << " " << size.x << " " << percent;
          EXPECT_EQ(found.components, expected.components) << executor.description();
        }
        const ForcedCpuPath forced(CpuPath::baseline);  // voxel by voxel, as a device does it
        Executor two = Executor::cpu(2);
        const Labelled plain = labelled_on(two, mask, size, neighbours);
        EXPECT_EQ(plain.labels, expected.labels) << size.x << " " << percent;
        EXPECT_EQ(plain.components, expected.components) << size.x << " " << percent;
      }
    }
  }
}

TEST(Components, AreThoseOfScipy) {
  const Size3 size{golden::kMaskSize[0], golden::kMaskSize[1], golden::kMaskSize[2]};
  for (const golden::Labelled& expected : golden::kLabelled) {
    const Neighbours neighbours = expected.neighbours == 6    ? Neighbours::faces
                                  : expected.neighbours == 18 ? Neighbours::edges
                                                              : Neighbours::corners;
    const auto mask = random_mask(size, expected.share, static_cast<unsigned>(expected.neighbours));
    for (Executor& executor : executors_under_test()) {
      const Labelled found = labelled_on(executor, mask, size, neighbours);
      ASSERT_EQ(found.components.size(), expected.count);
      EXPECT_EQ(found.components[static_cast<std::size_t>(largest_of(found.components) - 1)].voxel_count,
                expected.largest);
      EXPECT_EQ(weighted(found.labels), expected.weighted) << expected.neighbours;
    }
  }
}

TEST(Components, FollowASpiralThroughManyPieces) {
  // Every second row, joined at alternate ends: one component whose ends are far apart in every order of work.
  const Size3 size{64, 4001, 1};
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(size.voxel_count()));
  for (std::int64_t y = 0; y < size.y; ++y) {
    for (std::int64_t x = 0; x < size.x; ++x) {
      const bool is_joint = y % 4 == 1 ? x == size.x - 1 : x == 0;
      mask[static_cast<std::size_t>(y * size.x + x)] = y % 2 == 0 || is_joint ? 1 : 0;
    }
  }
  const auto set = std::ranges::count(mask, 1);
  for (Executor& executor : executors_under_test()) {
    for (const Neighbours neighbours : kAll) {
      const Labelled found = labelled_on(executor, mask, size, neighbours);
      EXPECT_EQ(found.components, (std::vector{Component{0, set}}));
      const ForcedCpuPath forced(CpuPath::baseline);
      EXPECT_EQ(labelled_on(executor, mask, size, neighbours).components, found.components);
    }
  }
}

TEST(Components, OfNothingAreNone) {
  for (Executor& executor : executors_under_test()) {
    EXPECT_TRUE(labelled_on(executor, {}, {0, 0, 0}, Neighbours::faces).components.empty());
    const Labelled empty = labelled_on(executor, std::vector<std::uint8_t>(99), {11, 9, 1}, Neighbours::corners);
    EXPECT_TRUE(empty.components.empty());
    EXPECT_EQ(empty.labels, std::vector<std::int32_t>(99));
    EXPECT_EQ(largest_of(empty.components), 0);
  }
}

TEST(Components, TheLargestIsKeptAndTheFirstOfTwoAlike) {
  const Size3 size{7, 2, 1};
  const std::vector<std::uint8_t> mask = {1, 1, 0, 1, 1, 0, 9,  //
                                          0, 0, 0, 0, 0, 0, 0};
  const std::vector<std::uint8_t> first = {1, 1, 0, 0, 0, 0, 0,  //
                                           0, 0, 0, 0, 0, 0, 0};
  for (Executor& executor : executors_under_test()) {
    const auto kept = [&](const std::vector<std::uint8_t>& values) {
      return masked_on(executor, values, size, [&](VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out) {
        keep_largest_component(in, out, Neighbours::faces, executor);
      });
    };
    EXPECT_EQ(kept(mask), first);
    EXPECT_EQ(kept(std::vector<std::uint8_t>(14)), std::vector<std::uint8_t>(14));
  }
}

std::vector<std::uint8_t> filled_on(Executor& executor, const std::vector<std::uint8_t>& mask, Size3 size,
                                    Neighbours neighbours) {
  return masked_on(executor, mask, size, [&](VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out) {
    fill_holes(in, out, neighbours, executor);
  });
}

TEST(FillHoles, FillsAHollowCubeButNotOneWithAWayOut) {
  const Size3 size{9, 8, 7};
  std::vector<std::uint8_t> shell(static_cast<std::size_t>(size.voxel_count())), solid = shell;
  const VolumeView<std::uint8_t> view{shell.data(), size};
  for (std::int64_t z = 1; z < 6; ++z) {
    for (std::int64_t y = 1; y < 7; ++y) {
      for (std::int64_t x = 1; x < 8; ++x) {
        const bool is_wall = x == 1 || x == 7 || y == 1 || y == 6 || z == 1 || z == 5;
        shell[static_cast<std::size_t>(view.index(x, y, z))] = is_wall ? 1 : 0;
        solid[static_cast<std::size_t>(view.index(x, y, z))] = 1;
      }
    }
  }
  auto open = shell;
  open[static_cast<std::size_t>(view.index(4, 4, 1))] = 0;
  auto corner = shell;  // whose way out leads over edges alone
  corner[static_cast<std::size_t>(view.index(1, 1, 3))] = 0;
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(filled_on(executor, shell, size, Neighbours::corners), solid);
    EXPECT_EQ(filled_on(executor, open, size, Neighbours::faces), open);
    EXPECT_EQ(filled_on(executor, corner, size, Neighbours::edges), corner);
    EXPECT_NE(filled_on(executor, corner, size, Neighbours::faces), corner);
  }
}

TEST(FillHoles, FillsAPictureOfOneSlice) {
  const std::vector<std::uint8_t> ring = {0, 1, 1, 1,  //
                                          0, 1, 0, 1,  //
                                          0, 1, 1, 1};
  auto disc = ring;
  disc[6] = 1;
  for (Executor& executor : executors_under_test()) {
    EXPECT_EQ(filled_on(executor, ring, {4, 3, 1}, Neighbours::faces), disc);
  }
}

TEST(FillHoles, FillsWhatScipyFills) {
  const Size3 size{golden::kMaskSize[0], golden::kMaskSize[1], golden::kMaskSize[2]};
  for (Executor& executor : executors_under_test()) {
    const auto filled = filled_on(executor, random_mask(size, 78, 3), size, Neighbours::faces);
    EXPECT_EQ(std::ranges::count(filled, 1), golden::kFilledCount);
    EXPECT_EQ(weighted(filled), golden::kFilledWeighted);
  }
}

}  // namespace
}  // namespace naru::test
