#include "server/store/database_hold.h"

#include <gtest/gtest.h>

#include "server/store/database.h"
#include "tests/server/support/databases.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

class ADatabaseHold : public testing::TestWithParam<DatabaseCase> {};
NARU_FOR_EACH_DATABASE(ADatabaseHold);

TEST_P(ADatabaseHold, IsOfOneServerOfADatabaseOfPostgresql) {
  const std::string url = GetParam().make_url(), other = GetParam().make_url();
  const bool is_sqlite = GetParam().name == "sqlite";  // whose file lies in the data folder, which is locked
  {
    DatabaseHold first(url);
    first.keep();
    EXPECT_EQ(code_if_thrown([&] { DatabaseHold second(url); }),
              is_sqlite ? std::nullopt : std::optional(ErrorCode::output_busy));
    EXPECT_EQ(code_if_thrown([&] { DatabaseHold another(other); }), std::nullopt);
  }
  EXPECT_EQ(code_if_thrown([&] { DatabaseHold second(url); }), std::nullopt);
}

TEST_P(ADatabaseHold, IsTakenAgainWhereItsConnectionWasLost) {
  if (GetParam().name == "sqlite") GTEST_SKIP() << "there is no connection";
  const std::string url = GetParam().make_url();
  DatabaseHold hold(url);
  in_transaction(*open_database(url), Access::write, [](Transaction& transaction) {
    transaction.query(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7236838 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  });
  hold.keep();
  EXPECT_EQ(code_if_thrown([&] { DatabaseHold second(url); }), ErrorCode::output_busy);
}

}  // namespace
}  // namespace naru::server::test
