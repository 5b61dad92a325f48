#include "pipeline/case_values.h"

#include <cstdint>
#include <utility>

namespace naru {

double as_stored(const CasePlan& plan, const dicom::Stack& stack, double units) {
  return plan.recipe.restores() ? units : (units - stack.rescale.intercept) / stack.rescale.slope;
}

IntensityPlan plan_values(const CasePlan& plan, const dicom::Stack& stack, const CaseHistogram& values) {
  IntensityPlan result = plan_intensity(plan.recipe, stack, values.histogram, values.bins, plan.nyul_standard);
  if (clips_to_source(plan.recipe)) clip_to_source(result, plan.recipe, stack, values.histogram, values.bins);
  return result;
}

std::optional<IntensityPlan> hopeful_plan(const CasePlan& plan, const dicom::Stack& stack) {
  const Recipe& recipe = plan.recipe;
  if (recipe.dtype || normalizes_by_histogram(recipe) || recipe.spacing_mm || recipe.crop) return std::nullopt;
  IntensityPlan hopeful = plan_values(plan, stack, {Histogram{0, {1}}, stack.rescale});
  return hopeful.dtype == DType::int16 ? std::optional(std::move(hopeful)) : std::nullopt;
}

bool is_fulfilled(const CasePlan& plan, const dicom::Stack& stack, const Statistics& stored) {
  if (stored.count == 0) return true;
  Histogram ends{static_cast<std::int32_t>(stored.min), {}};  // see normalizes_by_histogram
  ends.counts.resize(static_cast<std::size_t>(stored.max - stored.min) + 1);
  ends.counts.front() = ends.counts.back() = 1;
  return plan_values(plan, stack, {std::move(ends), stack.rescale}).dtype == DType::int16;
}

}  // namespace naru
