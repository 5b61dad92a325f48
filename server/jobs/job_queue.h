/// What people do with jobs: hand them in, look at them, hold them back, withdraw them.
///
/// Every function works in the caller's transaction and within the caller's organisation: a job of another one is
/// `not_found`. A job that a worker has is not moved from here: its `wish` is set, the worker stops at its next case
/// and moves the job (job_claims.h). So a job has one writer at a time, and its state is never ahead of what is true.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/caller.h"
#include "server/jobs/job_row.h"

namespace naru::server {

class Clock;
class Ledger;
struct JobConfig;

/// What jobs are given, and how many there may be.
struct JobLimits {
  std::int64_t max_queued_per_organisation = 1000;  ///< that have not ended
  std::int64_t max_attempts = 3;
  std::int64_t memory_bytes = 0;        ///< of one job
  std::int64_t total_memory_bytes = 0;  ///< of all that run at a time
  std::string device = "auto";
};
JobLimits job_limits(const JobConfig& config);

struct JobRequest {
  std::string kind;    ///< prepare | deidentify
  std::string name;    ///< of the dataset: as is_project_name
  std::string recipe;  ///< a built-in's name or TOML; empty: the grant's, else the kind's default
  std::vector<std::string> study_ids;
  std::optional<std::string> grant_id;
  std::int64_t priority = 0;
};

struct JobFilter {
  std::optional<JobState> state;
  std::string page_token;  ///< `next` of the page before; empty: the newest
  std::size_t count = 50;  ///< at most kMaxPage
};
struct JobPage {
  std::vector<JobRow> jobs;  ///< the newest first
  std::string next;          ///< empty: this was the last page
};

class JobQueue {
 public:
  static constexpr std::size_t kMaxStudies = 10'000, kMaxRecipeBytes = 65'536, kMaxPage = 200;
  static constexpr std::int64_t kMaxPriority = 9;  ///< from -9 to 9; decides within equal shares

  JobQueue(Ledger& ledger, const Clock& clock, JobLimits limits);

  /// @throws Error{request_invalid} a field; {recipe_invalid}; {not_found} a study or the grant is not the
  /// organisation's; {conflict} a study is not closed, or the grant's recipient is disabled; {grant_ended}; {forbidden}
  /// what the grant does not cover; {quota_exceeded} too many jobs that have not ended
  JobRow submit(Transaction& transaction, const Caller& caller, const JobRequest& request) const;

  JobRow get(Transaction& transaction, const Caller& caller, std::string_view id) const;
  /// @throws Error{request_invalid} for a `page_token` that no page gave
  JobPage list(Transaction& transaction, const Caller& caller, const JobFilter& filter) const;

  /// Each may be repeated. @throws Error{not_found}; Error{conflict} where the job ended otherwise
  JobRow cancel(Transaction& transaction, const Caller& caller, std::string_view id) const;
  JobRow pause(Transaction& transaction, const Caller& caller, std::string_view id) const;
  JobRow resume(Transaction& transaction, const Caller& caller, std::string_view id) const;
  JobRow set_priority(Transaction& transaction, const Caller& caller, std::string_view id, std::int64_t priority) const;

  const JobLimits& limits() const { return limits_; }

 private:
  JobRow read_to_change(Transaction& transaction, const Caller& caller, std::string_view id) const;
  JobRow wish(Transaction& transaction, const Caller& caller, JobRow job, JobWish wish) const;
  JobRow hold_back(Transaction& transaction, const Caller& caller, std::string_view id, JobWish wanted,
                   JobEvent event) const;
  void check_room(Transaction& transaction, const std::string& organisation_id) const;

  Ledger& ledger_;
  const Clock& clock_;
  JobLimits limits_;
};

}  // namespace naru::server
