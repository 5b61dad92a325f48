/// What `naru prepare` holds for people to decide.
#pragma once

#include <vector>

#include "pipeline/case_plan.h"
#include "pipeline/review/held.h"
#include "pipeline/review/rulings.h"

namespace naru {

/// The entry of a planned case, without its checksum. @param reason why it is or was held
HeldEntry held_entry(const Scan& scan, const CasePlan& plan, Disposition disposition, Code reason);

/// Marks every image plane of a case.
void mark_case(Scan& scan, const CasePlan& plan, Disposition disposition, Code reason);

/// The series of which no case was planned since their headers say that they show text: they can only be excluded, and
/// are where people said so.
std::vector<HeldEntry> held_by_header(Scan& scan, const Rulings& rulings);

/// Over the checksums of the files of a case, once they are known.
std::string files_sha256(const Scan& scan, const CasePlan& plan);

}  // namespace naru
