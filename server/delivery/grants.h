/// Grants: who may have which data, made by which kind of job and recipe, until when. A job under a grant makes its
/// dataset with the grant's own pseudonym key, so that two recipients cannot join what they got.
///
///   proposed --approve--> active --revoke--> revoked
///       \-------------------revoke------------/
///
/// Two persons make a grant: a steward proposes, a reviewer of the same hospital approves. An end date that has passed
/// ends it like a revocation, and while its hospital is disabled it gives nothing. It covers the instances that its
/// studies hold when it is proposed: server/jobs/cohort.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/caller.h"

namespace naru::server {

struct Services;
class Transaction;

/// The end of the year 9999: what is greater was no count of milliseconds, and would be a grant without an end.
inline constexpr std::int64_t kLatestGrantEndMs = 253'402'300'799'999;

struct Grant {
  std::string id, organisation_id, recipient_id, purpose, decision, recipe, mode, state, created_by, key_sealed, key_id;
  std::string kind;  ///< of its jobs: prepare | deidentify
  std::uint64_t quota_bytes = 0, used_bytes = 0;
  std::int64_t created_ms = 0, expires_ms = 0;
  bool is_hospital_disabled = false;
};

/// A condition on rows of `grants`.
inline constexpr std::string_view kHospitalIsEnabled =
    "organisation_id NOT IN (SELECT id FROM organisations WHERE disabled_ms IS NOT NULL)";

struct GrantProposal {
  std::string recipient_id, purpose, decision, recipe, mode, kind = "prepare";
  std::uint64_t quota_bytes = 0;
  std::int64_t expires_ms = 0;
  std::vector<std::string> study_ids;
};

/// @throws Error{request_invalid} no such recipient or kind, no purpose or decision, an end in the past or behind all
/// calendars, a recipe that does not parse; Error{not_found} a study that is not the caller's; Error{gone, conflict}
/// one that was destroyed, or is open
Grant propose_grant(Services& services, Transaction& transaction, const Caller& caller, const GrantProposal& proposal);

/// @throws Error{forbidden} by the person who proposed it; Error{conflict} not in state proposed, or the
/// recipient is disabled; Error{grant_ended} its end date has passed
void approve_grant(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant);

/// Running downloads stop once the transaction is committed. @throws Error{conflict} revoked before
void revoke_grant(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant);

/// At start: grants from before cohorts were bound get the hashes of what they cover (server/store/schema.cpp), with a
/// leaf "grant.cohort_bound" each.
void bind_cohorts(Services& services);

/// Empty where it is not there, or concerns neither the caller's organisation nor is for it.
std::optional<Grant> find_grant(Transaction& transaction, const Caller& caller, const std::string& grant_id);

/// Those that the caller's organisation made or may use, by id, `limit` at most after `after`.
std::vector<Grant> list_grants(Transaction& transaction, const Caller& caller, const std::string& after,
                               std::int64_t limit);

/// @throws Error{grant_ended} unless it is active now
void require_active(const Grant& grant, std::int64_t now_ms);

/// Without its key; to others than its hospital with told_recipe alone.
nlohmann::ordered_json to_json(const Grant& grant, const Caller& caller);

}  // namespace naru::server
