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
  const float* weights;  ///< of target t and tap i: weights[t * target_stride + i * tap_stride]
  std::int64_t taps;
  std::int64_t target_stride, tap_stride;  ///< neighbouring threads make neighbouring targets: there tap after tap
};

/// So many values a thread of a device makes at a time: the weights of a target serve as many lines.
inline constexpr int kLines = 4;

/// Target t of `kCount` lines that are `line_stride` apart, their values `stride` apart.
template <int kCount, class In>
NARU_HOST_DEVICE void weighted(const In* lines, std::int64_t line_stride, std::int64_t stride, const AxisPass& pass,
                               std::int64_t t, float (&out)[kCount]) {
  const In* const from = lines + pass.first[t] * stride;
  const float* const weights = pass.weights + t * pass.target_stride;
  float anchor[kCount], even[kCount], odd[kCount];  // two sums, since each addition waits for the one before it
  for (int n = 0; n < kCount; ++n) {
    anchor[n] = static_cast<float>(from[pass.anchor[t] * stride + n * line_stride]);
    even[n] = odd[n] = 0;
  }
  const auto add = [&](std::int64_t i, float(&sums)[kCount]) {
    const float weight = weights[i * pass.tap_stride];
    for (int n = 0; n < kCount; ++n) {
      sums[n] = fmaf(weight, static_cast<float>(from[i * stride + n * line_stride]) - anchor[n], sums[n]);
    }
  };
  std::int64_t i = 0;
  for (; i + 2 <= pass.taps; i += 2) {
    add(i, even);
    add(i + 1, odd);
  }
  if (i < pass.taps) add(i, even);
  for (int n = 0; n < kCount; ++n) out[n] = fmaf(pass.total[t], anchor[n], even[n] + odd[n]);
}

/// One voxel of a pass. T: what the pass makes.
template <class T, class Voxel>
NARU_HOST_DEVICE T made_at(const Voxel& voxel, std::int64_t x, std::int64_t y, std::int64_t z) {
  T out[1];
  voxel.template make<1>(x, y, z, out);
  return out[0];
}

/// First pass. Lines are planes.
template <class In>
struct AlongYVoxel {
  static constexpr int kLineAxis = 2;
  VolumeView<const In> in;
  AxisPass pass;

  template <int kCount>
  NARU_HOST_DEVICE void make(std::int64_t x, std::int64_t y, std::int64_t z, float (&out)[kCount]) const {
    weighted<kCount>(in.data + in.index(x, 0, z), in.size.x * in.size.y, in.size.x, pass, y, out);
  }
};

/// Second pass. Lines are planes.
struct AlongXVoxel {
  static constexpr int kLineAxis = 2;
  VolumeView<const float> in;
  AxisPass pass;

  template <int kCount>
  NARU_HOST_DEVICE void make(std::int64_t x, std::int64_t y, std::int64_t z, float (&out)[kCount]) const {
    weighted<kCount>(in.data + in.index(0, y, z), in.size.x * in.size.y, 1, pass, x, out);
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

/// Last pass, and what follows the interpolation. Lines are rows.
template <class In, class Out>
struct AlongZVoxel {
  static constexpr int kLineAxis = 1;
  VolumeView<const float> in;
  AxisPass pass;
  SliceLimits<In> limits;
  IntensityMap map;

  template <int kCount>
  NARU_HOST_DEVICE void make(std::int64_t x, std::int64_t y, std::int64_t z, Out (&out)[kCount]) const {
    float values[kCount];
    weighted<kCount>(in.data + in.index(x, y, 0), in.size.x, in.size.x * in.size.y, pass, z, values);
    for (int n = 0; n < kCount; ++n) {
      float value = values[n];
      if (limits.slices != nullptr) value = limits(value, limits.axis == 0 ? x : limits.axis == 1 ? y + n : z);
      out[n] = cast_to<Out>(mapped(value, map));
    }
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
    for (std::int64_t i = 1; i < in.size[along]; ++i) {
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
