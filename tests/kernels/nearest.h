/// Where nearest neighbours are two: a place halfway between voxels goes to the one or the other by how a tool rounds.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "core/volume.h"

namespace naru::test {

constexpr double kPlaceRounding = 1e-9;  // voxels

/// Whether `value` is that of a voxel than which none lies nearer to a target, to within kPlaceRounding.
inline bool is_of_a_nearest(float value, const std::vector<std::int16_t>& values, Size3 size,
                            const std::array<AxisSteps, 3>& axes, const std::array<std::int64_t, 3>& target) {
  std::array<std::int64_t, 3> low{}, high{};
  for (int a = 0; a < 3; ++a) {
    const auto i = static_cast<std::size_t>(a);
    const double place = std::clamp(axes[i].place(target[i]), 0.0, static_cast<double>(size[a] - 1));
    low[i] = static_cast<std::int64_t>(std::ceil(place - 0.5 - kPlaceRounding));
    high[i] = static_cast<std::int64_t>(std::floor(place + 0.5 + kPlaceRounding));
  }
  const VolumeView<const std::int16_t> volume{values.data(), size};
  for (std::int64_t z = low[2]; z <= high[2]; ++z) {
    for (std::int64_t y = low[1]; y <= high[1]; ++y) {
      for (std::int64_t x = low[0]; x <= high[0]; ++x) {
        if (value == static_cast<float>(volume.data[volume.index(x, y, z)])) return true;
      }
    }
  }
  return false;
}

}  // namespace naru::test
