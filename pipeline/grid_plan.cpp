#include "pipeline/grid_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/axis_weights.h"

namespace naru {

namespace {

/// One axis of the bounding box: how many voxels before slice 0 it begins, and how many it has.
struct Extent {
  double first = 0;
  std::int64_t count = 0;
};

constexpr double kNoDrift = 1e-6;  // in voxels: what rounding of positions makes is not worth a voxel

/// A shift by nearly a whole voxel is one: else the outer voxel would lack a neighbour that weighs nothing.
double shift_of(double first, double drift) {
  const double shift = first - drift, whole = std::round(shift);
  return std::abs(shift - whole) <= kNoDrift ? whole : shift;
}

Extent extent_of(std::int64_t count, double drift_of_last) {
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
    const auto slice = static_cast<double>(k);
    plan.shifts.push_back({shift_of(i.first, slice * drift_i), shift_of(j.first, slice * drift_j)});
  }
  plan.degrees = std::acos(std::clamp(rise_mm / norm(step), -1.0, 1.0)) * 180 / std::numbers::pi;
  return plan;
}

InsideRange part_of(const InsideRange& inside, std::int64_t begin, std::int64_t count) {
  const std::int64_t first = std::clamp<std::int64_t>(inside.begin - begin, 0, count);
  return {first, std::clamp<std::int64_t>(inside.end - begin, first, count)};
}

int GridPlan::slice_axis() const {
  return static_cast<int>(std::ranges::find(orient.source_axis, 2) - orient.source_axis.begin());
}

ResampleOptions GridPlan::resample_part(std::int64_t begin, std::int64_t end, std::int64_t source_begin) const {
  ResampleOptions part = resample;
  AxisSteps& steps = part.axes[static_cast<std::size_t>(slice_axis())];
  steps.target_begin = begin;
  steps.target_count = end - begin;
  steps.source_begin = source_begin;
  return part;
}

std::pair<std::int64_t, std::int64_t> GridPlan::source_slices(std::int64_t begin, std::int64_t end) const {
  const int along = slice_axis();
  return source_range(resample_part(begin, end, 0), along, resample.axes[static_cast<std::size_t>(along)].source_total);
}

namespace {

constexpr double kSeparateRatio = 3;

/// The axis that nnU-Net resamples by itself: of the spacings now, else of those to come, the one that is far coarser.
std::optional<int> separate_axis_of(const Vec3& spacing_mm, const Vec3& target_mm) {
  for (const Vec3& mm : {spacing_mm, target_mm}) {
    const auto [least, greatest] = std::ranges::minmax_element(mm);
    if (*greatest / *least <= kSeparateRatio) continue;
    if (std::ranges::count(mm, *greatest) > 1) return std::nullopt;
    return static_cast<int>(greatest - mm.begin());
  }
  return std::nullopt;
}

/// scikit-image's resize and scipy's zoom, whose reckoning AxisSteps repeats, decide by what rounding leaves.
bool rounds_as_scipy(GridConvention convention) {
  return convention == GridConvention::nnunet || convention == GridConvention::totalsegmentator;
}

void set_sampling(GridPlan& plan, const Recipe& recipe) {
  constexpr double kHalfTolerance = 1e-9;  // that of counts of voxels in core/geometry.cpp
  ResampleOptions& resample = plan.resample;
  resample.interpolator = recipe.interpolator;
  resample.half_tolerance = rounds_as_scipy(recipe.convention) ? 0 : kHalfTolerance;
  resample.sinc.is_normalized = normalizes_sinc(recipe.convention);
  switch (recipe.convention) {
    case GridConvention::naru:
      if (!recipe.antialias) break;
      for (std::size_t a = 0; a < 3; ++a) resample.sigma[a] = antialias_sigma(resample.axes[a].step);
      break;
    case GridConvention::nnunet:
      resample.separate_axis = separate_axis_of(plan.source_spacing_mm, *recipe.spacing_mm);
      break;
    case GridConvention::monai: break;
    case GridConvention::torchio: resample.sinc.radius = 5; [[fallthrough]];
    case GridConvention::itk:
    case GridConvention::totalsegmentator:
      if (recipe.interpolator == Interpolator::bspline) resample.boundary = Boundary::mirror;
      break;
  }
}

}  // namespace

bool normalizes_sinc(GridConvention convention) {
  return convention != GridConvention::itk && convention != GridConvention::torchio;
}

bool is_straightened(const dicom::Stack& stack, const Recipe& recipe) {
  return stack.is_tilted && recipe.tilt == "straighten";
}

GridPlan plan_grid(const dicom::Stack& stack, const Recipe& recipe) {
  GridPlan plan;
  if (is_straightened(stack, recipe)) plan.straighten = plan_straightening(stack.grid);
  const Grid& source = plan.straighten ? plan.straighten->grid : stack.grid;
  plan.orient = axis_map(source.patient_from_voxel, recipe.axes);
  const Grid oriented = reoriented(source, plan.orient);
  plan.source_spacing_mm = oriented.spacing_mm();
  const Vec3 spacing_mm = recipe.spacing_mm.value_or(plan.source_spacing_mm);
  const ResampledGrid result = resampled(oriented, spacing_mm, recipe.convention);
  plan.grid = recipe.spacing_mm ? result.grid : oriented;
  for (int a = 0; a < 3; ++a) {
    AxisSteps steps = recipe.spacing_mm ? result.axes[a] : AxisSteps{oriented.size[a], 1, 0};
    plan.inside[a] = recipe.spacing_mm ? result.inside[a] : InsideRange{0, oriented.size[a]};
    if (plan.orient.flip[a]) {
      steps.first = static_cast<double>(oriented.size[a] - 1) - steps.first;
      steps.step = -steps.step;
    }
    steps.source_total = oriented.size[a];
    plan.resample.axes[a] = steps;
  }
  if (recipe.spacing_mm) set_sampling(plan, recipe);
  return plan;
}

}  // namespace naru
