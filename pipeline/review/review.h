/// `naru review`: what a job held back for people to decide, and how they decide it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/review/decision.h"
#include "pipeline/review/held.h"

namespace naru {

/// A piece of text that people can decide about.
struct ReviewRegion {
  nlohmann::ordered_json line;  ///< of pixels.jsonl
  std::optional<Decision> decision;
};

enum class ReviewState {
  open,      ///< somebody has to decide
  decided,   ///< the next run of the job makes it
  excluded,  ///< it stays out
  made,      ///< it was made, as decided
};
std::string_view name(ReviewState state);

struct ReviewEntry {
  HeldEntry held;
  std::vector<ReviewRegion> regions;
  std::size_t blanked_count = 0;     ///< pieces of text that are blanked whatever is decided
  std::optional<Decision> decision;  ///< about the whole
  std::vector<nlohmann::ordered_json> left{};  ///< lines of pixels.jsonl: taken for no text, and left where they stand
  ReviewState state() const;
  /// It is held for more than pieces of text, and people released it from that.
  bool is_released() const;
  /// People had all blanked that was found in these files.
  bool blanks_all() const;
  std::size_t open_region_count() const;
};

struct Review {
  HeldQueue queue;
  std::vector<ReviewEntry> entries;
  Decisions decisions;
  bool has_unapplied = false;  ///< decisions that no run knows yet
};

/// Reads a report. @throws Error{input_missing} where the folder is no report
/// @throws Error{dataset_invalid} where its documents are not as naru wrote them
Review read_review(const std::filesystem::path& report);

/// schema naru.review/1
nlohmann::ordered_json to_json(const Review& review);

struct ReviewOrder {
  std::vector<std::string> decide;  ///< "ID=redact|keep|exclude" of a region, a series or a case
  std::string by, why;
};

/// Writes decisions.jsonl: all that is ordered, or nothing. A decision about a whole that is held for its regions alone
/// is one about each of them as well; one about a single region goes before it. Where it is held for more, `keep` of
/// the whole leaves open what is open of its regions, and `redact` is one about all that was found in it, also about
/// what was taken for no text, and about what people kept before it was excluded.
/// @throws Error{usage} for an id that is not held, an order that makes no sense, or texts that are empty, too long or
/// hold control characters
/// @throws Error as append_decisions
void decide(const std::filesystem::path& report, const ReviewOrder& order);

}  // namespace naru
