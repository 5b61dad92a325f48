/// Columns of voxels (kernels/column_walk.h) against the voxels themselves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/geometry.h"

namespace naru::test {

/// What a GPU's threads run, run here on the CPU, in parts of seven planes.
template <class Columns, class Voxel>
void expect_same_columns(const Voxel& voxel, const Size3& size, double step) {
  for (std::int64_t y = 0; y < size.y; ++y) {
    for (std::int64_t x = 0; x < size.x; ++x) {
      std::int64_t rows[Columns::kRows];
      for (int r = 0; r < Columns::kRows; ++r) rows[r] = std::min(y + r, size.y - 1);
      const Columns columns(voxel, x, rows);
      std::vector<typename Voxel::Out> made(static_cast<std::size_t>(size.z * Columns::kRows), 77);
      const std::int32_t count = static_cast<std::int32_t>(std::min<std::int64_t>(Columns::kRows, size.y - y));
      for (std::int64_t begin = 0; begin < size.z; begin += 7) {
        columns.make(begin, std::min(begin + 7, size.z), {made.data(), 1, Columns::kRows, count});
      }
      for (std::int64_t i = 0; i < std::ssize(made); ++i) {
        const std::int64_t row = i % Columns::kRows, z = i / Columns::kRows;
        const auto expected = row < count ? voxel(x, rows[row], z) : 77;
        ASSERT_EQ(made[static_cast<std::size_t>(i)], expected)
            << "step " << step << " at " << x << " " << y << " " << i;
      }
    }
  }
}

}  // namespace naru::test
