/// What becomes of a case's values: from its recipe, its stack and the histogram of its stored values to the map that
/// is applied to every voxel.
#pragma once

#include <optional>

#include "dicom/stack.h"
#include "kernels/statistics.h"
#include "pipeline/case_plan.h"
#include "pipeline/intensity_plan.h"

namespace naru {

/// How often each stored value occurs in the whole case, and what a bin means in units.
struct CaseHistogram {
  Histogram histogram;
  dicom::Rescale bins;
};

/// Units as a value of what the stack is read as: a stored value, or units where the recipe restores them.
double as_stored(const CasePlan& plan, const dicom::Stack& stack, double units);

/// plan_intensity for a case, clipped to its source where the recipe's convention does so.
IntensityPlan plan_values(const CasePlan& plan, const dicom::Stack& stack, const CaseHistogram& values);

/// Where only the range of values decides between int16 and float: the plan if int16 holds them all, which nearly
/// always it does. So they need not be read before the work begins, and are looked at on the way. Empty where that
/// cannot be, or where not all slices are on the way. @pre the stack has stored values
std::optional<IntensityPlan> hopeful_plan(const CasePlan& plan, const dicom::Stack& stack);

/// True where int16 holds all values of a hopeful plan after all. @param stored of the case's stored values
bool is_fulfilled(const CasePlan& plan, const dicom::Stack& stack, const Statistics& stored);

}  // namespace naru
