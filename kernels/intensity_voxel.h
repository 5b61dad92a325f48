/// Private to kernels/: the intensity map of ONE voxel (formula and rounding: kernels/intensity.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/intensity.h"

namespace naru {

/// The comparisons are written so that NaN passes through, as it does in the vector instructions.
NARU_HOST_DEVICE inline float mapped(float stored, const IntensityMap& map) {
  float units = fmaf(map.slope, stored, map.intercept);
  units = map.clip_low > units ? map.clip_low : units;
  units = map.clip_high < units ? map.clip_high : units;
  return fmaf(map.gain, units, map.offset);
}

template <class Out>
NARU_HOST_DEVICE inline Out cast_to(float value);

template <>
NARU_HOST_DEVICE inline float cast_to<float>(float value) {
  return value;
}

template <>
NARU_HOST_DEVICE inline std::int16_t cast_to<std::int16_t>(float value) {
  if (!(value == value)) return 0;  // NaN
  value = -32768.0f > value ? -32768.0f : value;
  value = 32767.0f < value ? 32767.0f : value;
  return static_cast<std::int16_t>(rintf(value));
}

template <class In, class Out>
struct IntensityVoxel {
  VolumeView<const In> in;
  IntensityMap map;

  NARU_HOST_DEVICE Out operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return cast_to<Out>(mapped(static_cast<float>(in.data[in.index(x, y, z)]), map));
  }
};

}  // namespace naru
