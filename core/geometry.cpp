#include "core/geometry.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace naru {

double dot(const Vec3& a, const Vec3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vec3 cross(const Vec3& a, const Vec3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double norm(const Vec3& a) { return std::sqrt(dot(a, a)); }
Vec3 operator+(const Vec3& a, const Vec3& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
Vec3 operator-(const Vec3& a, const Vec3& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Vec3 operator*(double s, const Vec3& a) { return {s * a[0], s * a[1], s * a[2]}; }

Vec3 Affine::operator()(const Vec3& p) const {
  return p[0] * column(0) + p[1] * column(1) + p[2] * column(2) + column(3);
}

Vec3 Affine::column(int index) const { return {rows[0][index], rows[1][index], rows[2][index]}; }

void Affine::set_column(int index, const Vec3& value) {
  for (int r = 0; r < 3; ++r) rows[r][index] = value[r];
}

Affine operator*(const Affine& a, const Affine& b) {
  Affine result;
  for (int c = 0; c < 3; ++c) {
    const Vec3 of_b = b.column(c);  // a direction: the origin, which is large, has no part in it
    result.set_column(c, of_b[0] * a.column(0) + of_b[1] * a.column(1) + of_b[2] * a.column(2));
  }
  result.set_column(3, a(b.column(3)));
  return result;
}

namespace {

/// A length without the noise of the positions that it is a difference of, or of an oblique direction's cosines: the
/// number of nine decimals that it is meant to be. Counts of voxels depend on it where they are nearly halfway.
double without_noise(double length_mm) {
  constexpr double kDecimals = 1e9, kNoise = 1e-11;  // of positions in mm, which f64 holds to some 1e-13
  const double decimal = std::round(length_mm * kDecimals) / kDecimals;
  return std::abs(decimal - length_mm) <= kNoise ? decimal : length_mm;
}

}  // namespace

Vec3 Grid::spacing_mm() const {
  Vec3 spacing{};
  for (int a = 0; a < 3; ++a) spacing[a] = without_noise(norm(patient_from_voxel.column(a)));
  return spacing;
}

Vec3 Grid::center_in_patient() const {
  return patient_from_voxel({0.5 * static_cast<double>(size.x - 1), 0.5 * static_cast<double>(size.y - 1),
                             0.5 * static_cast<double>(size.z - 1)});
}

std::array<Vec3, 8> corners_in_patient(const Grid& grid) {
  std::array<Vec3, 8> corners;
  for (int c = 0; c < 8; ++c) {
    Vec3 index{};
    for (int axis = 0; axis < 3; ++axis) {
      index[axis] = (c >> axis & 1) ? static_cast<double>(grid.size[axis] - 1) : 0.0;
    }
    corners[c] = grid.patient_from_voxel(index);
  }
  return corners;
}

Affine affine_ras(const Affine& patient_from_voxel) {
  Affine ras = patient_from_voxel;
  for (int r = 0; r < 2; ++r) {
    for (double& value : ras.rows[r]) value = value == 0 ? 0 : -value;  // no -0.0 in documents
  }
  return ras;
}

double shear_mm(const Grid& grid) {
  const Vec3 spacing = grid.spacing_mm();
  const Affine& affine = grid.patient_from_voxel;
  if (spacing[0] == 0 || spacing[1] == 0) return 0;
  const Vec3 i = (1 / spacing[0]) * affine.column(0);
  Vec3 j = affine.column(1) - dot(affine.column(1), i) * i;
  if (norm(j) == 0) return norm(affine.column(1));
  j = (1 / norm(j)) * j;
  Vec3 k = cross(i, j);
  if (dot(k, affine.column(2)) < 0) k = -1 * k;
  Grid upright = grid;
  upright.patient_from_voxel.set_column(1, spacing[1] * j);
  upright.patient_from_voxel.set_column(2, spacing[2] * k);
  const Vec3 shift = grid.center_in_patient() - upright.center_in_patient();
  const auto from = corners_in_patient(grid);
  const auto to = corners_in_patient(upright);
  double greatest = 0;
  for (int c = 0; c < 8; ++c) greatest = std::max(greatest, norm(to[c] + shift - from[c]));
  return greatest;
}

namespace {

constexpr std::array<std::string_view, 3> kLetters = {"LR", "PA", "SI"};  // positive, negative direction of LPS

/// For each voxel axis the patient axis it runs along, each used once: the assignment with the largest |cosines|.
std::array<int, 3> nearest_patient_axes(const Affine& affine) {
  std::array<int, 3> order{0, 1, 2}, best = order;
  double best_score = -1;
  do {
    double score = 0;
    for (int a = 0; a < 3; ++a) {
      const double length = norm(affine.column(a));
      score += length > 0 ? std::abs(affine.rows[order[a]][a]) / length : 0;
    }
    if (score > best_score + 1e-12) {
      best_score = score;
      best = order;
    }
  } while (std::ranges::next_permutation(order).found);
  return best;
}

int patient_axis_of(char letter) {
  for (int axis = 0; axis < 3; ++axis) {
    if (kLetters[axis].find(letter) != std::string_view::npos) return axis;
  }
  return -1;
}

}  // namespace

std::string axis_codes(const Affine& patient_from_voxel) {
  const auto axes = nearest_patient_axes(patient_from_voxel);
  std::string codes;
  for (int a = 0; a < 3; ++a) codes += kLetters[axes[a]][patient_from_voxel.rows[axes[a]][a] < 0 ? 1 : 0];
  return codes;
}

bool is_axis_codes(std::string_view axes) {
  if (axes.size() != 3) return false;
  std::array<int, 3> seen{};
  for (const char letter : axes) {
    const int axis = patient_axis_of(letter);
    if (axis < 0 || seen[axis]++) return false;
  }
  return true;
}

AxisMap axis_map(const Affine& patient_from_voxel, std::string_view axes) {
  assert(is_axis_codes(axes));
  const auto source_patient_axes = nearest_patient_axes(patient_from_voxel);
  const std::string source_codes = axis_codes(patient_from_voxel);
  AxisMap map;
  for (int target = 0; target < 3; ++target) {
    const int wanted = patient_axis_of(axes[target]);
    for (int source = 0; source < 3; ++source) {
      if (source_patient_axes[source] != wanted) continue;
      map.source_axis[target] = source;
      map.flip[target] = source_codes[source] != axes[target];
    }
  }
  return map;
}

Grid reoriented(const Grid& grid, const AxisMap& map) {
  Affine source_from_target;
  Size3 size;
  std::array<std::int64_t, 3> counts{};
  for (auto& row : source_from_target.rows) row = {0, 0, 0, 0};
  for (int target = 0; target < 3; ++target) {
    const int source = map.source_axis[target];
    counts[target] = grid.size[source];
    source_from_target.rows[source][target] = map.flip[target] ? -1 : 1;
    source_from_target.rows[source][3] = map.flip[target] ? static_cast<double>(grid.size[source] - 1) : 0;
  }
  size = {counts[0], counts[1], counts[2]};
  return {size, grid.patient_from_voxel * source_from_target};
}

namespace {

std::int64_t at_least_one(double count) { return std::max<std::int64_t>(1, static_cast<std::int64_t>(count)); }

/// Products and quotients in the order of each tool, since counts at half a voxel depend on it.
/// @param n voxels of spacing `from` to be brought to spacing `to`
AxisSteps steps_of(double n, double from, double to, GridConvention convention) {
  const double step = to / from;
  // nearbyint() rounds half to even, as Python and numpy do.
  const auto zoomed = [&](double ratio) { return at_least_one(std::nearbyint(ratio)); };
  switch (convention) {
    case GridConvention::naru: {
      constexpr double kRounding = 1e-9;  // of the product: 18 voxels of 0.6 mm are 13.5 of 0.8 mm, and become 14
      const std::int64_t count = at_least_one(std::floor(n * from / to + 0.5 + kRounding));
      return {count, step, 0.5 * (n - 1) - 0.5 * static_cast<double>(count - 1) * step};
    }
    case GridConvention::nnunet: {
      const std::int64_t count = zoomed(from / to * n);
      return {.target_count = count, .step = n / static_cast<double>(count), .first = -0.5, .offset = 0.5};
    }
    case GridConvention::monai: return {zoomed((n - 1) * from / to + 1), step, 0};
    case GridConvention::torchio: return {n == 1 ? 1 : at_least_one(std::ceil(n * from / to)), step, 0.5 * (step - 1)};
    case GridConvention::totalsegmentator: {
      const std::int64_t count = zoomed(n * (from / to));
      // One voxel becomes several alike: they lie a spacing apart, since an affine has an inverse.
      return {count, count > 1 && n > 1 ? (n - 1) / static_cast<double>(count - 1) : step, 0};
    }
    case GridConvention::itk: return {zoomed(n * from / to), step, 0};
  }
  return {};
}

/// @param n source voxels
InsideRange inside_of(const AxisSteps& axis, double n, GridConvention convention) {
  const auto is_inside = [&](std::int64_t target) {
    const double source = axis.place(target);
    switch (convention) {
      case GridConvention::torchio:
      case GridConvention::itk: return source >= -0.5 && source < n - 0.5;
      case GridConvention::totalsegmentator: return n == 1 || source <= n - 1;
      default: return true;
    }
  };
  InsideRange range{0, axis.target_count};
  while (range.begin < range.end && !is_inside(range.begin)) ++range.begin;
  while (range.begin < range.end && !is_inside(range.end - 1)) --range.end;
  return range;
}

}  // namespace

ResampledGrid resampled(const Grid& grid, const Vec3& spacing_mm, GridConvention convention) {
  ResampledGrid result;
  const Vec3 source_spacing = grid.spacing_mm();
  Affine source_from_target;
  for (int a = 0; a < 3; ++a) {
    assert(spacing_mm[a] > 0 && source_spacing[a] > 0);
    const auto n = static_cast<double>(grid.size[a]);
    const AxisSteps axis = steps_of(n, source_spacing[a], spacing_mm[a], convention);
    result.axes[a] = axis;
    result.inside[a] = inside_of(axis, n, convention);
    source_from_target.rows[a][a] = axis.step;
    source_from_target.rows[a][3] = axis.place(0);
  }
  const auto& axes = result.axes;
  result.grid = {{axes[0].target_count, axes[1].target_count, axes[2].target_count},
                 grid.patient_from_voxel * source_from_target};
  return result;
}

}  // namespace naru
