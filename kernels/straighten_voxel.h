/// Private to kernels/: what ONE voxel of a straightened volume holds (rules: kernels/straighten.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/resample_voxel.h"

namespace naru {

/// The shift of one slice: whole voxels, and the weight of the voxel after.
struct ShiftTap {
  std::int32_t i, j;
  float weight_i, weight_j;
};

template <class In>
struct StraightenVoxel {
  VolumeView<const In> in;
  const ShiftTap* taps;  ///< one a slice
  float fill;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const ShiftTap tap = taps[z];
    const std::int64_t i = x + tap.i, j = y + tap.j;
    // A weight of zero needs no voxel after the last.
    const std::int64_t i_next = tap.weight_i > 0 ? i + 1 : i, j_next = tap.weight_j > 0 ? j + 1 : j;
    if (i < 0 || j < 0 || i_next >= in.size.x || j_next >= in.size.y) return fill;
    return between(in.data + in.index(0, j, z), in.data + in.index(0, j_next, z), i, i_next, tap);
  }

  NARU_HOST_DEVICE static float between(const In* row, const In* next_row, std::int64_t i, std::int64_t i_next,
                                        const ShiftTap& tap) {
    const float near = lerp(static_cast<float>(row[i]), static_cast<float>(next_row[i]), tap.weight_j);
    const float far = lerp(static_cast<float>(row[i_next]), static_cast<float>(next_row[i_next]), tap.weight_j);
    return lerp(near, far, tap.weight_i);
  }
};

}  // namespace naru
