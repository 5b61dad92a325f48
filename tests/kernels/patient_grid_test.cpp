#include "kernels/patient_grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "kernels/distance.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

/// A stack that is turned about z and y, with three different spacings.
Grid oblique(const Size3& size) {
  const double a = 0.4, b = -0.25;
  Grid grid{size, {}};
  grid.patient_from_voxel.set_column(0, 0.8 * Vec3{std::cos(a) * std::cos(b), std::sin(a) * std::cos(b), -std::sin(b)});
  grid.patient_from_voxel.set_column(1, 1.1 * Vec3{-std::sin(a), std::cos(a), 0});
  grid.patient_from_voxel.set_column(2, 1.7 * Vec3{std::cos(a) * std::sin(b), std::sin(a) * std::sin(b), std::cos(b)});
  grid.patient_from_voxel.set_column(3, {-20, 35, 7});
  return grid;
}

TEST(PatientGrid, HoldsEveryVoxelCentre) {
  const Grid stack = oblique({30, 20, 15});
  const PatientGrid grid = patient_grid(stack, 2);
  for (const Vec3& corner : corners_in_patient(stack)) {
    const auto cell = grid.cell_at(corner);
    for (int axis = 0; axis < 3; ++axis) {
      EXPECT_GE(cell[static_cast<std::size_t>(axis)], 0);
      EXPECT_LT(cell[static_cast<std::size_t>(axis)], grid.size[axis]);
    }
  }
}

TEST(PatientGrid, InverseUndoesAMap) {
  const Affine map = oblique({2, 2, 2}).patient_from_voxel;
  const Vec3 point{3, -4, 5}, back = inverse(map)(map(point));
  for (std::size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(back[axis], point[axis], 1e-12);
}

/// A ramp over the patient's axes is seen as that ramp, in units, however the stack lies.
TEST(PatientGrid, SeesARampWhereItLies) {
  const Grid stack = oblique({60, 50, 40});
  std::vector<float> values;
  const auto ramp = [](const Vec3& at) { return 2 * at[0] - at[1] + 0.5 * at[2]; };
  for (std::int64_t k = 0; k < 40; ++k) {
    for (std::int64_t j = 0; j < 50; ++j) {
      for (std::int64_t i = 0; i < 60; ++i) {
        const Vec3 index{static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)};
        values.push_back(static_cast<float>(ramp(stack.patient_from_voxel(index))));
      }
    }
  }
  const PatientGrid grid = patient_grid(stack, 2);
  for (Executor& executor : executors_under_test()) {
    const auto seen =
        run_on<float>(executor, values, stack.size, grid.size, [&](VolumeView<const float> in, VolumeView<float> out) {
          see_in_patient_axes(in, stack, 3, 10, grid, out, executor);
        });
    std::size_t inside = 0, outside = 0, n = 0;
    for (std::int64_t z = 0; z < grid.size.z; ++z) {
      for (std::int64_t y = 0; y < grid.size.y; ++y) {
        for (std::int64_t x = 0; x < grid.size.x; ++x, ++n) {
          const Vec3 at = inverse(stack.patient_from_voxel)(grid.center(x, y, z));
          const auto is_within = [&](double rim) {
            return at[0] > rim && at[1] > rim && at[2] > rim && at[0] < 59 - rim && at[1] < 49 - rim &&
                   at[2] < 39 - rim;
          };
          if (is_within(2)) {
            ++inside;
            ASSERT_NEAR(seen[n], 3 * ramp(grid.center(x, y, z)) + 10, 3 * 1.5);  // nearest voxels, averaged
          } else if (!is_within(-2)) {
            ++outside;
            ASSERT_TRUE(std::isnan(seen[n]));
          }
        }
      }
    }
    EXPECT_GT(inside, 5000U);
    EXPECT_GT(outside, 1000U);
  }
}

template <class T>
void replaces_cells() {
  const Grid stack = oblique({40, 30, 20});
  const PatientGrid grid = patient_grid(stack, 2);
  const auto values = random_values<T>(stack.size.voxel_count(), 1, 1000);
  Mask cells(grid.size);
  for (std::size_t n = 0; n < cells.cells.size(); n += 3) cells.cells[n] = 1;
  for (Executor& executor : executors_under_test()) {
    const Buffer<std::uint8_t> marks = on_executor(cells.cells, executor);
    Buffer<T> voxels = on_executor(values, executor);
    // In two parts, as slabs are read.
    const Size3 half{40, 30, 10};
    for (const std::int64_t first : {0, 10}) {
      replace_in_cells(VolumeView<T>{voxels.data() + first * 1200, half}, stack, first, grid, {marks.data(), grid.size},
                       T{7777}, executor);
    }
    const Buffer<T> result = to_host(std::move(voxels), executor);
    std::size_t replaced = 0;
    for (std::int64_t n = 0; n < stack.size.voxel_count(); ++n) {
      const Vec3 index{static_cast<double>(n % 40), static_cast<double>(n / 40 % 30), static_cast<double>(n / 1200)};
      const auto cell = grid.cell_at(stack.patient_from_voxel(index));
      const bool is_marked = cells.at(cell[0], cell[1], cell[2]);
      replaced += is_marked ? 1 : 0;
      ASSERT_EQ(result.host()[static_cast<std::size_t>(n)], is_marked ? T{7777} : values[static_cast<std::size_t>(n)]);
    }
    EXPECT_GT(replaced, 5000U);
  }
}

TEST(PatientGrid, ReplacesVoxelsOfMarkedCellsAndNoOthers) {
  replaces_cells<std::int16_t>();
  replaces_cells<std::uint16_t>();
  replaces_cells<float>();
}

/// A single voxel, a single slice, and more than a device's block.
TEST(PatientGrid, SeesTheSameBitsOnEveryExecutor) {
  for (const Size3& size : {Size3{1, 1, 1}, Size3{33, 32, 1}, Size3{31, 65, 12}}) {
    const Grid stack = oblique(size);
    const PatientGrid grid = patient_grid(stack, 1.5);
    const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071);
    const auto seen_on = [&](Executor& executor) {
      const auto see = [&](VolumeView<const std::int16_t> in, VolumeView<float> out) {
        see_in_patient_axes(in, stack, 1.5f, -3, grid, out, executor);
      };
      auto seen = run_on<float>(executor, values, size, grid.size, see);
      for (float& value : seen) value = std::isnan(value) ? 1e9F : value;  // NaN is not equal to itself
      return seen;
    };
    auto executors = executors_under_test();
    const auto expected = seen_on(executors.front());
    for (Executor& executor : executors) EXPECT_EQ(seen_on(executor), expected) << executor.description();
  }
}

}  // namespace
}  // namespace naru::test
