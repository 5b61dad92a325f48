/// Private to kernels/: what ONE voxel of a resampled volume holds (rules: kernels/resample.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/intensity_voxel.h"

namespace naru {

/// One line of an axis table: a target index takes source `index` and, for linear, `weight` of the one after it.
struct alignas(8) AxisTap {
  std::int32_t index;
  float weight;
};

/// Exactly `a` for a == b, whatever the weight.
NARU_HOST_DEVICE inline float lerp(float a, float b, float weight) { return fmaf(weight, b - a, a); }

/// The tables of all three axes, in memory that the backend reaches.
struct AxisTaps {
  const AxisTap* x;
  const AxisTap* y;
  const AxisTap* z;
};

template <class InType, class OutType>
struct LinearVoxel {
  using In = InType;
  using Out = OutType;
  VolumeView<const In> in;
  AxisTaps taps;
  IntensityMap map;

  NARU_HOST_DEVICE Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const AxisTap at = taps.x[x];
    const std::int64_t next = at.index + 1 < in.size.x ? at.index + 1 : at.index;
    const float v = lerp(blended(at.index, taps.y[y], taps.z[z]), blended(next, taps.y[y], taps.z[z]), at.weight);
    return cast_to<Out>(mapped(v, map));
  }

  /// Of the four source rows around (y, z): along y first, then along z.
  NARU_HOST_DEVICE float blended(std::int64_t i, AxisTap y, AxisTap z) const {
    const std::int64_t y_next = y.index + 1 < in.size.y ? y.index + 1 : y.index;
    const std::int64_t z_next = z.index + 1 < in.size.z ? z.index + 1 : z.index;
    const float near = lerp(stored(i, y.index, z.index), stored(i, y_next, z.index), y.weight);
    const float far = lerp(stored(i, y.index, z_next), stored(i, y_next, z_next), y.weight);
    return lerp(near, far, z.weight);
  }

  NARU_HOST_DEVICE float stored(std::int64_t i, std::int64_t j, std::int64_t k) const {
    return static_cast<float>(in.data[in.index(i, j, k)]);
  }

  /// For kernels/column_walk.h: both neighbours along x in one source plane, blended along y.
  struct Part {
    float left, right;
  };

  NARU_HOST_DEVICE Part part(const In (&corners)[4], AxisTap y) const {
    return {lerp(static_cast<float>(corners[0]), static_cast<float>(corners[2]), y.weight),
            lerp(static_cast<float>(corners[1]), static_cast<float>(corners[3]), y.weight)};
  }

  NARU_HOST_DEVICE Out between(const Part& near, const Part& far, AxisTap x, AxisTap, AxisTap z) const {
    const float left = lerp(near.left, far.left, z.weight), right = lerp(near.right, far.right, z.weight);
    return cast_to<Out>(mapped(lerp(left, right, x.weight), map));
  }
};

template <class InType, class OutType>
struct NearestVoxel {
  using In = InType;
  using Out = OutType;
  VolumeView<const In> in;
  AxisTaps taps;
  IntensityMap map;

  NARU_HOST_DEVICE Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return made(in.data[in.index(taps.x[x].index, taps.y[y].index, taps.z[z].index)]);
  }

  NARU_HOST_DEVICE Out made(In stored) const { return cast_to<Out>(mapped(static_cast<float>(stored), map)); }
};

/// What lies beside three ranges, row by row.
struct Outside {
  InsideRange x_inside, y_inside, z_inside;

  /// The part of a row that is not outside: it may be empty.
  NARU_HOST_DEVICE InsideRange kept(std::int64_t y, std::int64_t z) const {
    const bool is_inside = y >= y_inside.begin && y < y_inside.end && z >= z_inside.begin && z < z_inside.end;
    return is_inside ? x_inside : InsideRange{0, 0};
  }
};

namespace cuda {
template <class Out>
void fill_outside(VolumeView<Out> out, const Outside& outside, Out value, Executor& executor);
}  // namespace cuda

}  // namespace naru
