/// A head whose brain, bone and skin are known to the point: for tests. Not the average head of the program: other
/// ellipsoids, and values inside.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/geometry.h"
#include "kernels/patient_grid.h"

namespace naru::test {

struct GeneratedHead {
  bool is_ct = true, has_nose = true, has_skin = true;
  double scale = 1, pitch = 0, yaw = 0;  ///< radians
  bool is_limb = false;                  ///< a cylinder
  bool lies_on_table = false;            ///< 420 mm broad and 30 mm thick, at the back of the head
  double face_is_gone_mm = -1e9;         ///< what lies in front of this (y) below the brow was taken away

  enum class Tissue { air, soft, bone, brain };

  /// @param point patient frame; the root of the nose lies at the origin
  Tissue at(const Vec3& point) const {
    if (lies_on_table && std::abs(point[0]) < 210 && point[1] > 185 && point[1] < 215) return Tissue::soft;
    const Vec3 p = (1 / scale) * turned_back(point);
    if (is_limb) return std::hypot(p[0], p[1] - 80) < 60 ? Tissue::soft : Tissue::air;
    if (is_in(p, {0, 95, 30}, {63, 84, 74})) return Tissue::brain;
    if (!has_skin) return Tissue::air;
    if (is_in(p, {0, 95, 30}, {69, 90, 81})) return Tissue::bone;
    if (p[1] < face_is_gone_mm && p[2] < 10) return Tissue::air;
    const bool is_skin = is_in(p, {0, 95, 30}, {75, 96, 88}) || is_in(p, {0, 54, 16}, {59, 50, 60}) ||
                         is_in(p, {0, 60, -46}, {59, 55, 62}) || is_in(p, {0, 42, -84}, {38, 38, 30}) ||
                         is_in(p, {0, 118, -110}, {56, 56, 190}) || is_in(p, {0, 88, -20}, {65, 72, 54});
    const bool is_nose = is_in(p, {0, 0, -36}, {14, 19, 12}) || is_in(p, {0, 8, -22}, {9, 15, 25});
    return is_skin || (has_nose && is_nose) ? Tissue::soft : Tissue::air;
  }

  /// HU, or the values of a T1-weighted image.
  float value(Tissue tissue) const {
    constexpr std::array<float, 4> kCt = {-1000, 20, 900, 35}, kMr = {4, 800, 60, 500};
    return (is_ct ? kCt : kMr)[static_cast<std::size_t>(tissue)];
  }

 private:
  static bool is_in(const Vec3& p, const Vec3& centre, const Vec3& radii) {
    double sum = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double share = (p[axis] - centre[axis]) / radii[axis];
      sum += share * share;
    }
    return sum <= 1;
  }

  /// About the middle of the head.
  Vec3 turned_back(const Vec3& point) const {
    const Vec3 middle{0, 95, 0};
    Vec3 p = point - middle;
    p = {p[0], std::cos(pitch) * p[1] + std::sin(pitch) * p[2], -std::sin(pitch) * p[1] + std::cos(pitch) * p[2]};
    p = {std::cos(yaw) * p[0] + std::sin(yaw) * p[1], -std::sin(yaw) * p[0] + std::cos(yaw) * p[1], p[2]};
    return p + middle;
  }
};

/// A scan around the head, from `bottom_mm` up.
inline PatientGrid head_grid(double cell_mm, double bottom_mm = -130) {
  const auto cells = [&](double mm) { return static_cast<std::int64_t>(mm / cell_mm); };
  return {{cells(200), cells(270), cells(150 - bottom_mm)}, {-100, -50, bottom_mm}, cell_mm};
}

inline std::vector<float> values_of(const GeneratedHead& head, const PatientGrid& grid) {
  std::vector<float> values;
  for (std::int64_t z = 0; z < grid.size.z; ++z) {
    for (std::int64_t y = 0; y < grid.size.y; ++y) {
      for (std::int64_t x = 0; x < grid.size.x; ++x) values.push_back(head.value(head.at(grid.center(x, y, z))));
    }
  }
  return values;
}

}  // namespace naru::test
