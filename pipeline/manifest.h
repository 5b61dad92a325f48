/// One case as the manifest states it.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "dicom/stack.h"
#include "kernels/statistics.h"
#include "pipeline/case_plan.h"
#include "pipeline/files.h"
#include "pipeline/grid_plan.h"
#include "pipeline/intensity_plan.h"

namespace naru {

/// What was done to a case and what came of it.
struct Written {
  GridPlan grid;
  IntensityPlan intensity;
  nlohmann::ordered_json crop;  ///< the step that cropped the grid, or null
  Statistics statistics;        ///< of the voxels as written
  FileFacts facts;
};

/// The line of manifest.jsonl, keys in the contract's order. Nothing in it comes from a header but through an
/// allow-list or the project's key.
/// @param stacks those of the scan, which the plan's indices mean
nlohmann::ordered_json manifest_line(const CasePlan& plan, std::span<const dicom::Stack> stacks, const Written& written,
                                     const std::string& device);

}  // namespace naru
