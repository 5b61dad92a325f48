/// SQLite as a Database: one connection, which one transaction at a time holds. Those that write while others wait to
/// write are committed with them: commit_gate.h.
#pragma once

#include <filesystem>
#include <memory>

#include "server/store/database.h"

namespace naru::server {

/// Opens `file`, and creates it where it is missing; the schema is left as it is.
/// After a failure of the disk the next transaction opens the file anew. @throws Error{store_unavailable}
std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file);

/// Reads the whole file, which nobody may have open. @throws Error{store_unavailable} it is damaged, or no database
void check_sqlite(const std::filesystem::path& file);

}  // namespace naru::server
