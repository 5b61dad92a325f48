#include "pipeline/pixels/head_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace naru {

namespace {

struct Ellipsoid {
  Vec3 centre, radii;
};

constexpr std::array<Ellipsoid, 10> kParts = {{
    {kCentreOfAverageHead, {76, 97, 90}},  // cranium
    {{0, 52, 18}, {60, 50, 62}},           // forehead
    {{0, 88, -20}, {66, 74, 56}},          // base of the skull
    {{0, 62, -46}, {60, 56, 66}},          // face
    {{0, 42, -86}, {40, 40, 32}},          // jaw and chin
    {{0, -2, -36}, {15, 18, 11}},          // tip of the nose
    {{0, 6, -24}, {10, 16, 26}},           // bridge of the nose
    {{0, 120, -100}, {58, 58, 200}},       // neck
    {{74, 104, -18}, {10, 16, 32}},        // ears
    {{-74, 104, -18}, {10, 16, 32}},
}};

double distance_to(const Ellipsoid& part, const Vec3& point) {
  const Vec3 away = point - part.centre;
  double level = 0, slope = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double share = away[axis] / part.radii[axis];
    level += share * share;
    slope += share * share / (part.radii[axis] * part.radii[axis]);
  }
  level = std::sqrt(level);
  return level * (level - 1) / (std::sqrt(slope) + 1e-6);
}

}  // namespace

double distance_to_average_head(const Vec3& point_mm) {
  double nearest = std::numeric_limits<double>::infinity();
  for (const Ellipsoid& part : kParts) nearest = std::min(nearest, distance_to(part, point_mm));
  return nearest;
}

}  // namespace naru
