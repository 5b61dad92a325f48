#include "tests/server/support/databases.h"

#include <fmt/format.h>

#include <atomic>

#include "tests/support/temp_folder.h"

namespace naru::server::test {

namespace {

/// Holds the files of one program's SQLite databases until it ends.
std::string new_sqlite_url() {
  static const naru::test::TempFolder folder;
  static std::atomic<int> count = 0;
  return fmt::format("sqlite:{}", (folder / fmt::format("{}.db", ++count)).string());
}

}  // namespace

std::string DatabaseCase::make_url() const { return new_sqlite_url(); }

std::unique_ptr<Database> DatabaseCase::make() const { return open_database(make_url()); }

std::vector<DatabaseCase> databases_under_test() { return {{"sqlite"}}; }

}  // namespace naru::server::test
