#include "server/reidentify.h"

#include <fmt/format.h>
#include <sodium.h>

#include <filesystem>
#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "core/text.h"
#include "server/audit/ledger.h"
#include "server/auth/auth.h"
#include "server/auth/secrets.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/delivery/dataset_object.h"
#include "server/delivery/job_records.h"
#include "server/jobs/job_grant.h"
#include "server/jobs/job_queue.h"
#include "server/random_id.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

/// Whose token that is. @throws Error{unauthenticated, forbidden}
Caller holder_of(Services& services, const std::string& token, Role role) {
  const auto caller = services.auth->tokens.caller_with(token);
  if (!caller) {
    throw Error(ErrorCode::unauthenticated,
                fmt::format("the token of the {} is none, or has ended: make one with the scope review", name(role)));
  }
  if (!caller->roles.has(role) || !caller->may(Scope::review)) {
    throw Error(ErrorCode::forbidden, fmt::format("it takes a token of a {} with the scope review", name(role)));
  }
  return *caller;
}

/// The key under which the job's report was sealed. None is made: it would open nothing.
ProjectKey key_of_job(Services& services, const JobRow& job) {
  auto digits = in_transaction(services.database, Access::read,
                               [&](Transaction& transaction) { return kept_job_key(transaction, services.keys, job); });
  if (!digits) {
    throw Error(ErrorCode::key_invalid,
                fmt::format("the database has no key of {}: bring back the database that the job ran with", job.id));
  }
  const ProjectKey key = ProjectKey::from_hex(*digits);
  sodium_memzero(digits->data(), digits->size());
  return key;
}

/// One act of two persons, as it is written down.
class Act {
 public:
  Act(Services& services, const JobReidentification& asked, const Caller& steward, const Caller& reviewer)
      : services_(services), asked_(asked), steward_(steward), reviewer_(reviewer) {}

  /// In the ledger, under a signed checkpoint; ends both tokens, since whoever types them in holds both and might go on
  /// with another job.
  /// @return the number of the leaf
  std::uint64_t append(std::string_view kind, Json facts) const {
    facts["approved_by"] = reviewer_.user_id;
    facts["reason_hmac"] = hmac_sha256(reason_key_, reason_);
    facts["asked_count"] = asked_.pseudonyms.size();  // 0: for all rows
    const std::uint64_t leaf = in_transaction(services_.database, Access::write, [&](Transaction& transaction) {
      for (const Caller* const person : {&steward_, &reviewer_}) services_.auth->tokens.end(transaction, *person);
      return services_.ledger.append(
          transaction, {kind, steward_.organisation_id, steward_.user_id, asked_.job_id, facts});
    });
    services_.ledger.export_tiles(services_.config.data / "ledger");  // as a server does each minute, but none runs
    return leaf;
  }

  /// In the job's record, with what the ledger may not hold.
  void note(std::uint64_t leaf, const Json& facts) const {
    Json act = {{"time", rfc3339(services_.clock.now_ms())},
                {"asked_by", steward_.user_id},
                {"approved_by", reviewer_.user_id},
                {"reason", reason_},
                {"reason_key", reason_key_},
                {"pseudonyms", std::set<std::string>(asked_.pseudonyms.begin(), asked_.pseudonyms.end())}};
    act.update(facts);
    act["leaf"] = leaf;
    note_reidentification(services_.config.data, asked_.job_id, act);
  }

 private:
  Services& services_;
  const JobReidentification& asked_;
  const Caller &steward_, &reviewer_;
  const std::string reason_ = valid_utf8(asked_.reason);
  const std::string reason_key_ = random_secret();  ///< a plain hash of a short text could be guessed from the ledger
};

}  // namespace

Reidentified reidentify_job(Services& services, const JobReidentification& asked) {
  check_reidentification(asked.reason, asked.pseudonyms);
  const Caller steward = holder_of(services, asked.steward_token, Role::hospital_steward);
  const Caller reviewer = holder_of(services, asked.reviewer_token, Role::reviewer);
  const JobRow job = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    services.jobs.get(transaction, reviewer, asked.job_id);  // it is of the hospital of both
    return services.jobs.get(transaction, steward, asked.job_id);
  });
  if (steward.user_id == reviewer.user_id) {
    throw Error(ErrorCode::forbidden, "somebody else has to approve what a steward asks for");
  }
  const std::filesystem::path link = services.config.data / "reports" / job.id / "link.sealed";
  std::error_code ignored;
  if (!std::filesystem::exists(link, ignored)) {
    throw Error(ErrorCode::input_missing, "the job has no link table: it delivered nothing, or its report is gone");
  }
  const std::string sealed = read_link_table(link);
  const Act act(services, asked, steward, reviewer);
  Json facts = {{"link_sha256", sha256_hex(sealed)}};
  try {
    const ProjectKey key = key_of_job(services, job);
    Reidentified result = rows_of(open_link_table(sealed, std::span(&key, 1)), asked.pseudonyms);
    facts.update({{"key_id", result.key_id},
                  {"row_count", result.rows.size()},
                  {"missing_count", result.missing.size()}});
    act.note(act.append("job.reidentified", facts), facts);
    return result;
  } catch (const Error& failure) {
    if (facts.contains("key_id")) throw;  // the ledger tells of it, or cannot be written
    facts["error"] = name(failure.code());
    act.note(act.append("job.reidentification_failed", facts), facts);
    throw;
  }
}

}  // namespace naru::server
