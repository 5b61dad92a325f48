/// Private to kernels/: ONE voxel of a volume resampled through an affine map (rules: kernels/affine.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/folding.h"
#include "kernels/intensity_voxel.h"
#include "kernels/map_rows.h"
#include "kernels/resample_voxel.h"

namespace naru {

/// A place along one axis: the stored value before it, and how far it lies behind that. An axis has fewer than 2^31
/// values, and a device reckons twice as fast in 32 bits.
struct Place {
  std::int32_t index;
  float fraction;
};

NARU_HOST_DEVICE inline bool lies_within(double p, std::int64_t count) {
  return p >= -0.5 && p < static_cast<double>(count) - 0.5;
}

NARU_HOST_DEVICE inline Place place_of(double p) {
  const double index = std::floor(p);
  return {static_cast<std::int32_t>(index), static_cast<float>(p - index)};
}

template <class In>
struct NearestSample {
  VolumeView<const In> in;

  NARU_HOST_DEVICE float operator()(const double (&p)[3]) const {
    std::int64_t at[3];
    for (int a = 0; a < 3; ++a) at[a] = held(static_cast<std::int64_t>(std::floor(p[a] + 0.5)), in.size[a]);
    return static_cast<float>(in.data[in.index(at[0], at[1], at[2])]);
  }
};

/// @pre places lie within: at most one of the two values around a place is not there
template <class In>
struct LinearSample {
  VolumeView<const In> in;

  NARU_HOST_DEVICE float operator()(const double (&p)[3]) const {
    const Place x = place_of(p[0]), y = place_of(p[1]), z = place_of(p[2]);
    const std::int32_t left = first(x), right = second(x, in.size.x);
    const auto row = [&](std::int64_t j, std::int64_t k) {
      const In* const values = in.data + in.index(0, j, k);
      return lerp(static_cast<float>(values[left]), static_cast<float>(values[right]), x.fraction);
    };
    const std::int64_t above = first(y), below = second(y, in.size.y), front = first(z), behind = second(z, in.size.z);
    const float near = lerp(row(above, front), row(below, front), y.fraction);
    const float far = lerp(row(above, behind), row(below, behind), y.fraction);
    return lerp(near, far, z.fraction);
  }

  NARU_HOST_DEVICE static std::int32_t first(Place place) { return place.index > 0 ? place.index : 0; }
  NARU_HOST_DEVICE static std::int32_t second(Place place, std::int64_t count) {
    const auto last = static_cast<std::int32_t>(count - 1);
    return place.index < last ? place.index + 1 : last;
  }
};

/// As `mirrored`, for indices that lie at most two beyond an end.
NARU_HOST_DEVICE inline std::int32_t mirrored_near(std::int32_t index, std::int32_t count) {
  index = index < 0 ? -index : index;
  index = index < count ? index : 2 * (count - 1) - index;
  index = index < 0 ? -index : index;
  return index < count ? index : 0;  // one value alone
}

/// `in` holds the coefficients. @pre as LinearSample's
struct BsplineSample {
  VolumeView<const float> in;

  NARU_HOST_DEVICE float operator()(const double (&p)[3]) const {
    float weights[3][4];
    std::int64_t offsets[3][4];
    const std::int64_t strides[3] = {1, in.size.x, in.size.x * in.size.y};
    for (int a = 0; a < 3; ++a) {
      const Place place = place_of(p[a]);
      const float t = place.fraction, s = 1 - t;
      weights[a][0] = s * s * s / 6;
      weights[a][1] = fmaf(t * t, fmaf(3.0f, t, -6.0f), 4.0f) / 6;
      weights[a][2] = fmaf(s * s, fmaf(3.0f, s, -6.0f), 4.0f) / 6;
      weights[a][3] = t * t * t / 6;
      const auto count = static_cast<std::int32_t>(in.size[a]);
      for (int i = 0; i < 4; ++i) offsets[a][i] = mirrored_near(place.index - 1 + i, count) * strides[a];
    }
    // Differences to one coefficient: what rounds is small where the volume is even.
    const float anchor = in.data[offsets[0][1] + offsets[1][1] + offsets[2][1]];
    float sum = 0;
    for (int k = 0; k < 4; ++k) {
      float plane = 0;
      for (int j = 0; j < 4; ++j) {
        const float* const values = in.data + (offsets[1][j] + offsets[2][k]);
        float row = 0;
        for (int i = 0; i < 4; ++i) row = fmaf(weights[0][i], values[offsets[0][i]] - anchor, row);
        plane = fmaf(weights[1][j], row, plane);
      }
      sum = fmaf(weights[2][k], plane, sum);
    }
    return anchor + sum;
  }
};

template <class Sample, class Out>
struct AffineVoxel {
  Sample sample;
  MapRows source_from_target;
  IntensityMap map;
  Out outside;

  NARU_HOST_DEVICE Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    double p[3];
    for (int a = 0; a < 3; ++a) {
      p[a] = source_from_target.at(a, static_cast<double>(x), static_cast<double>(y), static_cast<double>(z));
      if (!lies_within(p[a], sample.in.size[a])) return outside;
    }
    return cast_to<Out>(mapped(sample(p), map));
  }
};

}  // namespace naru
