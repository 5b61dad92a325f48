/// PostgreSQL as a Database: a small pool of connections.
///
/// Write transactions are SERIALIZABLE: what is right on SQLite, where one runs after the other, is right here without
/// thought, and a forgotten row lock cannot lose a change. The price is that one may have to run again; it then runs
/// without others of this process, so it is not overtaken for ever. Reading ones see one snapshot (REPEATABLE READ) and
/// never wait.
#pragma once

#include <memory>
#include <string>

#include "server/store/database.h"

namespace naru::server {

/// Connects once, to see that it can be done; the schema is left as it is. A connection that was lost is replaced when
/// the next transaction begins; no statement is ever sent twice.
/// @throws Error{store_unavailable}; Error{config_invalid} a url that does not parse, or has a password in it
std::unique_ptr<Database> open_postgresql(const std::string& url);

}  // namespace naru::server
