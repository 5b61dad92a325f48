/// Private to kernels/: the float16 cast of ONE voxel (rounding and range: kernels/float16.h).
///
/// In integers, on the device too: an intrinsic would save a handful of instructions that the memory hides, and has
/// another NaN.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/backend.h"
#include "kernels/float16.h"
#include "kernels/intensity_voxel.h"

namespace naru {

inline constexpr float kGreatestFloat16 = 65504.0f;
inline constexpr std::uint16_t kFloat16Nan = 0x7e00;

struct Float16Voxel {
  VolumeView<const float> in;

  NARU_HOST_DEVICE static Float16 cast(float value) {
    if (!(value == value)) return {kFloat16Nan};
    constexpr std::uint32_t kSign = 0x8000'0000u, kLeastNormal = 0x3880'0000u;  // 2^-14
    std::uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    const std::uint32_t sign = (bits & kSign) >> 16;
    float size = fabsf(value);
    size = kGreatestFloat16 < size ? kGreatestFloat16 : size;
    memcpy(&bits, &size, sizeof bits);
    if (bits < kLeastNormal) {
      // The spacing of floats from 0.5 on is that of subnormal halves: the sum rounds, its last bits are the half's.
      const float sum = size + 0.5f;
      memcpy(&bits, &sum, sizeof bits);
      return {static_cast<std::uint16_t>(sign | (bits - 0x3f00'0000u))};
    }
    // 13 bits go: half of the last kept one, and that one itself, decide; then the exponent's bias falls by 112.
    bits += 0x0fffu + ((bits >> 13) & 1u);
    return {static_cast<std::uint16_t>(sign | ((bits - 0x3800'0000u) >> 13))};
  }

  NARU_HOST_DEVICE float load(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return in.data[in.index(x, y, z)];
  }
  NARU_HOST_DEVICE Float16 made(float value) const { return cast(value); }
  NARU_HOST_DEVICE Float16 operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return made(load(x, y, z));
  }
};

template <>
NARU_HOST_DEVICE inline Float16 cast_to<Float16>(float value) {
  return Float16Voxel::cast(value);
}

}  // namespace naru
