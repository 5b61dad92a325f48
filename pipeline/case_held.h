/// What `naru prepare` holds for people to decide.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/case_plan.h"
#include "pipeline/review/held.h"
#include "pipeline/review/rulings.h"

namespace naru {

/// UIDs of the series of which an image says that it shows text.
std::set<std::string, std::less<>> declared_series(const Scan& scan);

/// The entry of a planned case, without its checksum. @param reason why it is or was held
HeldEntry held_entry(const Scan& scan, const CasePlan& plan, Disposition disposition, Code reason);

/// Marks every image plane of a case.
void mark_case(Scan& scan, const CasePlan& plan, Disposition disposition, Code reason);

/// An entry, and the files that it speaks of: indices into Scan::inputs.
struct CaseHeld {
  HeldEntry entry;
  std::set<std::size_t> files;
};

/// The series whose headers say that they show text: those of which no case was planned for that, and those that people
/// released. What they excluded is marked so.
std::vector<CaseHeld> held_by_header(Scan& scan, const Rulings& rulings, const PlanOptions& options);

/// UIDs of the series that say that they show text, and that people released with these very files. Reads those to hash
/// them. @throws Error{canceled}
std::set<std::string, std::less<>> released_series(Scan& scan, const Rulings& rulings, Executor& executor,
                                                   const CancelToken& cancel, const OnProgress& on_progress);

/// Over the checksums of files.
std::string files_sha256(const Scan& scan, const std::set<std::size_t>& files);

}  // namespace naru
