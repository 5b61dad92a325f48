/// Who may have a dataset: its hospital, and the recipient of its grant while that is active: once it has ended the
/// recipient reads the grant alone, neither row nor list of files nor receipt. Others do not learn that it exists.
#pragma once

#include <optional>
#include <string>

#include "server/auth/caller.h"
#include "server/delivery/dataset_store.h"
#include "server/delivery/grants.h"

namespace naru::server {

struct DatasetAccess {
  Dataset dataset;
  std::optional<Grant> grant;  ///< as whose recipient; empty: as its hospital
  std::string user_id, organisation_id;
  std::string credential = {};  ///< the caller's
};

/// That the caller may know of it.
/// @throws Error{not_found}; Error{grant_ended} to the recipient; Error{gone} where it was destroyed
DatasetAccess find_access(Transaction& transaction, const Caller& caller, const std::string& dataset_id,
                          std::int64_t now_ms);

/// That the caller may see which files it has. @throws Error{forbidden} in a safe zone, which no row per case leaves
void require_list(const DatasetAccess& access);

/// That the caller may have its bytes now. @throws Error{grant_ended}; Error{forbidden} in a safe zone, or for roles
/// that read records alone
void require_bytes(const DatasetAccess& access, const Caller& caller, std::int64_t now_ms);

}  // namespace naru::server
