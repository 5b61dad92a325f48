#include "server/jobs/job_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "pipeline/documents.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kWishes = {"none", "pause", "cancel"};

Value value_of(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }
Value value_of(const std::optional<std::int64_t>& number) { return number ? Value(*number) : Value(); }
Value text_value(std::string_view text) { return Value(std::string(text)); }

JobState state_of(const std::string& text) {
  const auto state = job_state_from_name(text);
  if (!state) throw Error(ErrorCode::internal, "the database holds a job in an unknown state");
  return *state;
}

JobWish wish_of(const std::string& text) {
  const auto found = std::ranges::find(kWishes, text);
  if (found == kWishes.end()) throw Error(ErrorCode::internal, "the database holds a job with an unknown wish");
  return static_cast<JobWish>(found - kWishes.begin());
}

}  // namespace

const std::string_view kJobColumns =
    "id, organisation_id, created_by, grant_id, kind, name, recipe, state, wish, priority, attempt, max_attempts, "
    "available_ms, fence, lease_owner, lease_until_ms, memory_bytes, device, progress, error_code, error_text, "
    "dataset_id, event_count, created_ms, started_ms, ended_ms";

std::string_view name(JobWish wish) { return kWishes[static_cast<std::size_t>(wish)]; }

bool is_leased(const JobRow& job) { return job.state == JobState::initializing || job.state == JobState::running; }

JobRow job_of(const Row& row) {
  JobRow job;
  job.id = row.text(0);
  job.organisation_id = row.text(1);
  job.created_by = row.text(2);
  job.grant_id = row.text_if(3);
  job.kind = row.text(4);
  job.name = row.text(5);
  job.recipe = row.text(6);
  job.state = state_of(row.text(7));
  job.wish = wish_of(row.text(8));
  job.priority = row.integer(9);
  job.attempt = row.integer(10);
  job.max_attempts = row.integer(11);
  job.available_ms = row.integer(12);
  job.fence = row.integer(13);
  job.lease_owner = row.text_if(14);
  job.lease_until_ms = row.integer_if(15);
  job.memory_bytes = row.integer(16);
  job.device = row.text(17);
  job.progress = Json::parse(row.text(18));
  job.error_code = row.text_if(19);
  job.error_text = row.text_if(20);
  job.dataset_id = row.text_if(21);
  job.event_count = row.integer(22);
  job.created_ms = row.integer(23);
  job.started_ms = row.integer_if(24);
  job.ended_ms = row.integer_if(25);
  return job;
}

std::optional<JobRow> read_job(Transaction& transaction, std::string_view id, bool is_to_change) {
  const Rows rows = transaction.query(
      fmt::format("SELECT {} FROM jobs WHERE id = $1{}", kJobColumns, is_to_change ? transaction.for_update() : ""),
      {text_value(id)});
  return rows.empty() ? std::nullopt : std::optional(job_of(rows.front()));
}

void insert_job(Transaction& transaction, const JobRow& job) {
  transaction.execute(
      fmt::format("INSERT INTO jobs ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
                  "$16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)",
                  kJobColumns),
      {job.id,
       job.organisation_id,
       job.created_by,
       value_of(job.grant_id),
       job.kind,
       job.name,
       job.recipe,
       text_value(name(job.state)),
       text_value(name(job.wish)),
       job.priority,
       job.attempt,
       job.max_attempts,
       job.available_ms,
       job.fence,
       value_of(job.lease_owner),
       value_of(job.lease_until_ms),
       job.memory_bytes,
       job.device,
       job.progress.dump(),
       value_of(job.error_code),
       value_of(job.error_text),
       value_of(job.dataset_id),
       job.event_count,
       job.created_ms,
       value_of(job.started_ms),
       value_of(job.ended_ms)});
}

void update_job(Transaction& transaction, const JobRow& job) {
  const auto count = transaction.execute(
      "UPDATE jobs SET state = $1, wish = $2, priority = $3, attempt = $4, available_ms = $5, fence = $6, "
      "lease_owner = $7, lease_until_ms = $8, memory_bytes = $9, progress = $10, error_code = $11, error_text = $12, "
      "dataset_id = $13, event_count = $14, started_ms = $15, ended_ms = $16 WHERE id = $17",
      {text_value(name(job.state)), text_value(name(job.wish)), job.priority, job.attempt, job.available_ms, job.fence,
       value_of(job.lease_owner), value_of(job.lease_until_ms), job.memory_bytes, job.progress.dump(),
       value_of(job.error_code), value_of(job.error_text), value_of(job.dataset_id), job.event_count,
       value_of(job.started_ms), value_of(job.ended_ms), job.id});
  if (count != 1) throw Error(ErrorCode::internal, "a job vanished while it was changed");
}

std::vector<std::string> study_ids_of(Transaction& transaction, std::string_view job_id) {
  std::vector<std::string> ids;
  for (const Row& row : transaction.query("SELECT study_id FROM job_studies WHERE job_id = $1 ORDER BY study_id",
                                          {text_value(job_id)})) {
    ids.push_back(row.text(0));
  }
  return ids;
}

Json to_json(const JobRow& job) {
  Json error = nullptr;
  if (job.error_code) error = {{"code", *job.error_code}, {"message", job.error_text.value_or("")}};
  return {{"schema", "naru.job/1"},
          {"id", job.id},
          {"kind", job.kind},
          {"name", job.name},
          {"state", name(job.state)},
          {"wish", name(job.wish)},
          {"priority", job.priority},
          {"attempt", job.attempt},
          {"max_attempts", job.max_attempts},
          {"grant_id", or_null(job.grant_id)},
          {"progress", job.progress},
          {"error", std::move(error)},
          {"dataset_id", or_null(job.dataset_id)},
          {"event_count", job.event_count},
          {"created_by", job.created_by},
          {"created_ms", job.created_ms},
          {"started_ms", or_null(job.started_ms)},
          {"ended_ms", or_null(job.ended_ms)}};
}

std::string dataset_id_of(std::string_view job_id) {
  const std::size_t dash = job_id.find('-');
  return fmt::format("dataset-{}", dash == std::string_view::npos ? job_id : job_id.substr(dash + 1));
}

}  // namespace naru::server
