#include "server/store/backup.h"

#include <fmt/format.h>

#include "core/error.h"
#include "pipeline/files.h"
#include "server/store/copy_file.h"
#include "server/store/database.h"
#include "server/store/migrate.h"
#include "server/store/postgresql_database.h"
#include "server/store/postgresql_program.h"
#include "server/store/sqlite_connection.h"
#include "server/store/sqlite_database.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

/// @throws Error{store_unavailable} where another process has the file open
void require_unused(const fs::path& file) {
  try {
    open_sqlite(file);
  } catch (const DamagedFile&) {
    // Nobody works with it, and to replace it is what a copy is for.
  }
}

void restore_sqlite(const fs::path& file, const fs::path& copy) {
  if (fs::exists(file)) require_unused(file);
  publish_copy(file, [&](const fs::path& temporary) {
    std::error_code failure;
    fs::copy_file(copy, temporary, fs::copy_options::overwrite_existing, failure);
    if (failure) throw write_error(failure.value(), "the restored database");
    fs::permissions(temporary, fs::perms::owner_read | fs::perms::owner_write);
    try {
      check_sqlite(temporary);
    } catch (const DamagedFile&) {
      throw Error(ErrorCode::input_unreadable, "the copy is damaged, or no copy of an SQLite database");
    }
    // The log of a damaged predecessor must never be applied to its successor.
    for (const char* ending : {"-wal", "-shm", "-journal"}) fs::remove(file.string() + ending);
  });
}

bool has_schema(Database& database) {
  return database.begin(Access::read)
             ->query("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'schema_version'")
             .at(0)
             .integer(0) > 0;
}

void restore_postgresql(const std::string& url, const fs::path& copy, bool replace) {
  std::vector<std::string> arguments = {"pg_restore", "--exit-on-error", "--single-transaction",
                                        "--no-owner", "--no-privileges", "--dbname=" + url};
  if (replace) arguments.insert(arguments.end(), {"--clean", "--if-exists"});
  arguments.push_back(copy.string());
  run_postgresql_program(arguments);
}

void check_rows(Database& database, Problems& problems) {
  const auto transaction = database.begin(Access::read);
  if (database.engine() == "sqlite") {
    for (const Row& row : transaction->query("PRAGMA integrity_check")) {
      if (row.text(0) != "ok") problems.push_back("damage: " + row.text(0));
    }
    for (const Row& row : transaction->query("PRAGMA foreign_key_check")) {
      problems.push_back(fmt::format("a row of {} names a row of {} that is not there", row.text(0), row.text(2)));
    }
  } else {
    for (const Row& row :
         transaction->query("SELECT CAST(conname AS TEXT) FROM pg_constraint WHERE NOT convalidated")) {
      problems.push_back("a constraint was never checked: " + row.text(0));
    }
  }
  if (const int version = schema_version(*transaction); version != migrations().back().version) {
    problems.push_back(
        fmt::format("the schema has version {}, this program's is {}", version, migrations().back().version));
  }
}

bool is_sqlite(const std::string& url) { return url.starts_with("sqlite:"); }
fs::path sqlite_file(const std::string& url) { return url.substr(std::string_view("sqlite:").size()); }

}  // namespace

void require_no_database(const std::string& url) {
  if (is_sqlite(url) ? fs::exists(sqlite_file(url)) : has_schema(*open_postgresql(url))) {
    throw Error(ErrorCode::output_exists, "there is a database already: a restore wants none, or an empty one");
  }
}

void restore_database(const std::string& url, const fs::path& copy, bool replace) {
  if (!fs::exists(copy)) throw Error(ErrorCode::input_missing, "there is no such copy of a database");
  if (!replace) require_no_database(url);
  if (is_sqlite(url)) return restore_sqlite(sqlite_file(url), copy);
  restore_postgresql(url, copy, replace);
}

Problems check_database(const std::string& url) {
  if (is_sqlite(url) && !fs::exists(sqlite_file(url))) return {"there is no database"};
  Problems problems;
  try {
    const auto database = is_sqlite(url) ? open_sqlite(sqlite_file(url)) : open_postgresql(url);
    check_rows(*database, problems);
  } catch (const DamagedFile& damage) {
    problems.emplace_back(damage.what());
  }
  return problems;
}

}  // namespace naru::server
