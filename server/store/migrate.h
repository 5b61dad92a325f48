/// Brings the schema of a database up to date: forward only, one transaction a version.
#pragma once

#include <span>

#include "server/store/database.h"
#include "server/store/schema.h"

namespace naru::server {

/// Applies those of `migrations` that the database does not have yet. An interruption leaves the last whole version.
/// Of several processes that do this at once, one does the work and the others wait for it.
/// @param may_be_new whether a database without a schema will do; else it stays as it is
/// @throws Error{config_invalid} where the schema is newer than the last of `migrations`; Error{store_unavailable}
void migrate(Database& database, std::span<const Migration> migrations, bool may_be_new = true);

/// 0 for a database without a schema.
int schema_version(Transaction& transaction);

}  // namespace naru::server
