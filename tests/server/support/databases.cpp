#include "tests/server/support/databases.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>

#include "tests/server/support/postgresql_server.h"
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

PostgresqlServer& postgresql_server() {
  static PostgresqlServer server;
  return server;
}

std::string DatabaseCase::make_url() const {
  return name == "sqlite" ? new_sqlite_url() : postgresql_server().create_database();
}

std::unique_ptr<Database> DatabaseCase::make() const { return open_database(make_url()); }

std::vector<DatabaseCase> databases_under_test() {
  std::vector<DatabaseCase> cases = {{"sqlite"}};
  if (postgresql_programs().empty()) {
    static const int once = std::fputs("PostgreSQL is not installed: its half of the tests does not run\n", stderr);
    static_cast<void>(once);
  } else {
    cases.push_back({"postgresql"});
  }
  return cases;
}

}  // namespace naru::server::test
