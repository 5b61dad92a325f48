#include "pipeline/case_values.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace naru {

double as_stored(const CasePlan& plan, const dicom::Stack& stack, double units) {
  return plan.recipe.restores() ? units : (units - stack.rescale.intercept) / stack.rescale.slope;
}

IntensityPlan plan_values(const CasePlan& plan, const dicom::Stack& stack, const CaseHistogram& values) {
  IntensityPlan result = plan_intensity(plan.recipe, stack, values.histogram, values.bins, plan.nyul_standard);
  if (clips_to_source(plan.recipe)) clip_to_source(result, values.histogram, values.bins);
  return result;
}

std::optional<IntensityPlan> hopeful_plan(const CasePlan& plan, const dicom::Stack& stack) {
  const Recipe& recipe = plan.recipe;
  if (recipe.dtype || normalizes_by_histogram(recipe) || recipe.spacing_mm || recipe.crop) return std::nullopt;
  IntensityPlan hopeful = plan_values(plan, stack, {Histogram{0, {1}}, stack.rescale});
  return hopeful.dtype == DType::int16 ? std::optional(std::move(hopeful)) : std::nullopt;
}

Histogram as_mapped(const Histogram& stored, const CasePlan& plan, const dicom::Stack& stack) {
  constexpr std::int32_t kLeast = std::numeric_limits<std::int16_t>::min();
  Histogram result{kLeast, std::vector<std::uint64_t>(std::size_t{1} << 16)};
  const auto& clip = plan.recipe.clip;
  for (std::size_t bin = 0; bin < stored.counts.size(); ++bin) {
    if (stored.counts[bin] == 0) continue;
    const double value = static_cast<double>(stored.first_value) + static_cast<double>(bin);
    double units = stack.rescale.slope * value + stack.rescale.intercept;
    if (clip) units = std::clamp(units, clip->low, clip->high);
    result.counts[static_cast<std::size_t>(static_cast<std::int32_t>(units) - kLeast)] += stored.counts[bin];
  }
  return result;
}

}  // namespace naru
