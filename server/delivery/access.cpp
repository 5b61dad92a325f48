#include "server/delivery/access.h"

#include <fmt/format.h>

#include "core/error.h"
#include "server/auth/live_users.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr Roles kHospital = {Role::hospital_steward, Role::reviewer, Role::auditor};

}  // namespace

DatasetAccess find_access(Transaction& transaction, const Caller& caller, const std::string& dataset_id,
                          std::int64_t now_ms) {
  const auto dataset = find_dataset(transaction, dataset_id);
  const Error missing(ErrorCode::not_found, "there is no such dataset");
  if (!dataset) throw missing;
  DatasetAccess access{*dataset, std::nullopt, caller.user_id, caller.organisation_id};
  if (dataset->organisation_id != caller.organisation_id || !caller.roles.has_any(kHospital)) {
    if (!dataset->grant_id || !caller.roles.has(Role::company)) throw missing;
    access.grant = find_grant(transaction, caller, *dataset->grant_id);
    if (!access.grant || access.grant->recipient_id != caller.organisation_id) throw missing;
    require_active(*access.grant, now_ms);
  }
  if (dataset->state == "destroyed") throw Error(ErrorCode::gone, "this dataset was destroyed; its record stays");
  return access;
}

void require_list(const DatasetAccess& access) {
  if (!access.grant || access.grant->mode == "download") return;
  throw Error(ErrorCode::forbidden, "this grant is for the safe zone alone");
}

void require_bytes(const DatasetAccess& access, const Caller& caller, std::int64_t now_ms) {
  if (!access.grant) {
    if (caller.roles.has(Role::hospital_steward)) return;
    throw Error(ErrorCode::forbidden, "within the hospital only stewards download datasets");
  }
  require_active(*access.grant, now_ms);
  require_list(access);
}

std::optional<Caller> caller_of_user(Transaction& transaction, const std::string& user_id) {
  const Rows rows =
      transaction.query(fmt::format("SELECT organisation_id, roles FROM {} WHERE id = $1", kLiveUsers), {user_id});
  if (rows.empty()) return std::nullopt;
  Caller caller{user_id, rows.front().text(0), roles_from_text(rows.front().text(1))};
  caller.scopes = (1U << kScopeCount) - 1;
  return caller;
}

}  // namespace naru::server
