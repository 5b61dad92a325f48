/// What the decisions of a report come to, as a job asks for it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "pipeline/review/decision.h"
#include "pipeline/review/held.h"

namespace naru {

class Rulings {
 public:
  Rulings() = default;  ///< nothing was decided
  explicit Rulings(const Decisions& decisions);
  Rulings(Rulings&&) = default;
  Rulings& operator=(Rulings&&) = default;

  /// About one piece of text. @return redact, keep, or nothing
  std::optional<Ruling> of_region(const std::string& id) const;

  /// Why the series or case was held that is to stay out; empty where it is not excluded.
  std::optional<Code> excluded(const std::string& id) const;

  /// True where the series or case, with these very files, was released as a whole.
  bool releases(const std::string& id, const std::string& files_sha256) const;

  /// True where people want all blanked that was found in it, in these very files, and the rest delivered.
  bool blanks_all(const std::string& id, const std::string& files_sha256) const;

  /// True where anything was decided about the series or case as a whole.
  bool is_known(const std::string& id) const { return latest_.contains(id); }

  /// What was decided about pieces of text of a series or case.
  std::vector<const Decision*> regions_of(const std::string& id) const;

  /// All that was decided about a series or case and its pieces of text; empty where nothing was. For fingerprints.
  std::string state_of(const std::string& id) const;

 private:
  const Decision* of_files(const std::string& id, const std::string& files_sha256) const;

  std::map<std::string, Decision> latest_;                       ///< by id
  std::map<std::string, std::vector<const Decision*>> regions_;  ///< of each series or case; they lie in `latest_`
};

/// The decisions that a job has to heed, from the report that it will replace.
/// @throws Error{dataset_invalid} as read_decisions, and where some are missing that an earlier run knew
Decisions decisions_for(const std::filesystem::path& report);

/// As decisions_for; with --resume, and wherever there are decisions, they must be about what this job showed: one
/// recipe, under one key.
/// @throws Error{output_exists} where the report waits for another job; Error{dataset_invalid} as read_held too
Decisions decisions_for_job(const std::filesystem::path& report, const JobIdentity& job, bool is_resumed);

/// Writes held.json and decisions.jsonl into a report that is being made. @return whether there is something for people
/// to decide, or was decided: else neither is written
bool write_review(const std::filesystem::path& report, HeldQueue queue, const Decisions& decisions);

/// True where an earlier run knew all of `decisions`: there is nothing to apply.
bool are_applied(const Decisions& decisions, const std::filesystem::path& report);

}  // namespace naru
