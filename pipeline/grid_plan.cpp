#include "pipeline/grid_plan.h"

namespace naru {

GridPlan plan_grid(const Grid& source, const Recipe& recipe) {
  GridPlan plan;
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
    plan.axes[a] = steps;
  }
  return plan;
}

}  // namespace naru
