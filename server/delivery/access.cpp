#include "server/delivery/access.h"

#include "core/error.h"

namespace naru::server {

namespace {

constexpr Roles kHospital = {Role::hospital_steward, Role::reviewer, Role::auditor};

}  // namespace

DatasetAccess find_access(Transaction& transaction, const Caller& caller, const std::string& dataset_id,
                          std::int64_t now_ms) {
  const auto dataset = find_dataset(transaction, dataset_id);
  const Error missing(ErrorCode::not_found, "there is no such dataset");
  if (!dataset) throw missing;
  DatasetAccess access{*dataset, std::nullopt, caller.user_id, caller.organisation_id, caller.credential};
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

}  // namespace naru::server
