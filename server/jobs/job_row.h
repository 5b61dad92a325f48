/// A job as the database holds it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/jobs/job_state.h"
#include "server/store/database.h"

namespace naru::server {

/// What somebody wants of a job that a worker has. The worker is asked, and the state follows when it has stopped.
enum class JobWish { none, pause, cancel };
std::string_view name(JobWish wish);

struct JobRow {
  std::string id, organisation_id, created_by;
  std::optional<std::string> grant_id;
  std::string kind;  ///< of WorkKind
  std::string name;
  std::string recipe;  ///< TOML; empty: the kind's default
  JobState state = JobState::queued;
  JobWish wish = JobWish::none;
  std::int64_t priority = 0;
  std::int64_t attempt = 0;  ///< since the last finished case; 0: never claimed
  std::int64_t max_attempts = 0;
  std::int64_t available_ms = 0;  ///< not to be claimed before
  std::int64_t fence = 0;         ///< of the last claim; grows with each
  std::optional<std::string> lease_owner;
  std::optional<std::int64_t> lease_until_ms;
  std::int64_t memory_bytes = 0;
  std::string device;
  nlohmann::ordered_json progress = nlohmann::ordered_json::object();
  std::optional<std::string> error_code, error_text;
  std::optional<std::string> dataset_id;
  std::int64_t event_count = 0;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> started_ms, ended_ms;
};

/// Whether a worker has it: INITIALIZING or RUNNING.
bool is_leased(const JobRow& job);

/// The row; locked until the transaction ends where `is_to_change`. Empty: there is none.
std::optional<JobRow> read_job(Transaction& transaction, std::string_view id, bool is_to_change);

/// Rows of "SELECT {kJobColumns} FROM jobs ...".
extern const std::string_view kJobColumns;
JobRow job_of(const Row& row);

void insert_job(Transaction& transaction, const JobRow& job);
/// Writes every member that changes in the life of a job. The row must have been read to change.
void update_job(Transaction& transaction, const JobRow& job);

std::vector<std::string> study_ids_of(Transaction& transaction, std::string_view job_id);

/// What clients see (naru.job/1).
nlohmann::ordered_json to_json(const JobRow& job);

/// The name of the dataset that a job makes. It follows from the job's, so that an attempt finds what an earlier one
/// left on the disk.
std::string dataset_id_of(std::string_view job_id);

}  // namespace naru::server
