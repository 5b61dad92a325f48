/// The way of a stack's voxels onto the grid of the dataset.
#pragma once

#include <array>

#include "core/geometry.h"
#include "pipeline/recipe.h"

namespace naru {

struct GridPlan {
  AxisMap orient;                 ///< from the stack's axes to the recipe's
  Grid grid;                      ///< of the result
  std::array<AxisSteps, 3> axes;  ///< from the permuted (not flipped) voxels: flips are negative steps
  Vec3 source_spacing_mm{};       ///< along the result's axes
};

/// Orientation first, then resampling in the recipe's convention. Without a spacing no voxel centre moves.
GridPlan plan_grid(const Grid& source, const Recipe& recipe);

}  // namespace naru
