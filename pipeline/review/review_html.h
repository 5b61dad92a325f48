/// What a report's page says of review.
#pragma once

#include <span>
#include <string>

#include "pipeline/review/decision.h"
#include "pipeline/review/held.h"

namespace naru {

/// What waits for people, and what they decided: who, when, why. Empty where there is neither.
std::string review_tables(std::span<const HeldEntry> held, const Decisions& decisions);

}  // namespace naru
