/// What a de-identification holds for people to decide, beside the text that it found itself.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "pipeline/deid_report.h"
#include "pipeline/deid_scan.h"
#include "pipeline/pixels/face_plan.h"
#include "pipeline/pixels/text_decision.h"
#include "pipeline/review/held.h"
#include "pipeline/review/rulings.h"

namespace naru {

/// Takes out the series that people excluded: their used inputs become `excluded`. @return their entries
std::vector<HeldEntry> exclude_decided(DeidScan& scan, const Rulings& rulings);

/// Sets the checksum of every entry that lacks it, now that all inputs have theirs: without one nobody can release it.
/// @param chosen the inputs that were used before decisions were applied
void complete_checksums(std::vector<HeldEntry>& queue, const DeidScan& scan, std::span<const std::size_t> chosen);

/// The used inputs of series that people looked at and released as they are, with these very files. Reads those to hash
/// them. @param id_of series_id, or face_id of what was released as a face. @throws Error{canceled}
std::set<std::size_t> released_inputs(DeidScan& scan, const Rulings& rulings,
                                      const std::function<std::string(std::string_view)>& id_of, Executor& executor,
                                      const CancelToken& cancel, const OnProgress& on_progress);

/// What came of making instances.
struct MadeInstances {
  std::span<const std::size_t> tried;     ///< inputs, with their checksums
  std::span<const DeidHeld> held;         ///< of them
  const std::set<std::size_t>& released;  ///< see released_inputs
  /// What a second look showed, by input: people can decide about that.
  const std::map<std::size_t, std::vector<JudgedText>>& shown;
};

/// Adds the series of which an instance was held for its text when it was made: by the engine, for its kind, or by the
/// second look.
void add_held(std::vector<HeldEntry>& queue, const DeidScan& scan, const MadeInstances& made);

/// Adds the series that are held for a face, or were released as one.
void add_faces(std::vector<HeldEntry>& queue, const DeidScan& scan, std::span<const std::size_t> tried,
               const FacePlan& faces);

}  // namespace naru
