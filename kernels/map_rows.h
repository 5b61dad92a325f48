/// Private to kernels/: an affine map as devices take it.
#pragma once

#include <cstddef>

#include "core/geometry.h"
#include "kernels/backend.h"

namespace naru {

struct MapRows {
  double m[3][4];

  explicit MapRows(const Affine& map) {
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 4; ++c) m[r][c] = map.rows[r][c];
    }
  }
  NARU_HOST_DEVICE double at(int row, double x, double y, double z) const {
    return m[row][0] * x + m[row][1] * y + m[row][2] * z + m[row][3];
  }
};

}  // namespace naru
