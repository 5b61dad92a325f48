/// The standard scale of Nyul's landmarks for a job (kernels/nyul.h).
#pragma once

#include <vector>

#include "core/cancel.h"
#include "pipeline/case_plan.h"
#include "pipeline/scan.h"
#include "pipeline/study_runner.h"

namespace naru {

/// Where the recipe normalises by Nyul's landmarks, gives every plan the standard scale and makes it a part of the
/// fingerprints. The recipe's own scale, or what the cases teach: those of the split "train" where there is a split,
/// else all. Their slices are read for it, as they were acquired, whatever is blanked or held back later: so what
/// people decide about one case changes no other. A case that cannot be read teaches nothing.
/// @param plans of one recipe, if it normalises so
/// @throws Error{recipe_invalid} where no case teaches anything; Error{canceled, memory_exceeded, device_unavailable}
void give_nyul_standard(Scan& scan, std::vector<CasePlan>& plans, StudyRunner& runner, const CancelToken& cancel,
                        const OnProgress& on_progress);

}  // namespace naru
