#include <array>
#include <cmath>

#include "tests/support/phantom.h"

namespace naru::test {

namespace {

/// An ellipsoid in units of half the field of view, along the patient axes, about the centre of the grid.
struct Ellipsoid {
  Vec3 center, radius;
};
constexpr Ellipsoid kBody{{0, 0, 0}, {0.9, 0.8, 1.6}};
constexpr std::array kOrgans = {Ellipsoid{{0.35, 0.1, 0.2}, {0.25, 0.3, 0.5}},
                                Ellipsoid{{-0.3, -0.2, -0.3}, {0.2, 0.25, 0.4}}};

/// Values outside and inside the body, added by each organ, and the ramp along each patient axis.
struct Palette {
  double outside, body;
  std::array<double, 2> organs;
  Vec3 ramp_per_mm;
};
constexpr Palette kCt{-900, 40, {400, -300}, {0.5, 0.25, 1}};
constexpr Palette kMr{20, 90, {60, -40}, {0.05, 0.1, 0.05}};

bool contains(const Ellipsoid& ellipsoid, const Vec3& p) {
  double sum = 0;
  for (int axis = 0; axis < 3; ++axis) {
    const double part = (p[axis] - ellipsoid.center[axis]) / ellipsoid.radius[axis];
    sum += part * part;
  }
  return sum <= 1;
}

/// Half the extent of the grid along each patient axis; never nothing, so that one may divide by it.
Vec3 half_extent_mm(const Grid& grid) {
  Vec3 half{};
  for (int axis = 0; axis < 3; ++axis) {
    for (int c = 0; c < 3; ++c) {
      half[axis] += 0.5 * static_cast<double>(grid.size[c]) * std::abs(grid.patient_from_voxel.rows[axis][c]);
    }
  }
  return half;
}

}  // namespace

PhantomField::PhantomField(const PhantomOptions& options)
    : is_ct_(options.modality == "CT"),
      seed_shift_(0.01 * static_cast<double>(options.seed % 20)),
      center_mm_(phantom_grid(options).center_in_patient()),
      half_mm_(half_extent_mm(phantom_grid(options))) {}

double PhantomField::operator()(const Vec3& p_in_patient) const {
  const Palette& palette = is_ct_ ? kCt : kMr;
  const Vec3 offset_mm = p_in_patient - center_mm_;
  Vec3 p{};
  for (int axis = 0; axis < 3; ++axis) p[axis] = offset_mm[axis] / half_mm_[axis];
  double value = dot(offset_mm, palette.ramp_per_mm);
  value += contains(kBody, p) ? palette.body : palette.outside;
  p[0] -= seed_shift_;
  for (std::size_t n = 0; n < kOrgans.size(); ++n) {
    if (contains(kOrgans[n], p)) value += palette.organs[n];
  }
  return value;
}

}  // namespace naru::test
