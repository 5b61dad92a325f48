/// What a de-identification holds for people to decide, beside the text that it found itself.
#pragma once

#include <span>
#include <vector>

#include "pipeline/deid_report.h"
#include "pipeline/deid_scan.h"
#include "pipeline/pixels/text_decision.h"
#include "pipeline/review/held.h"
#include "pipeline/review/rulings.h"

namespace naru {

/// Takes out the series that people excluded: their used inputs become `excluded`. @return their entries
std::vector<HeldEntry> exclude_decided(DeidScan& scan, const Rulings& rulings);

/// Adds the series of which an instance was held for its text when it was made: by the engine, for its kind, or by the
/// second look.
/// @param later inputs of which a second look showed text: people can decide about that
void add_held(std::vector<HeldEntry>& queue, const DeidScan& scan, std::span<const DeidHeld> held,
              const std::map<std::size_t, std::vector<JudgedText>>& later);

}  // namespace naru
