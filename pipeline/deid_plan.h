/// Which inputs of a de-identification are delivered, by what their headers say alone.
#pragma once

#include <cstdint>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/deid_scan.h"
#include "pipeline/recipe.h"

namespace naru {

/// Marks, in this order, what is not delivered:
/// - a study or series that several patients share: all of it `quarantined` mixed_patient. Patients differ where their
///   identifiers do, or, under one identifier in one study, their birth dates, or their names in all words (also
///   joined), where both are known;
/// - files that share a SOP Instance UID: with the same data set all but the first `excluded` duplicate_instance, else
///   all `quarantined` duplicate_identifier_different_pixels. File Meta Information, preamble and whether VRs are
///   stated do not count;
/// - what [select] does not name: `excluded` not_selected. `min_slices` counts the instances of a series that are left.
/// Reads files whole, to hash them, only where they share a SOP Instance UID.
/// Memory: that of for_each_input under `memory_limit_bytes`.
/// @throws Error{canceled}
void plan_deid(DeidScan& scan, const Recipe& recipe, std::uint64_t memory_limit_bytes, Executor& executor,
               const CancelToken& cancel, const OnProgress& on_progress);

/// The inputs that are `used`, in order.
std::vector<std::size_t> used_inputs(const DeidScan& scan);

}  // namespace naru
