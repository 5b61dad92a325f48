#include "pipeline/pixels/head_shape.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/pipeline/pixels/generated_head.h"

namespace naru {
namespace {

using test::GeneratedHead;

TEST(HeadShape, IsTheHeadWithAllThatItEncloses) {
  Executor executor = Executor::cpu(2);
  const PatientGrid grid = test::head_grid(3);
  for (const bool is_ct : {true, false}) {
    const GeneratedHead head{.is_ct = is_ct};
    std::vector<float> values = test::values_of(head, grid);
    const auto hole = grid.cell_at({0, 60, -20});  // a sinus
    values[static_cast<std::size_t>(hole[0] + grid.size.x * (hole[1] + grid.size.y * hole[2]))] = head.value({});
    const HeadShape shape = head_shape(grid, values, is_ct, executor);
    std::int64_t differ = 0, all = 0;
    for (std::int64_t z = 0; z < grid.size.z; ++z) {
      for (std::int64_t y = 0; y < grid.size.y; ++y) {
        for (std::int64_t x = 0; x < grid.size.x; ++x) {
          const bool is_head = head.at(grid.center(x, y, z)) != GeneratedHead::Tissue::air;
          all += is_head ? 1 : 0;
          differ += is_head != shape.inside.at(x, y, z) ? 1 : 0;
        }
      }
    }
    EXPECT_LT(static_cast<double>(differ), 0.03 * static_cast<double>(all));
    EXPECT_TRUE(shape.inside.at(hole[0], hole[1], hole[2]));
  }
}

TEST(HeadShape, LeavesTheTableAway) {
  Executor executor = Executor::cpu(2);
  const PatientGrid grid = test::head_grid(2);
  std::vector<float> values = test::values_of({}, grid);
  const std::int64_t table = grid.size.y - 3;  // a sheet behind the head, one cell thick
  for (std::int64_t z = 0; z < grid.size.z; ++z) {
    for (std::int64_t x = 0; x < grid.size.x; ++x) {
      values[static_cast<std::size_t>(x + grid.size.x * (table + grid.size.y * z))] = 200;
    }
  }
  const HeadShape shape = head_shape(grid, values, true, executor);
  for (std::int64_t x = 0; x < grid.size.x; ++x) EXPECT_FALSE(shape.inside.at(x, table, 40));
}

TEST(HeadShape, KnowsWhatWasNotScanned) {
  Executor executor = Executor::cpu(1);
  const PatientGrid grid = test::head_grid(4);
  std::vector<float> values = test::values_of({}, grid);
  values[5] = NAN;
  const HeadShape shape = head_shape(grid, values, true, executor);
  EXPECT_EQ(shape.scanned.cells[5], 0);
  EXPECT_EQ(shape.scanned.count(), grid.size.voxel_count() - 1);
  const std::vector<float> nothing(values.size(), NAN);
  EXPECT_EQ(head_shape(grid, nothing, false, executor).inside.count(), 0);
}

TEST(HeadShape, PartsTwoClasses) {
  const std::vector<float> values = {0, 1, 2, 0, 1, 100, 101, 99, 100, NAN};
  EXPECT_GT(otsu_threshold(values), 2);
  EXPECT_LT(otsu_threshold(values), 99);
  EXPECT_EQ(otsu_threshold(std::vector<float>()), 0);
  EXPECT_EQ(otsu_threshold(std::vector<float>{7, 7, 7}), 7);
}

}  // namespace
}  // namespace naru
