/// An impulse among zeros: what a resampling makes of it is the function by which it interpolates.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "core/geometry.h"

namespace naru::test {

constexpr std::int64_t kImpulseAt = 15;  // so far from the ends that no spline reaches them
constexpr Size3 kImpulseSize{2 * kImpulseAt + 1, 2 * kImpulseAt + 1, 2 * kImpulseAt + 1};
constexpr std::int16_t kImpulse = 1000;

inline std::vector<std::int16_t> impulse() {
  std::vector<std::int16_t> values(static_cast<std::size_t>(kImpulseSize.voxel_count()));
  values[values.size() / 2] = kImpulse;
  return values;
}

/// The interpolating cubic B-spline of a 1 at 0 (Unser, Aldroubi and Eden 1993), in f64.
inline double cardinal_spline(double x) {
  const auto cubic = [](double v) {
    v = std::abs(v);
    return v < 1 ? (4 - 6 * v * v + 3 * v * v * v) / 6 : v < 2 ? std::pow(2 - v, 3) / 6 : 0;
  };
  double sum = 0;
  for (int m = -40; m <= 40; ++m) {
    sum += std::numbers::sqrt3 * std::pow(std::numbers::sqrt3 - 2, std::abs(m)) * cubic(x - m);
  }
  return sum;
}

inline double hat(double x) { return std::max(0.0, 1 - std::abs(x)); }

/// @param place(target) in the source @param response(distance) along each axis
template <class PlaceOf, class Response>
void expect_impulse_response(const std::vector<float>& out, Size3 size, const PlaceOf& place, const Response& response,
                             double tolerance) {
  double worst = 0;
  for (std::int64_t i = 0; i < size.voxel_count(); ++i) {
    const Vec3 p = place(i % size.x, i / size.x % size.y, i / (size.x * size.y));
    double expected = kImpulse;
    for (const double along : p) expected *= response(along - kImpulseAt);
    worst = std::max(worst, std::abs(out[static_cast<std::size_t>(i)] - expected));
  }
  EXPECT_LE(worst, tolerance);
  EXPECT_GT(*std::ranges::max_element(out), kImpulse / 2);
}

}  // namespace naru::test
