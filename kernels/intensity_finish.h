/// Private to *_avx2.cpp and *_avx512.cpp: how much of the intensity map has to be done to values made of stored ones.
#pragma once

#include <cmath>
#include <type_traits>

#include "kernels/intensity_voxel.h"

namespace naru {

/// What is left to do with a value that lies between stored ones.
enum class Finish {
  cast,     ///< the map changes nothing, and 32 bits hold it
  bounded,  ///< to map it, and then 32 bits hold it
  any
};

template <class In>
Finish finish_of(const IntensityMap& map) {
  if (std::is_floating_point_v<In>) return Finish::any;
  constexpr IntensityMap kNone;
  const bool is_none = map.slope == kNone.slope && map.intercept == kNone.intercept && map.clip_low == kNone.clip_low &&
                       map.clip_high == kNone.clip_high && map.gain == kNone.gain && map.offset == kNone.offset;
  if (is_none) return Finish::cast;
  constexpr float kHeld = 1 << 30;  // a map rises or falls throughout, so the ends tell of all
  const bool is_held = std::abs(mapped(-32768.0f, map)) < kHeld && std::abs(mapped(65535.0f, map)) < kHeld;
  return is_held ? Finish::bounded : Finish::any;
}

}  // namespace naru
