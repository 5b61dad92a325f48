/// Copies of the database, and what an operator does with them: `naru admin backup | restore | fsck`.
///
/// A copy is one file of mode 0600 which appears whole or not at all: SQLite's is a database file, PostgreSQL's a dump
/// in pg_dump's own format. Copies of one engine are not read by the other.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace naru::server {

/// What a check found: nothing where all is well.
using Problems = std::vector<std::string>;

/// Makes the empty or missing database at `url` hold what the copy holds; its schema is brought up to date when it is
/// next opened. No server may have it open. An SQLite file that is there is replaced by one rename where `replace`.
/// @throws Error{input_missing, input_unreadable} no such copy, or it is damaged; Error{output_exists} there is
/// something already; Error{config_invalid} pg_restore is not installed; Error{store_unavailable}; Error{disk_full}
void restore_database(const std::string& url, const std::filesystem::path& copy, bool replace);
/// @throws Error{output_exists} where a database at `url` holds something; Error{store_unavailable}
void require_no_database(const std::string& url);

/// Looks for damage within the database: pages and indexes, rows that name missing ones, another schema than this
/// program's. @throws Error{store_unavailable}; Error{config_invalid}
Problems check_database(const std::string& url);

}  // namespace naru::server
