/// Cropping of the result's grid to a foreground (recipe section [crop]).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "kernels/foreground_box.h"
#include "kernels/statistics.h"
#include "pipeline/grid_plan.h"
#include "pipeline/recipe.h"

namespace naru {

/// Units above which a voxel is foreground: the recipe's own threshold; else -500 HU for CT, half-way between air and
/// tissue; else empty: Otsu's threshold of the case.
std::optional<double> crop_threshold(const Recipe& recipe, std::string_view modality);

/// `plan` with the voxels alone whose centres lie in the box, or within `margin_mm` of its faces, along each axis; one
/// at least. Nothing is moved: every voxel that stays has the place and the value that it had.
/// @param box in voxels of the stack, straightened where it is
GridPlan cropped(GridPlan plan, const VoxelBox& box, double margin_mm);

/// What the manifest says of a crop: `first`, the voxel of the uncropped result that became voxel 0, and its shape.
nlohmann::ordered_json crop_step(const GridPlan& before, const GridPlan& after, double margin_mm,
                                 std::optional<double> threshold);

}  // namespace naru
