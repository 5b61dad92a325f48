/// Private to kernels/: the piecewise map of ONE voxel (formula: kernels/piecewise.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/backend.h"
#include "kernels/piecewise.h"

namespace naru {

struct PiecewiseVoxel {
  VolumeView<const float> in;
  PiecewiseMap map;

  NARU_HOST_DEVICE static float mapped(float value, const PiecewiseMap& map) {
    int i = 0;
    for (int next = 1; next + 1 < map.count; ++next) i += value >= map.from[next] ? 1 : 0;
    return fmaf(map.slope[i], value - map.from[i], map.to[i]);
  }

  NARU_HOST_DEVICE float load(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return in.data[in.index(x, y, z)];
  }
  NARU_HOST_DEVICE float made(float value) const { return mapped(value, map); }
  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return made(load(x, y, z));
  }
};

}  // namespace naru
