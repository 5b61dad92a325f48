/// Private to kernels/: one iteration of curvature diffusion of ONE voxel (rules: kernels/diffusion.h).
///
/// The flux through a face is the same bits for both voxels beside it, so that it may be found once for both.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/volume.h"
#include "kernels/backend.h"

namespace naru {

/// exp by 2^n times a polynomial of the rest (Moshier's Cephes, expf): within 2 units in the last place.
namespace exponential {
inline constexpr float kLeast = -87;  // its result is a normal number
inline constexpr float kLog2E = 1.44269504088896341F;
inline constexpr float kToWhole = 12582912;  // 1.5 * 2^23: what is added to it has no places behind the point
inline constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
inline constexpr float kSeventh = 1.9875691500e-4F, kSixth = 1.3981999507e-3F, kFifth = 8.3334519073e-3F,
                       kFourth = 4.1665795894e-2F, kThird = 1.6666665459e-1F, kSecond = 5.0000001201e-1F;
inline constexpr std::int32_t kBias = 127, kFractionBits = 23;
}  // namespace exponential

/// @pre exponent <= 0
NARU_HOST_DEVICE inline float exp_of_negative(float exponent) {
  const float at = exponent > exponential::kLeast ? exponent : exponential::kLeast;
  const float shifted = fmaf(at, exponential::kLog2E, exponential::kToWhole);
  const float whole = shifted - exponential::kToWhole;
  const float rest = fmaf(whole, -exponential::kLn2Low, fmaf(whole, -exponential::kLn2High, at));
  float sum = fmaf(exponential::kSeventh, rest, exponential::kSixth);
  sum = fmaf(sum, rest, exponential::kFifth);
  sum = fmaf(sum, rest, exponential::kFourth);
  sum = fmaf(sum, rest, exponential::kThird);
  sum = fmaf(sum, rest, exponential::kSecond);
  const float fraction = fmaf(sum, rest * rest, rest) + 1;
  std::uint32_t bits;
  memcpy(&bits, &shifted, sizeof(bits));  // its last places are the whole number; what is above them is shifted out
  bits = (bits + static_cast<std::uint32_t>(exponential::kBias)) << exponential::kFractionBits;
  float power;
  memcpy(&power, &bits, sizeof(power));
  return fraction * power;
}

/// What all voxels have in common in one iteration.
struct DiffusionStep {
  float scale[3];       ///< 1 / spacing in mm, along x, y, z
  float half_scale[3];  ///< half of it: of differences over two voxels
  float exponent;       ///< -1 / (2 K)
  float time_step;

  /// Keeps the division by a gradient of 0 from being one.
  static constexpr float kLeastSquare = 1e-10F;

  /// Through a face, of the difference along its normal and the derivatives along the two other axes, each the sum of
  /// those of both voxels.
  NARU_HOST_DEVICE float flux(float difference, float along_a, float along_b) const {
    const float across = fmaf(along_b, along_b, along_a * along_a);
    const float square = fmaf(difference, difference, 0.25F * across);
    return difference / sqrtf(square + kLeastSquare) * exp_of_negative(square * exponent);
  }

  /// @param speed the sum of all fluxes out of the voxel
  /// @param forward, backward differences to the neighbours along x, y, z: next - value, value - before
  NARU_HOST_DEVICE float moved(float value, float speed, const float (&forward)[3], const float (&backward)[3]) const {
    const float sign = speed > 0 ? 1.0F : -1.0F;
    float squares[3];  // added last, so that none waits for another
    for (int a = 0; a < 3; ++a) {
      const float from_before = sign * backward[a], to_next = sign * forward[a];
      const float down = from_before < 0 ? from_before : 0, up = to_next > 0 ? to_next : 0;
      squares[a] = fmaf(up, up, down * down);
    }
    const float square = squares[0] + squares[1] + squares[2];
    return fmaf(sqrtf(square) * time_step, speed, value);
  }
};

struct DiffusedVoxel {
  VolumeView<const float> in;
  DiffusionStep step;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const float value = at(x, y, z);
    float forward[3], backward[3], fluxes[3];
    for (int a = 0; a < 3; ++a) {
      const std::int64_t dx = a == 0 ? 1 : 0, dy = a == 1 ? 1 : 0, dz = a == 2 ? 1 : 0;
      forward[a] = (at(x + dx, y + dy, z + dz) - value) * step.scale[a];
      backward[a] = (value - at(x - dx, y - dy, z - dz)) * step.scale[a];
      fluxes[a] = flux_behind(a, x, y, z) - flux_behind(a, x - dx, y - dy, z - dz);
    }
    return step.moved(value, fluxes[0] + fluxes[1] + fluxes[2], forward, backward);
  }

 private:
  NARU_HOST_DEVICE static std::int64_t within(std::int64_t index, std::int64_t count) {
    return index < 0 ? 0 : index < count ? index : count - 1;
  }
  NARU_HOST_DEVICE float at(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return in.data[in.index(within(x, in.size.x), within(y, in.size.y), within(z, in.size.z))];
  }

  /// Over two voxels.
  NARU_HOST_DEVICE float derivative(int axis, std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int64_t dx = axis == 0 ? 1 : 0, dy = axis == 1 ? 1 : 0, dz = axis == 2 ? 1 : 0;
    return (at(x + dx, y + dy, z + dz) - at(x - dx, y - dy, z - dz)) * step.half_scale[axis];
  }

  /// Through the face between a voxel and the next along an axis; 0 at the ends.
  NARU_HOST_DEVICE float flux_behind(int axis, std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int64_t next_x = axis == 0 ? x + 1 : x, next_y = axis == 1 ? y + 1 : y, next_z = axis == 2 ? z + 1 : z;
    const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
    const float difference = (at(next_x, next_y, next_z) - at(x, y, z)) * step.scale[axis];
    return step.flux(difference, derivative(a, x, y, z) + derivative(a, next_x, next_y, next_z),
                     derivative(b, x, y, z) + derivative(b, next_x, next_y, next_z));
  }
};

/// Of the squared gradients of a row: lane l has the sum of those at l, l + kGradientLanes, ..., added in that order.
inline constexpr std::int64_t kGradientLanes = 8;

struct GradientLane {
  VolumeView<const float> in;
  DiffusionStep step;

  NARU_HOST_DEVICE static float square(float x, float y, float z) { return fmaf(x, x, fmaf(y, y, z * z)); }

  NARU_HOST_DEVICE double square_at(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int64_t here = in.index(x, y, z), row = in.size.x, slice = in.size.x * in.size.y;
    const auto derivative = [&](std::int64_t index, std::int64_t count, std::int64_t stride, float half_scale) {
      const float next = in.data[index + 1 < count ? here + stride : here];
      return (next - in.data[index > 0 ? here - stride : here]) * half_scale;
    };
    return static_cast<double>(square(derivative(x, in.size.x, 1, step.half_scale[0]),
                                      derivative(y, in.size.y, row, step.half_scale[1]),
                                      derivative(z, in.size.z, slice, step.half_scale[2])));
  }

  /// @param lane as x: a volume of kGradientLanes x rows x slices is made of these
  NARU_HOST_DEVICE double operator()(std::int64_t lane, std::int64_t y, std::int64_t z) const {
    double sum = 0;
    for (std::int64_t x = lane; x < in.size.x; x += kGradientLanes) sum += square_at(x, y, z);
    return sum;
  }
};

/// The sum over a slice of what GradientLane gave, rows in order and lanes in order within them.
struct GradientOfSlice {
  VolumeView<const double> lanes;

  NARU_HOST_DEVICE double operator()(std::int64_t, std::int64_t, std::int64_t z) const {
    double sum = 0;
    const std::int64_t count = lanes.size.x * lanes.size.y;
    for (std::int64_t n = 0; n < count; ++n) sum += lanes.data[z * count + n];
    return sum;
  }
};

}  // namespace naru
