/// Private to kernels/: what ONE value holds after each pass of a separable resampling (rules: kernels/resample.h,
/// tables: kernels/axis_weights.h).
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "core/volume.h"
#include "kernels/along.h"
#include "kernels/backend.h"
#include "kernels/intensity_voxel.h"

namespace naru {

/// An AxisWeights in memory of the host.
struct AxisPass {
  const std::int32_t* first;
  const std::int32_t* anchor;
  const float* total;
  const float* weights;  ///< of target t and tap i: weights[t * taps + i]
  std::int64_t taps;
};

/// Target t of a line whose values are `stride` apart.
template <class In>
float weighted(const In* line, std::int64_t stride, const AxisPass& pass, std::int64_t t) {
  const In* const from = line + pass.first[t] * stride;
  const float* const weights = pass.weights + t * pass.taps;
  const auto anchor = static_cast<float>(from[pass.anchor[t] * stride]);
  float even = 0, odd = 0;  // two sums, since each addition waits for the one before it
  const auto add = [&](std::int64_t i, float& sum) {
    sum = fmaf(weights[i], static_cast<float>(from[i * stride]) - anchor, sum);
  };
  std::int64_t i = 0;
  for (; i + 2 <= pass.taps; i += 2) {
    add(i, even);
    add(i + 1, odd);
  }
  if (i < pass.taps) add(i, even);
  return fmaf(pass.total[t], anchor, even + odd);
}

/// So many neighbouring targets a thread of a device makes at a time (kernels/axis_groups.h).
inline constexpr int kGroup = 4;

/// So many values of each line are loaded before the first is used. Even: a value's sum depends on its place.
inline constexpr int kTapsAtOnce = 4;

struct GroupHead {
  std::int32_t first;           ///< source value of the group's first weight
  std::int32_t anchor[kGroup];  ///< counted from there
  float total[kGroup];
};

struct alignas(sizeof(float) * kGroup) GroupWeights {
  float of[kGroup];
};

/// An AxisGroups in memory that the backend reaches.
struct GroupedPass {
  const GroupHead* heads;
  const GroupWeights* weights;  ///< of group g and tap i: weights[g * taps + i]
  std::int32_t taps;
};

/// Group g of kLines lines that are `line_stride` apart, their values `stride` apart: what `weighted` gives, bit for
/// bit. A weight of 0 adds nothing to a sum, and where a row begins at an odd place, the two sums only change their
/// names.
template <int kLines, class In>
NARU_HOST_DEVICE void weighted_group(const In* lines, std::int64_t line_stride, std::int64_t stride,
                                     const GroupedPass& pass, std::int64_t g, float (&out)[kLines][kGroup]) {
  const GroupHead& head = pass.heads[g];
  const GroupWeights* const weights = pass.weights + g * pass.taps;
  const In* from = lines + head.first * stride;
  float anchor[kLines][kGroup], even[kLines][kGroup], odd[kLines][kGroup];
  for (int l = 0; l < kLines; ++l) {
    for (int n = 0; n < kGroup; ++n) {
      anchor[l][n] = static_cast<float>(from[head.anchor[n] * stride + l * line_stride]);
      even[l][n] = odd[l][n] = 0;
    }
  }
  // Weights by value: four are loaded at once.
  const auto add = [&](const GroupWeights weight, const In(&values)[kLines], float(&sums)[kLines][kGroup]) {
    for (int l = 0; l < kLines; ++l) {
      for (int n = 0; n < kGroup; ++n) {
        sums[l][n] = fmaf(weight.of[n], static_cast<float>(values[l]) - anchor[l][n], sums[l][n]);
      }
    }
  };
  std::int32_t i = 0;
  for (; i + kTapsAtOnce <= pass.taps; i += kTapsAtOnce) {
    In values[kTapsAtOnce][kLines];
    for (int k = 0; k < kTapsAtOnce; ++k, from += stride) {
      for (int l = 0; l < kLines; ++l) values[k][l] = from[l * line_stride];
    }
    for (int k = 0; k < kTapsAtOnce; ++k) add(weights[i + k], values[k], k % 2 == 0 ? even : odd);
  }
  for (; i < pass.taps; ++i, from += stride) {
    In values[kLines];
    for (int l = 0; l < kLines; ++l) values[l] = from[l * line_stride];
    if (i % 2 == 0) {
      add(weights[i], values, even);
    } else {
      add(weights[i], values, odd);
    }
  }
  for (int l = 0; l < kLines; ++l) {
    for (int n = 0; n < kGroup; ++n) out[l][n] = fmaf(head.total[n], anchor[l][n], even[l][n] + odd[l][n]);
  }
}

/// First pass.
template <class In>
struct AlongYVoxel {
  VolumeView<const In> in;
  AxisPass pass;

  float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return weighted(in.data + in.index(x, 0, z), in.size.x, pass, y);
  }
};

/// Second pass.
struct AlongXVoxel {
  VolumeView<const float> in;
  AxisPass pass;

  float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return weighted(in.data + in.index(0, y, z), 1, pass, x);
  }
};

/// The least and the greatest value of a slice. NaN counts only where there is nothing else, and -0 as 0: so they do
/// not depend on the order of the work.
template <class T>
struct Limits {
  T low, high;

  NARU_HOST_DEVICE static Limits of(T value) {
    const T without_sign_of_zero = static_cast<T>(value + T{0});
    return {without_sign_of_zero, without_sign_of_zero};
  }
  NARU_HOST_DEVICE void add(const Limits& other) {
    low = other.low < low || is_nan(low) ? other.low : low;
    high = other.high > high || is_nan(high) ? other.high : high;
  }

 private:
  NARU_HOST_DEVICE static bool is_nan(T value) {
    if constexpr (std::is_floating_point_v<T>) return value != value;
    return false;
  }
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

/// What follows the interpolation.
template <class In, class Out>
struct Finish {
  SliceLimits<In> limits;
  IntensityMap map;

  NARU_HOST_DEVICE Out operator()(float value, std::int64_t x, std::int64_t y, std::int64_t z) const {
    if (limits.slices != nullptr) value = limits(value, limits.axis == 0 ? x : limits.axis == 1 ? y : z);
    return cast_to<Out>(mapped(value, map));
  }
};

/// Last pass.
template <class In, class Out>
struct AlongZVoxel {
  VolumeView<const float> in;
  AxisPass pass;
  Finish<In, Out> finish;

  Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return finish(weighted(in.data + in.index(x, y, 0), in.size.x * in.size.y, pass, z), x, y, z);
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
    Limits<In> limits = Limits<In>::of(line[0]);
    for (std::int64_t i = 1; i < in.size[along]; ++i) limits.add(Limits<In>::of(line[i * stride]));
    return limits;
  }
};

/// Of a whole slice, from those of its lines, or of other parts of it.
template <class In>
struct SliceLimitsVoxel {
  VolumeView<const Limits<In>> lines;

  NARU_HOST_DEVICE Limits<In> operator()(std::int64_t x, std::int64_t, std::int64_t) const {
    Limits<In> limits = lines.data[x];
    for (std::int64_t line = 1; line < lines.size.y; ++line) limits.add(lines.data[lines.index(x, line, 0)]);
    return limits;
  }
};

}  // namespace naru
