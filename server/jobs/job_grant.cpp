#include "server/jobs/job_grant.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "server/audit/key_store.h"
#include "server/jobs/cohort.h"
#include "server/jobs/job_recipe.h"

namespace naru::server {

namespace {

constexpr std::size_t kKeyBytes = 32;

WorkKind kind_of(const JobRow& job) {
  const auto kind = work_kind_from_name(job.kind);
  if (!kind) throw Error(ErrorCode::internal, "the database holds a job of an unknown kind");
  return *kind;
}

void check_cohort(Transaction& transaction, const std::string& grant_id, std::span<const std::string> study_ids) {
  std::set<std::string> cohort;
  for (const Row& row : transaction.query("SELECT study_id FROM grant_studies WHERE grant_id = $1", {grant_id})) {
    cohort.insert(row.text(0));
  }
  const auto outside = std::ranges::count_if(study_ids, [&](const std::string& id) { return !cohort.contains(id); });
  if (outside == 0) return;
  throw Error(ErrorCode::forbidden, fmt::format("{} of the studies are not in the cohort of the grant", outside));
}

std::string organisation_key_name(const JobRow& job) { return fmt::format("project-key/{}", job.organisation_id); }

std::string digits_of(std::string_view secret) {
  if (secret.size() != kKeyBytes) throw Error(ErrorCode::key_invalid, "the key of the job is not of 32 bytes");
  return to_hex(std::as_bytes(std::span(secret)));
}

std::string date_of(std::int64_t time_ms) {
  using namespace std::chrono;
  const year_month_day day(floor<days>(sys_time<milliseconds>(milliseconds(time_ms))));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace

void check_grant(Transaction& transaction, const JobRow& job, std::span<const std::string> study_ids,
                 std::int64_t now_ms) {
  if (!job.grant_id) return;
  const Rows rows =
      transaction.query("SELECT state, expires_ms, recipe, kind FROM grants WHERE id = $1 AND organisation_id = $2",
                        {*job.grant_id, job.organisation_id});
  if (rows.empty()) throw Error(ErrorCode::not_found, "there is no such grant");
  const Row& grant = rows.front();
  if (grant.text(0) != "active") throw Error(ErrorCode::grant_ended, "the grant is not active");
  if (grant.integer(1) <= now_ms) throw Error(ErrorCode::grant_ended, "the grant has expired");
  check_cohort(transaction, *job.grant_id, study_ids);
  if (job.kind != grant.text(3)) {  // DICOM files must not leave where volumes were decided on
    throw Error(ErrorCode::forbidden, fmt::format("the grant is for jobs of the kind {}", grant.text(3)));
  }
  if (recipe_identity(kind_of(job), grant.text(2)) != recipe_identity(kind_of(job), job.recipe)) {
    throw Error(ErrorCode::forbidden, "the grant is for another recipe: leave the recipe out, or give the grant's own");
  }
}

void check_recipient(Transaction& transaction, const JobRow& job) {
  if (!job.grant_id) return;
  const Rows rows = transaction.query(
      "SELECT g.id FROM grants g JOIN organisations o ON o.id = g.recipient_id WHERE g.id = $1 AND o.disabled_ms IS "
      "NOT NULL",
      {*job.grant_id});
  if (!rows.empty()) throw Error(ErrorCode::conflict, "the recipient of the grant is disabled");
}

std::string recipe_of_grant(Transaction& transaction, const std::string& grant_id, const std::string& organisation_id) {
  const Rows rows = transaction.query("SELECT recipe FROM grants WHERE id = $1 AND organisation_id = $2",
                                      {grant_id, organisation_id});
  return rows.empty() ? "" : rows.front().text(0);
}

std::optional<std::string> kept_job_key(Transaction& transaction, const KeyStore& keys, const JobRow& job) {
  if (!job.grant_id) {
    const auto secret = keys.kept(transaction, organisation_key_name(job));
    return secret ? std::optional(digits_of(*secret)) : std::nullopt;
  }
  const Rows rows = transaction.query("SELECT key_sealed FROM grants WHERE id = $1", {*job.grant_id});
  if (rows.empty()) throw Error(ErrorCode::not_found, "there is no such grant");
  return digits_of(keys.unseal(kGrantKeyPurpose, rows.front().text(0)));
}

std::string job_key(Transaction& transaction, const KeyStore& keys, const JobRow& job, std::int64_t now_ms) {
  if (auto kept = kept_job_key(transaction, keys, job)) return *std::move(kept);
  return digits_of(keys.secret(transaction, organisation_key_name(job), kKeyBytes, now_ms));
}

std::string period_text(std::int64_t approved_ms, std::int64_t expires_ms) {
  return fmt::format("{} to {}", date_of(approved_ms), date_of(expires_ms));
}

JobRecord job_record_of(Transaction& transaction, const JobRow& job) {
  JobRecord record;
  if (!job.grant_id) return record;
  const Rows rows = transaction.query(
      "SELECT g.purpose, g.decision, g.recipient_id, g.approved_by, g.expires_ms, g.approved_ms FROM grants g WHERE "
      "g.id = $1",
      {*job.grant_id});
  if (rows.empty()) return record;
  const auto set = [](std::optional<std::string>& member, std::optional<std::string> text) {
    if (text && !text->empty()) member = std::move(text);
  };
  const Row& grant = rows.front();
  set(record.purpose, grant.text(0));
  set(record.decision_number, grant.text(1));
  set(record.recipient, grant.text(2));
  set(record.reviewer, grant.text_if(3));
  record.period = period_text(grant.integer_if(5).value_or(0), grant.integer(4));
  return record;
}

std::string cohort_text(const JobInputs& inputs) {
  std::string text = fmt::format("{} instances, as approved", inputs.sha256.size());
  if (inputs.left_out_count == 0) return text;
  return text + fmt::format("; {} that arrived later were left out: an amendment with takes_later_instances adds them",
                            inputs.left_out_count);
}

}  // namespace naru::server
