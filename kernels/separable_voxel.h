/// Private to kernels/: what ONE value holds after each pass of a separable resampling (rules: kernels/resample.h,
/// tables: kernels/axis_weights.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/along.h"
#include "kernels/backend.h"
#include "kernels/intensity_voxel.h"

namespace naru {

/// An AxisWeights in memory that the backend reaches.
struct AxisPass {
  const std::int32_t* first;
  const std::int32_t* anchor;
  const float* total;
  const float* weights;
  std::int64_t taps;
};

/// Target t of a line of values that are `stride` apart.
template <class In>
NARU_HOST_DEVICE float weighted(const In* line, std::int64_t stride, const AxisPass& pass, std::int64_t t) {
  const In* const from = line + pass.first[t] * stride;
  const float* const weights = pass.weights + t * pass.taps;
  const float anchor = static_cast<float>(from[pass.anchor[t] * stride]);
  float even = 0, odd = 0;  // two sums, since each addition waits for the one before it
  std::int64_t i = 0;
  for (; i + 2 <= pass.taps; i += 2) {
    even = fmaf(weights[i], static_cast<float>(from[i * stride]) - anchor, even);
    odd = fmaf(weights[i + 1], static_cast<float>(from[(i + 1) * stride]) - anchor, odd);
  }
  if (i < pass.taps) even = fmaf(weights[i], static_cast<float>(from[i * stride]) - anchor, even);
  return fmaf(pass.total[t], anchor, even + odd);
}

/// First pass.
template <class In>
struct AlongYVoxel {
  VolumeView<const In> in;
  AxisPass pass;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return weighted(in.data + in.index(x, 0, z), in.size.x, pass, y);
  }
};

/// Second pass.
struct AlongXVoxel {
  VolumeView<const float> in;
  AxisPass pass;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return weighted(in.data + in.index(0, y, z), 1, pass, x);
  }
};

/// The least and the greatest value of a slice.
template <class T>
struct Limits {
  T low, high;
};

/// Values are clipped to those of the source slice that they are made of.
template <class In>
struct SliceLimits {
  const Limits<In>* slices = nullptr;  ///< null: nothing is clipped
  const std::int32_t* slice_of_target = nullptr;
  int axis = 0;

  NARU_HOST_DEVICE float operator()(float value, std::int64_t target) const {
    const Limits<In> limits = slices[slice_of_target[target]];
    value = static_cast<float>(limits.low) > value ? static_cast<float>(limits.low) : value;
    return static_cast<float>(limits.high) < value ? static_cast<float>(limits.high) : value;
  }
};

/// Last pass, and what follows the interpolation.
template <class In, class Out>
struct AlongZVoxel {
  VolumeView<const float> in;
  AxisPass pass;
  SliceLimits<In> limits;
  IntensityMap map;

  NARU_HOST_DEVICE Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    float value = weighted(in.data + in.index(x, y, 0), in.size.x * in.size.y, pass, z);
    if (limits.slices != nullptr) value = limits(value, limits.axis == 0 ? x : limits.axis == 1 ? y : z);
    return cast_to<Out>(mapped(value, map));
  }
};

/// Of one line across a slice: x is the slice's index along `axis`, y the line's place along `line_axis`.
template <class In>
struct LineLimitsVoxel {
  VolumeView<const In> in;
  int axis, line_axis, along;  ///< all three axes; the line runs along the last

  NARU_HOST_DEVICE Limits<In> operator()(std::int64_t x, std::int64_t y, std::int64_t) const {
    const std::int64_t stride = stride_along(in.size, along);
    const In* const line = in.data + x * stride_along(in.size, axis) + y * stride_along(in.size, line_axis);
    Limits<In> limits{line[0], line[0]};
    for (std::int64_t i = 1; i < count_along(in.size, along); ++i) {
      const In value = line[i * stride];
      limits.low = value < limits.low ? value : limits.low;
      limits.high = value > limits.high ? value : limits.high;
    }
    return limits;
  }
};

/// Of a whole slice, from those of its lines.
template <class In>
struct SliceLimitsVoxel {
  VolumeView<const Limits<In>> lines;

  NARU_HOST_DEVICE Limits<In> operator()(std::int64_t x, std::int64_t, std::int64_t) const {
    Limits<In> limits = lines.data[x];
    for (std::int64_t line = 1; line < lines.size.y; ++line) {
      const Limits<In> other = lines.data[lines.index(x, line, 0)];
      limits.low = other.low < limits.low ? other.low : limits.low;
      limits.high = other.high > limits.high ? other.high : limits.high;
    }
    return limits;
  }
};

}  // namespace naru
