#include "server/delivery/grants.h"

#include <fmt/format.h>
#include <sodium.h>

#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/project_key.h"
#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/delivery/job_records.h"
#include "server/delivery/transfers.h"
#include "server/jobs/cohort.h"
#include "server/jobs/job_grant.h"
#include "server/jobs/job_recipe.h"
#include "server/random_id.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr std::string_view kGrantColumns =
    "id, organisation_id, recipient_id, purpose, decision, recipe, mode, state, created_by, key_sealed, key_id, "
    "quota_bytes, used_bytes, created_ms, expires_ms, kind";

/// Every column, and whether the hospital is enabled.
std::string select_where(std::string_view condition) {
  return fmt::format("SELECT {}, {} FROM grants WHERE {}", kGrantColumns, kHospitalIsEnabled, condition);
}

Grant grant_of(const Row& row) {
  Grant grant{row.text(0), row.text(1), row.text(2), row.text(3), row.text(4),  row.text(5),
              row.text(6), row.text(7), row.text(8), row.text(9), row.text(10), row.text(15)};
  grant.quota_bytes = static_cast<std::uint64_t>(row.integer(11));
  grant.used_bytes = static_cast<std::uint64_t>(row.integer(12));
  grant.created_ms = row.integer(13);
  grant.expires_ms = row.integer(14);
  grant.is_hospital_disabled = row.integer(16) == 0;
  return grant;
}

bool is_enabled(Transaction& transaction, const std::string& organisation_id) {
  return !transaction.query("SELECT id FROM organisations WHERE id = $1 AND disabled_ms IS NULL", {organisation_id})
              .empty();
}

void check_proposal(Services& services, Transaction& transaction, const GrantProposal& proposal) {
  const auto fail = [](const std::string& problem) { throw Error(ErrorCode::request_invalid, problem); };
  if (!is_enabled(transaction, proposal.recipient_id)) fail("\"recipient_id\" names no organisation");
  const auto says_nothing = [](const std::string& text) {
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
  };
  if (says_nothing(proposal.purpose)) fail("\"purpose\" is empty: the record of what is delivered needs it");
  if (says_nothing(proposal.decision))
    fail("\"decision\" is empty: nothing is granted without a decision of the board");
  if (proposal.expires_ms > kLatestGrantEndMs) fail("\"expires_ms\" lies behind the year 9999: it counts milliseconds");
  if (proposal.expires_ms <= services.clock.now_ms()) fail("\"expires_ms\" lies in the past");
  if (proposal.mode != "download" && proposal.mode != "safe_zone") fail("\"mode\" must be download or safe_zone");
  if (proposal.study_ids.empty()) fail("\"study_ids\" must name at least one study");
  const auto kind = work_kind_from_name(proposal.kind);
  if (!kind) return fail("\"kind\" must be prepare or deidentify");
  recipe_toml(*kind, proposal.recipe);
}

/// What the studies hold now, which is all that the grant will cover.
std::vector<StudyCohort> read_cohort(Transaction& transaction, const Caller& caller, const GrantProposal& proposal) {
  std::vector<StudyCohort> cohort;
  for (const std::string& id : std::set(proposal.study_ids.begin(), proposal.study_ids.end())) {
    cohort.push_back(cohort_now(transaction, caller.organisation_id, id));
  }
  return cohort;
}

/// A new pseudonym key, sealed.
void make_key(const Services& services, Grant& grant) {
  std::string key(ProjectKey::kSizeBytes, '\0');
  randombytes_buf(key.data(), key.size());
  grant.key_sealed = services.keys.seal(kGrantKeyPurpose, key);
  std::string digits = naru::to_hex(std::as_bytes(std::span(key)));
  grant.key_id = ProjectKey::from_hex(digits).id();
  sodium_memzero(digits.data(), digits.size());
  sodium_memzero(key.data(), key.size());
}

void append_grant(Services& services, Transaction& transaction, std::string_view kind, const std::string& actor,
                  const Grant& grant, nlohmann::ordered_json detail = nlohmann::ordered_json::object()) {
  services.ledger.append(transaction, {kind, grant.organisation_id, actor, grant.id, std::move(detail)});
}

}  // namespace

Grant propose_grant(Services& services, Transaction& transaction, const Caller& caller, const GrantProposal& proposal) {
  check_proposal(services, transaction, proposal);
  const auto cohort = read_cohort(transaction, caller, proposal);
  Grant grant{random_id("grant"),
              caller.organisation_id,
              proposal.recipient_id,
              proposal.purpose,
              proposal.decision,
              proposal.recipe,
              proposal.mode,
              "proposed",
              caller.user_id,
              "",
              "",
              proposal.kind};
  grant.quota_bytes = proposal.quota_bytes;
  grant.created_ms = services.clock.now_ms();
  grant.expires_ms = proposal.expires_ms;
  make_key(services, grant);
  transaction.execute(
      fmt::format(
          "INSERT INTO grants ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15)",
          kGrantColumns),
      {grant.id, grant.organisation_id, grant.recipient_id, grant.purpose, grant.decision, grant.recipe, grant.mode,
       grant.state, grant.created_by, grant.key_sealed, grant.key_id, value_of(grant.quota_bytes), grant.created_ms,
       grant.expires_ms, grant.kind});
  for (const StudyCohort& study : cohort) {
    transaction.execute(
        "INSERT INTO grant_studies (grant_id, study_id, instance_count, instances_sha256) VALUES ($1, $2, $3, $4)",
        {grant.id, study.study_id, study.instance_count, study.instances_sha256});
  }
  append_grant(services, transaction, "grant.proposed", caller.user_id, grant,
               {{"recipient", grant.recipient_id},
                {"study_count", cohort.size()},
                {"instance_count", instance_count(cohort)},
                {"cohort_sha256", cohort_sha256(cohort)},
                {"kind", grant.kind},
                {"recipe_sha256", sha256_hex(grant.recipe)},
                {"decision_sha256", sha256_hex(grant.decision)},
                {"purpose_sha256", sha256_hex(grant.purpose)},
                {"mode", grant.mode},
                {"quota_bytes", grant.quota_bytes},
                {"created_ms", grant.created_ms},
                {"expires_ms", grant.expires_ms},
                {"key", grant.key_id}});
  return grant;
}

void approve_grant(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant) {
  if (grant.created_by == caller.user_id) {
    throw Error(ErrorCode::forbidden, "a grant is approved by another person than the one who proposed it");
  }
  const std::int64_t now_ms = services.clock.now_ms();
  const auto changed = transaction.execute(
      "UPDATE grants SET state = 'active', approved_ms = $1, approved_by = $2 WHERE id = $3 AND state = 'proposed'",
      {now_ms, caller.user_id, grant.id});
  if (changed == 0) throw Error(ErrorCode::conflict, fmt::format("this grant is {}", grant.state));
  // It may have waited for long.
  if (now_ms >= grant.expires_ms) {
    throw Error(ErrorCode::grant_ended, "the grant's end date has passed; propose a new one");
  }
  if (!is_enabled(transaction, grant.recipient_id)) {
    throw Error(ErrorCode::conflict, "the recipient is disabled");
  }
  append_grant(services, transaction, "grant.approved", caller.user_id, grant,
               {{"approved_ms", now_ms}, {"cohort_sha256", cohort_sha256(cohort_of_grant(transaction, grant.id))}});
}

void revoke_grant(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant) {
  const std::int64_t now_ms = services.clock.now_ms();
  const auto changed = transaction.execute(
      "UPDATE grants SET state = 'revoked', revoked_ms = $1, revoked_by = $2 WHERE id = $3 AND state <> 'revoked'",
      {now_ms, caller.user_id, grant.id});
  if (changed == 0) throw Error(ErrorCode::conflict, "this grant was revoked before");
  append_grant(services, transaction, "grant.revoked", caller.user_id, grant, {{"revoked_ms", now_ms}});
  transaction.after_commit([&services, id = grant.id] {
    services.transfers.stop_grant(id);
    note_period(services, id);
  });
}

void bind_cohorts(Services& services) {
  const auto unbound = in_transaction(services.database, Access::read, [](Transaction& transaction) {
    return transaction.query(
        "SELECT DISTINCT g.id, g.organisation_id FROM grants g, grant_studies s WHERE s.grant_id = g.id AND "
        "s.instances_sha256 = ''");
  });
  for (const Row& row : unbound) {
    in_transaction(services.database, Access::write, [&](Transaction& transaction) {
      std::int64_t changed = 0;
      for (const StudyCohort& old : cohort_of_grant(transaction, row.text(0))) {
        const StudyCohort study = cohort_of_study(transaction, old.study_id, old.instance_count);
        changed += transaction.execute(
            "UPDATE grant_studies SET instances_sha256 = $1 WHERE grant_id = $2 AND study_id = $3 AND instances_sha256 "
            "= ''",
            {study.instances_sha256, row.text(0), study.study_id});
      }
      if (changed == 0) return;  // another server was quicker
      const auto cohort = cohort_of_grant(transaction, row.text(0));
      services.ledger.append(transaction,
                             {"grant.cohort_bound",
                              row.text(1),
                              "server",
                              row.text(0),
                              {{"instance_count", instance_count(cohort)}, {"cohort_sha256", cohort_sha256(cohort)}}});
    });
  }
}

std::optional<Grant> find_grant(Transaction& transaction, const Caller& caller, const std::string& grant_id) {
  const Rows rows = transaction.query(
      select_where("id = $1 AND (organisation_id = $2 OR (recipient_id = $2 AND approved_ms IS NOT NULL))"),
      {grant_id, caller.organisation_id});
  return rows.empty() ? std::nullopt : std::optional(grant_of(rows.front()));
}

std::vector<Grant> list_grants(Transaction& transaction, const Caller& caller, const std::string& after,
                               std::int64_t limit) {
  std::vector<Grant> grants;
  for (const Row& row : transaction.query(
           select_where(
               "(organisation_id = $1 OR (recipient_id = $1 AND approved_ms IS NOT NULL)) AND id > $2 ORDER BY id "
               "LIMIT $3"),
           {caller.organisation_id, after, limit})) {
    grants.push_back(grant_of(row));
  }
  return grants;
}

void require_active(const Grant& grant, std::int64_t now_ms) {
  const bool is_over = now_ms >= grant.expires_ms;
  if (grant.state == "active" && !is_over && !grant.is_hospital_disabled) return;
  if (grant.state == "active" && !is_over) {
    throw Error(ErrorCode::grant_ended, "the hospital of this grant is disabled; ask whoever runs the server");
  }
  throw Error(ErrorCode::grant_ended, is_over && grant.state == "active"
                                          ? "the grant's end date has passed; ask the hospital for a new one"
                                          : fmt::format("the grant is {}; ask the hospital", grant.state));
}

nlohmann::ordered_json to_json(const Grant& grant, const Caller& caller) {
  const bool is_own = grant.organisation_id == caller.organisation_id;
  return {{"schema", "naru.grant/1"},
          {"id", grant.id},
          {"state", grant.state},
          {"organisation_id", grant.organisation_id},
          {"recipient_id", grant.recipient_id},
          {"purpose", grant.purpose},
          {"decision", grant.decision},
          {"kind", grant.kind},
          {"recipe", is_own ? grant.recipe : told_recipe(grant.recipe)},
          {"mode", grant.mode},
          {"quota_bytes", grant.quota_bytes},
          {"used_bytes", grant.used_bytes},
          {"created_ms", grant.created_ms},
          {"expires_ms", grant.expires_ms},
          {"key_id", grant.key_id}};
}

}  // namespace naru::server
