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

/// A place along one axis: the stored value before it, and how far it lies behind that.
struct Place {
  std::int64_t index;
  float fraction;
};

NARU_HOST_DEVICE inline bool lies_within(double p, std::int64_t count) {
  return p >= -0.5 && p < static_cast<double>(count) - 0.5;
}

NARU_HOST_DEVICE inline Place place_of(double p) {
  const double index = std::floor(p);
  return {static_cast<std::int64_t>(index), static_cast<float>(p - index)};
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

template <class In>
struct LinearSample {
  VolumeView<const In> in;

  NARU_HOST_DEVICE float operator()(const double (&p)[3]) const {
    const Place x = place_of(p[0]), y = place_of(p[1]), z = place_of(p[2]);
    const float near = lerp(row(x, y.index, z.index), row(x, y.index + 1, z.index), y.fraction);
    const float far = lerp(row(x, y.index, z.index + 1), row(x, y.index + 1, z.index + 1), y.fraction);
    return lerp(near, far, z.fraction);
  }

  NARU_HOST_DEVICE float row(Place x, std::int64_t j, std::int64_t k) const {
    const In* const values = in.data + in.index(0, held(j, in.size.y), held(k, in.size.z));
    return lerp(static_cast<float>(values[held(x.index, in.size.x)]),
                static_cast<float>(values[held(x.index + 1, in.size.x)]), x.fraction);
  }
};

/// `in` holds the coefficients.
struct BsplineSample {
  VolumeView<const float> in;

  NARU_HOST_DEVICE float operator()(const double (&p)[3]) const {
    float weights[3][4];
    std::int64_t index[3][4];
    for (int a = 0; a < 3; ++a) {
      const Place place = place_of(p[a]);
      const float t = place.fraction, s = 1 - t;
      weights[a][0] = s * s * s / 6;
      weights[a][1] = fmaf(t * t, fmaf(3.0f, t, -6.0f), 4.0f) / 6;
      weights[a][2] = fmaf(s * s, fmaf(3.0f, s, -6.0f), 4.0f) / 6;
      weights[a][3] = t * t * t / 6;
      for (int i = 0; i < 4; ++i) index[a][i] = mirrored(place.index - 1 + i, in.size[a]);
    }
    // Differences to one coefficient: what rounds is small where the volume is even.
    const float anchor = in.data[in.index(index[0][1], index[1][1], index[2][1])];
    float sum = 0;
    for (int k = 0; k < 4; ++k) {
      float plane = 0;
      for (int j = 0; j < 4; ++j) {
        const float* const values = in.data + in.index(0, index[1][j], index[2][k]);
        float row = 0;
        for (int i = 0; i < 4; ++i) row = fmaf(weights[0][i], values[index[0][i]] - anchor, row);
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
