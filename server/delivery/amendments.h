/// Amendments of active grants: a greater quota, another end date, the instances that came to its studies since it was
/// proposed. Nothing else of a grant ever changes.
///
///   proposed --approve--> approved;   proposed --reject--> rejected
///
/// As a grant itself an amendment takes two persons of the hospital: a steward proposes, a reviewer approves; either
/// rejects. A grant has one proposed amendment at most. Revocation needs no amendment and counts at once.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "server/auth/caller.h"
#include "server/delivery/grants.h"
#include "server/jobs/cohort.h"

namespace naru::server {

struct PageRequest;

struct Amendment {
  std::string id, grant_id, state, created_by;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> quota_bytes{}, expires_ms{};  ///< what changes; quota 0: no limit
  std::optional<std::string> decided_by{};
  std::optional<std::int64_t> decided_ms{};
  std::vector<StudyCohort> cohort{};  ///< what the grant covers then, by study; empty: as before
};

/// What is to change.
struct AmendmentProposal {
  std::optional<std::int64_t> quota_bytes{}, expires_ms{};
  bool takes_later_instances = false;  ///< all that the grant's studies hold now; destroyed ones stay as they are
};

/// With the leaf "grant.amendment_proposed".
/// @throws Error{request_invalid} nothing changes, a quota that is no greater, an end in the past; Error{grant_ended}
/// the grant is not active; Error{conflict} another one is proposed, or a study whose instances it takes is open
Amendment propose_amendment(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant,
                            const AmendmentProposal& proposal);

/// The grant has the new values once the transaction is committed; the leaf "grant.amended" has old and new ones.
/// @throws Error{forbidden} by the person who proposed it; Error{conflict} not in state proposed; Error{grant_ended};
/// Error{request_invalid} the new end has passed meanwhile
void approve_amendment(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant,
                       const Amendment& amendment);

/// @throws Error{conflict} not in state proposed
void reject_amendment(Services& services, Transaction& transaction, const Caller& caller, const Grant& grant,
                      const Amendment& amendment);

std::optional<Amendment> find_amendment(Transaction& transaction, const Grant& grant, const std::string& amendment_id);

/// By id. The recipient sees those that were approved.
std::vector<Amendment> list_amendments(Transaction& transaction, const Caller& caller, const Grant& grant,
                                       const PageRequest& page);

/// @param is_own whether the reader is of the hospital: its persons are nobody else's business
nlohmann::ordered_json to_json(const Amendment& amendment, bool is_own);

}  // namespace naru::server
