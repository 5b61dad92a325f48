#include "server/delivery/amendments.h"

#include <fmt/format.h>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/auth/accounts.h"
#include "server/clock.h"
#include "server/delivery/job_records.h"
#include "server/random_id.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr std::string_view kColumns =
    "id, grant_id, state, created_by, created_ms, quota_bytes, expires_ms, decided_by, decided_ms";

Amendment amendment_of(Transaction& transaction, const Row& row) {
  Amendment amendment{row.text(0),       row.text(1),       row.text(2),    row.text(3),      row.integer(4),
                      row.integer_if(5), row.integer_if(6), row.text_if(7), row.integer_if(8)};
  amendment.cohort = cohort_of_amendment(transaction, amendment.id);
  return amendment;
}

bool is_destroyed(Transaction& transaction, const std::string& study_id) {
  return !transaction.query("SELECT 1 FROM studies WHERE id = $1 AND state = 'destroyed'", {study_id}).empty();
}

/// The grant's studies with all that they hold now.
std::vector<StudyCohort> cohort_with_later(Transaction& transaction, const Grant& grant) {
  auto cohort = cohort_of_grant(transaction, grant.id);
  if (later_count(transaction, grant.id) == 0) {
    throw Error(ErrorCode::request_invalid, "\"takes_later_instances\": none came that the grant does not cover");
  }
  for (StudyCohort& study : cohort) {
    if (is_destroyed(transaction, study.study_id)) continue;
    study = cohort_now(transaction, grant.organisation_id, study.study_id);
  }
  return cohort;
}

void check_values(const Grant& grant, std::optional<std::int64_t> quota_bytes, std::optional<std::int64_t> expires_ms,
                  std::int64_t now_ms) {
  const auto fail = [](const std::string& problem) { throw Error(ErrorCode::request_invalid, problem); };
  const auto quota_now = static_cast<std::int64_t>(grant.quota_bytes);
  if (quota_bytes && (quota_now == 0 || (*quota_bytes != 0 && *quota_bytes <= quota_now))) {
    fail("\"quota_bytes\" can only be raised; 0 means no limit");
  }
  if (expires_ms && *expires_ms == grant.expires_ms) fail("\"expires_ms\" is the grant's end already");
  if (expires_ms && *expires_ms > kLatestGrantEndMs)
    fail("\"expires_ms\" lies behind the year 9999: it counts milliseconds");
  if (expires_ms && *expires_ms <= now_ms) fail("\"expires_ms\" lies in the past; to end a grant now, revoke it");
}

/// What an amendment changes, as a leaf holds it.
nlohmann::ordered_json changes(const Grant& grant, const Amendment& amendment) {
  nlohmann::ordered_json json = {{"amendment", amendment.id}};
  if (amendment.quota_bytes) {
    json["quota_bytes"] = *amendment.quota_bytes;
    json["quota_bytes_before"] = grant.quota_bytes;
  }
  if (amendment.expires_ms) {
    json["expires_ms"] = *amendment.expires_ms;
    json["expires_ms_before"] = grant.expires_ms;
  }
  if (!amendment.cohort.empty()) {
    json["instance_count"] = instance_count(amendment.cohort);
    json["cohort_sha256"] = cohort_sha256(amendment.cohort);
  }
  return json;
}

void append_amendment(Services& services, Transaction& transaction, std::string_view kind, const Caller& caller,
                      const Grant& grant, const Amendment& amendment) {
  services.ledger.append(transaction,
                         {kind, grant.organisation_id, caller.user_id, grant.id, changes(grant, amendment)});
}

/// @throws Error{conflict} where it was decided before
void decide(Services& services, Transaction& transaction, const Caller& caller, const Amendment& amendment,
            const std::string& state) {
  const auto changed = transaction.execute(
      "UPDATE grant_amendments SET state = $1, decided_ms = $2, decided_by = $3 WHERE id = $4 AND state = 'proposed'",
      {state, services.clock.now_ms(), caller.user_id, amendment.id});
  if (changed == 0) throw Error(ErrorCode::conflict, "this amendment was decided before");
}

}  // namespace

Amendment propose_amendment(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant,
                            const AmendmentProposal& proposal) {
  const std::int64_t now_ms = services.clock.now_ms();
  const auto& [quota_bytes, expires_ms, takes_later_instances] = proposal;
  require_active(grant, now_ms);
  if (!quota_bytes && !expires_ms && !takes_later_instances) {
    throw Error(ErrorCode::request_invalid, "give \"quota_bytes\", \"expires_ms\" or \"takes_later_instances\"");
  }
  check_values(grant, quota_bytes, expires_ms, now_ms);
  Amendment amendment{random_id("amendment"), grant.id, "proposed", caller.user_id, now_ms, quota_bytes, expires_ms};
  if (takes_later_instances) amendment.cohort = cohort_with_later(transaction, grant);
  try {
    transaction.execute(
        "INSERT INTO grant_amendments (id, grant_id, state, created_by, created_ms, quota_bytes, expires_ms) VALUES "
        "($1, $2, $3, $4, $5, $6, $7)",
        {amendment.id, grant.id, amendment.state, caller.user_id, now_ms, value_or_null(quota_bytes),
         value_or_null(expires_ms)});
  } catch (const UniqueViolation&) {
    throw Error(ErrorCode::conflict, "an amendment of this grant is proposed already: approve or reject it first");
  }
  for (const StudyCohort& study : amendment.cohort) {
    transaction.execute(
        "INSERT INTO amendment_studies (amendment_id, study_id, instance_count, instances_sha256) VALUES ($1, $2, $3, "
        "$4)",
        {amendment.id, study.study_id, study.instance_count, study.instances_sha256});
  }
  append_amendment(services, transaction, "grant.amendment_proposed", caller, grant, amendment);
  return amendment;
}

void approve_amendment(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant,
                       const Amendment& amendment) {
  if (amendment.created_by == caller.user_id) {
    throw Error(ErrorCode::forbidden, "an amendment is approved by another person than the one who proposed it");
  }
  const std::int64_t now_ms = services.clock.now_ms();
  decide(services, transaction, caller, amendment, "approved");
  require_active(grant, now_ms);
  check_values(grant, amendment.quota_bytes, amendment.expires_ms, now_ms);
  const auto changed =
      transaction.execute("UPDATE grants SET quota_bytes = $1, expires_ms = $2 WHERE id = $3 AND state = 'active'",
                          {amendment.quota_bytes.value_or(static_cast<std::int64_t>(grant.quota_bytes)),
                           amendment.expires_ms.value_or(grant.expires_ms), grant.id});
  if (changed == 0) throw Error(ErrorCode::grant_ended, "the grant is not active");
  if (amendment.expires_ms) {
    transaction.execute("UPDATE grant_amendments SET expires_ms_before = $1 WHERE id = $2",
                        {grant.expires_ms, amendment.id});
    transaction.after_commit([&services, id = grant.id] { note_period(services, id); });
  }
  for (const StudyCohort& study : amendment.cohort) {
    transaction.execute(
        "UPDATE grant_studies SET instance_count = $1, instances_sha256 = $2 WHERE grant_id = $3 AND study_id = $4",
        {study.instance_count, study.instances_sha256, grant.id, study.study_id});
  }
  append_amendment(services, transaction, "grant.amended", caller, grant, amendment);
}

void reject_amendment(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant,
                      const Amendment& amendment) {
  decide(services, transaction, caller, amendment, "rejected");
  append_amendment(services, transaction, "grant.amendment_rejected", caller, grant, amendment);
}

std::optional<Amendment> find_amendment(Transaction& transaction, const Grant& grant, const std::string& amendment_id) {
  const Rows rows =
      transaction.query(fmt::format("SELECT {} FROM grant_amendments WHERE id = $1 AND grant_id = $2", kColumns),
                        {amendment_id, grant.id});
  return rows.empty() ? std::nullopt : std::optional(amendment_of(transaction, rows.front()));
}

std::vector<Amendment> list_amendments(Transaction& transaction, const Caller& caller, const Grant& grant,
                                       const PageRequest& page) {
  const std::int64_t is_own = grant.organisation_id == caller.organisation_id ? 1 : 0;
  std::vector<Amendment> amendments;
  for (const Row& row : transaction.query(
           fmt::format("SELECT {} FROM grant_amendments WHERE grant_id = $1 AND id > $2 AND ($3 = 1 OR state = "
                       "'approved') ORDER BY id LIMIT $4",
                       kColumns),
           {grant.id, page.after, is_own, std::int64_t{page.limit}})) {
    amendments.push_back(amendment_of(transaction, row));
  }
  return amendments;
}

nlohmann::ordered_json to_json(const Amendment& amendment, bool is_own) {
  nlohmann::ordered_json json = {{"schema", "naru.grant-amendment/1"},
                                 {"id", amendment.id},
                                 {"grant_id", amendment.grant_id},
                                 {"state", amendment.state},
                                 {"created_ms", amendment.created_ms}};
  if (amendment.quota_bytes) json["quota_bytes"] = *amendment.quota_bytes;
  if (amendment.expires_ms) json["expires_ms"] = *amendment.expires_ms;
  if (!amendment.cohort.empty()) json["instance_count"] = instance_count(amendment.cohort);
  if (amendment.decided_ms) json["decided_ms"] = *amendment.decided_ms;
  if (!is_own) return json;
  json["created_by"] = amendment.created_by;
  if (amendment.decided_by) json["decided_by"] = *amendment.decided_by;
  return json;
}

}  // namespace naru::server
