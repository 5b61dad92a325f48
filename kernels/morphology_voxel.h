/// Private to kernels/: what ONE voxel of each pass holds (formula: kernels/morphology.h).
#pragma once

#include <cstdint>
#include <limits>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/morphology.h"

namespace naru {

inline constexpr float kOutOfReach = std::numeric_limits<float>::infinity();

/// The costs along one axis, where the executor reaches them.
struct AxisCosts {
  const float* costs;
  std::int64_t reach;  ///< the last distance that has a cost
};

/// The cost to the nearest target along x: the mask, or what is not in it.
struct NearestAlongX {
  VolumeView<const std::uint8_t> in;
  bool of_mask;
  AxisCosts axis;

  NARU_HOST_DEVICE bool is_target(std::int64_t index) const { return (in.data[index] != 0) == of_mask; }

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int64_t row = in.index(0, y, z);
    for (std::int64_t d = 0; d <= axis.reach; ++d) {
      if ((x - d >= 0 && is_target(row + x - d)) || (x + d < in.size.x && is_target(row + x + d))) return axis.costs[d];
    }
    return kOutOfReach;
  }
};

/// The least of cost(|d|) + near(voxel moved by d along the axis).
struct NearestAlong {
  VolumeView<const float> near;
  int which;  ///< 1: y, 2: z
  AxisCosts axis;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int64_t place = which == 1 ? y : z, length = which == 1 ? near.size.y : near.size.z;
    const std::int64_t step = which == 1 ? near.size.x : near.size.x * near.size.y, voxel = near.index(x, y, z);
    const std::int64_t first = place < axis.reach ? -place : -axis.reach;
    const std::int64_t last = length - 1 - place < axis.reach ? length - 1 - place : axis.reach;
    float least = kOutOfReach;
    for (std::int64_t d = first; d <= last; ++d) {
      const float sum = axis.costs[d < 0 ? -d : d] + near.data[voxel + d * step];
      least = sum < least ? sum : least;
    }
    return least;
  }
};

/// The last pass, along z, and the answer.
struct WithinVoxel {
  NearestAlong nearest;
  float bound;
  bool inside;  ///< what a voxel within reach of a target becomes
  NARU_HOST_DEVICE std::uint8_t operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return (nearest(x, y, z) <= bound) == inside ? 1 : 0;
  }
};

/// Dilation of the mask, or erosion of it: the complement of the dilation of its complement. What a device does; on the
/// CPU rows of bits are faster, and tests compare both.
void grow_by_passes(VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out, bool of_mask,
                    const MorphologyElement& element, Executor& executor);

}  // namespace naru
