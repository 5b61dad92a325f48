/// PostgreSQL's own programs, as children.
#pragma once

#include <string>
#include <vector>

namespace naru::server {

/// Runs e.g. {"pg_dump", "--dbname=URL", ...} and waits for its end. The url holds no password (open_postgresql refuses
/// one), so none stands among the arguments; unless the url says otherwise it connects as the server does. What it has
/// to say goes to this process's standard error.
/// @throws Error{config_invalid} it is not installed; Error{store_unavailable} it failed
void run_postgresql_program(const std::vector<std::string>& arguments);

}  // namespace naru::server
