#include "pipeline/grid_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace naru {

namespace {

/// One axis of the bounding box: how many voxels before slice 0 it begins, and how many it has.
struct Extent {
  double first = 0;
  std::int64_t count = 0;
};

Extent extent_of(std::int64_t count, double drift_of_last) {
  // Drifts by rounding of positions are not worth a voxel.
  constexpr double kNoDrift = 1e-6;
  const double before = std::floor(std::min(0.0, drift_of_last) + kNoDrift);
  const double after = std::ceil(std::max(0.0, drift_of_last) - kNoDrift);
  return {before, count + static_cast<std::int64_t>(after - before)};
}

}  // namespace

Straightening plan_straightening(const Grid& sheared) {
  const Affine& affine = sheared.patient_from_voxel;
  const Vec3 along_i = affine.column(0), along_j = affine.column(1), step = affine.column(2);
  const Vec3 area = cross(along_i, along_j);
  const Vec3 normal = (1 / norm(area)) * area;
  const double rise_mm = dot(step, normal);
  // The drift of one slice against the one before, in voxels.
  const double drift_i = dot(step, along_i) / dot(along_i, along_i),
               drift_j = dot(step, along_j) / dot(along_j, along_j);
  const double last = static_cast<double>(sheared.size.z - 1);
  const Extent i = extent_of(sheared.size.x, last * drift_i), j = extent_of(sheared.size.y, last * drift_j);

  Straightening plan;
  plan.grid = sheared;
  plan.grid.size = {i.count, j.count, sheared.size.z};
  plan.grid.patient_from_voxel.set_column(2, rise_mm * normal);
  plan.grid.patient_from_voxel.set_column(3, affine({i.first, j.first, 0}));
  for (std::int64_t k = 0; k < sheared.size.z; ++k) {
    plan.shifts.push_back({i.first - static_cast<double>(k) * drift_i, j.first - static_cast<double>(k) * drift_j});
  }
  plan.degrees = std::acos(std::clamp(rise_mm / norm(step), -1.0, 1.0)) * 180 / std::numbers::pi;
  return plan;
}

int GridPlan::slice_axis() const {
  return static_cast<int>(std::ranges::find(orient.source_axis, 2) - orient.source_axis.begin());
}

std::pair<std::int64_t, std::int64_t> GridPlan::source_slices(std::int64_t begin, std::int64_t end) const {
  const AxisSteps& steps = axes[static_cast<std::size_t>(slice_axis())];
  const std::int64_t count = steps.source_total;
  const double a = steps.first + static_cast<double>(begin) * steps.step;
  const double b = steps.first + static_cast<double>(end - 1) * steps.step;
  // Nearest rounds, linear takes the slice after too: one more on either side serves both.
  const auto low = static_cast<std::int64_t>(std::floor(std::min(a, b))) - 1;
  const auto high = static_cast<std::int64_t>(std::floor(std::max(a, b))) + 2;
  return {std::clamp<std::int64_t>(low, 0, count - 1), std::clamp<std::int64_t>(high, 0, count - 1) + 1};
}

GridPlan plan_grid(const dicom::Stack& stack, const Recipe& recipe) {
  GridPlan plan;
  if (stack.is_tilted && recipe.tilt == "straighten") plan.straighten = plan_straightening(stack.grid);
  const Grid& source = plan.straighten ? plan.straighten->grid : stack.grid;
  plan.orient = axis_map(source.patient_from_voxel, recipe.axes);
  const Grid oriented = reoriented(source, plan.orient);
  plan.source_spacing_mm = oriented.spacing_mm();
  const ResampledGrid result = resampled(oriented, recipe.spacing_mm.value_or(plan.source_spacing_mm));
  plan.grid = recipe.spacing_mm ? result.grid : oriented;
  for (int a = 0; a < 3; ++a) {
    AxisSteps steps = recipe.spacing_mm ? result.axes[a] : AxisSteps{oriented.size[a], 1, 0};
    if (plan.orient.flip[a]) {
      steps.first = static_cast<double>(oriented.size[a] - 1) - steps.first;
      steps.step = -steps.step;
    }
    steps.source_total = oriented.size[a];
    plan.axes[a] = steps;
  }
  return plan;
}

}  // namespace naru
