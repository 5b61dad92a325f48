#include "pipeline/crop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/patient_grid.h"

namespace naru {

namespace {

constexpr double kBodyHu = -500;

/// Voxels first to last, both in it, along one axis of the result.
struct Span {
  std::int64_t first, last;
};

/// Target voxels whose centres lie between two places of the source; the nearest one where none does.
Span targets_between(const AxisSteps& steps, double low, double high) {
  constexpr double kRounding = 1e-6;  // of a voxel
  const double a = (low - steps.place(0)) / steps.step, b = (high - steps.place(0)) / steps.step;
  const auto bounded = [&](double n) {
    return static_cast<std::int64_t>(std::clamp(n, 0.0, static_cast<double>(steps.target_count - 1)));
  };
  const Span span{bounded(std::ceil(std::min(a, b) - kRounding)), bounded(std::floor(std::max(a, b) + kRounding))};
  if (span.first <= span.last) return span;
  const std::int64_t nearest = bounded(std::round((a + b) / 2));
  return {nearest, nearest};
}

}  // namespace

std::optional<double> crop_threshold(const Recipe& recipe, std::string_view modality) {
  if (recipe.crop->threshold) return recipe.crop->threshold;
  return modality == "CT" ? std::optional(kBodyHu) : std::nullopt;
}

GridPlan cropped(GridPlan plan, const VoxelBox& box, double margin_mm) {
  std::array<std::int64_t, 3> first{}, count{};
  for (std::size_t a = 0; a < 3; ++a) {
    const auto along = static_cast<std::size_t>(plan.orient.source_axis[a]);
    const auto low = static_cast<double>(box.first[along]), high = static_cast<double>(box.last[along]);
    const double margin = 0.5 + margin_mm / plan.source_spacing_mm[a];
    AxisSteps& steps = plan.resample.axes[a];
    const Span span = targets_between(steps, low - margin, high + margin);
    first[a] = span.first;
    count[a] = span.last - span.first + 1;
    steps.offset += static_cast<double>(span.first);  // so that places stay the same to the bit
    steps.target_count = count[a];
    plan.inside[a] = part_of(plan.inside[a], span.first, count[a]);
  }
  Affine& affine = plan.grid.patient_from_voxel;
  affine.set_column(
      3, affine({static_cast<double>(first[0]), static_cast<double>(first[1]), static_cast<double>(first[2])}));
  plan.grid.size = {count[0], count[1], count[2]};
  return plan;
}

nlohmann::ordered_json crop_step(const GridPlan& before, const GridPlan& after, double margin_mm,
                                 std::optional<double> threshold) {
  const Affine voxel_from_patient = inverse(before.grid.patient_from_voxel);
  const Vec3 first = voxel_from_patient(after.grid.patient_from_voxel.column(3));
  nlohmann::ordered_json step = {{"op", "crop"}, {"foreground", "otsu"}, {"margin_mm", margin_mm}};
  if (threshold) step["foreground"] = *threshold;
  step["first"] = {std::llround(first[0]), std::llround(first[1]), std::llround(first[2])};
  step["from_shape"] = {before.grid.size.x, before.grid.size.y, before.grid.size.z};
  return step;
}

}  // namespace naru
