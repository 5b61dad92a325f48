/// What the rows of a copy of the database say, without restoring it: for checking a backup against its own database.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

/// The values of one row as text, "" for NULL, in the order of the columns asked for.
using CopiedRow = std::span<const std::string>;

/// Calls `each` for every row of `table` in the copy that Database::backup of `engine` wrote to `copy`. Of memory it
/// takes little, of the disk (PostgreSQL) as much as the table beside the copy. The first column must be a text without
/// doubles. Names are the program's own.
/// @throws Error{store_unavailable} the copy cannot be read; Error{config_invalid} pg_restore is not installed
void each_copied_row(std::string_view engine, const std::filesystem::path& copy, std::string_view table,
                     const std::vector<std::string_view>& columns, const std::function<void(CopiedRow)>& each);

}  // namespace naru::server
