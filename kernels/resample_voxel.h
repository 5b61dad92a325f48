/// Private to kernels/: what ONE voxel of a resampled volume holds (rules: kernels/resample.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/intensity_voxel.h"

namespace naru {

/// One line of an axis table: a target index takes source `index` and, for linear, `weight` of the one after it.
struct AxisTap {
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

template <class In, class Out>
struct LinearVoxel {
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
};

/// The voxels of one column (x, y), plane by plane, as LinearVoxel defines them, bit for bit. What two source planes
/// give along y is kept while z goes on, so that a step to the next plane loads four values instead of eight.
template <class In, class Out>
class LinearColumn {
 public:
  NARU_HOST_DEVICE LinearColumn(const LinearVoxel<In, Out>& voxel, std::int64_t x, std::int64_t y)
      : voxel_(voxel), x_(voxel.taps.x[x]), y_(voxel.taps.y[y]) {}

  NARU_HOST_DEVICE Out operator()(std::int64_t z) {
    const AxisTap at = voxel_.taps.z[z];
    const std::int64_t last = voxel_.in.size.z - 1;
    const std::int64_t next = at.index < last ? at.index + 1 : last;
    if (at.index != near_.plane) near_ = at.index == far_.plane ? far_ : pair_in(at.index);
    if (next != far_.plane) far_ = next == near_.plane ? near_ : pair_in(next);
    const float left = lerp(near_.left, far_.left, at.weight), right = lerp(near_.right, far_.right, at.weight);
    return cast_to<Out>(mapped(lerp(left, right, x_.weight), voxel_.map));
  }

 private:
  /// Both neighbours along x in one source plane, blended along y.
  struct Pair {
    std::int64_t plane;
    float left, right;
  };

  NARU_HOST_DEVICE Pair pair_in(std::int64_t k) const {
    const Size3& size = voxel_.in.size;
    const std::int64_t right = x_.index + 1 < size.x ? x_.index + 1 : x_.index;
    const std::int64_t below = y_.index + 1 < size.y ? y_.index + 1 : y_.index;
    return {k, lerp(voxel_.stored(x_.index, y_.index, k), voxel_.stored(x_.index, below, k), y_.weight),
            lerp(voxel_.stored(right, y_.index, k), voxel_.stored(right, below, k), y_.weight)};
  }

  LinearVoxel<In, Out> voxel_;
  AxisTap x_, y_;
  Pair near_{-1, 0, 0}, far_{-1, 0, 0};
};

template <class In, class Out>
struct NearestVoxel {
  VolumeView<const In> in;
  AxisTaps taps;
  IntensityMap map;

  NARU_HOST_DEVICE Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const In stored = in.data[in.index(taps.x[x].index, taps.y[y].index, taps.z[z].index)];
    return cast_to<Out>(mapped(static_cast<float>(stored), map));
  }
};

/// One column of it.
template <class In, class Out>
class NearestColumn {
 public:
  NARU_HOST_DEVICE NearestColumn(const NearestVoxel<In, Out>& voxel, std::int64_t x, std::int64_t y)
      : voxel_(voxel), offset_(voxel.in.index(voxel.taps.x[x].index, voxel.taps.y[y].index, 0)) {}

  NARU_HOST_DEVICE Out operator()(std::int64_t z) const {
    const std::int64_t plane = voxel_.taps.z[z].index * voxel_.in.size.x * voxel_.in.size.y;
    return cast_to<Out>(mapped(static_cast<float>(voxel_.in.data[offset_ + plane]), voxel_.map));
  }

 private:
  NearestVoxel<In, Out> voxel_;
  std::int64_t offset_;
};

template <class Out>
struct OutsideVoxel {
  VolumeView<const Out> voxels;
  InsideRange x_inside, y_inside, z_inside;
  Out value;

  NARU_HOST_DEVICE Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const bool is_inside = x >= x_inside.begin && x < x_inside.end && y >= y_inside.begin && y < y_inside.end &&
                           z >= z_inside.begin && z < z_inside.end;
    return is_inside ? voxels.data[voxels.index(x, y, z)] : value;
  }
};

}  // namespace naru
