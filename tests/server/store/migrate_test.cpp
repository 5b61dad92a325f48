#include "server/store/migrate.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "server/store/postgresql_database.h"
#include "server/store/sqlite_database.h"
#include "tests/server/support/databases.h"
#include "tests/server/support/error_code.h"

namespace naru::server {
namespace {

using test::code_of;

constexpr std::array kGood = {
    Migration{1, "one", "CREATE TABLE one (id TEXT PRIMARY KEY); INSERT INTO one (id) VALUES ('a')"},
    Migration{2, "two", "CREATE TABLE two (id TEXT PRIMARY KEY); CREATE INDEX two_by_id ON two (id)"},
};
constexpr std::array kBad = {
    kGood[0], Migration{2, "two", "CREATE TABLE two (id TEXT PRIMARY KEY); INSERT INTO nowhere (id) VALUES ('a')"}};

class Migrate : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  std::unique_ptr<Database> open() const {
    return GetParam().name == "sqlite" ? open_sqlite(url_.substr(7)) : open_postgresql(url_);
  }
  static int version(Database& database) {
    return in_transaction(database, Access::read, [](Transaction& transaction) { return schema_version(transaction); });
  }
  static bool has_table(Database& database, const std::string& table) {
    try {
      database.begin(Access::read)->query("SELECT COUNT(*) FROM " + table);
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  const std::string url_ = GetParam().make_url();
};
NARU_FOR_EACH_DATABASE(Migrate);

TEST_P(Migrate, GoesForwardOnceAndNoFurther) {
  for (int run = 0; run < 2; ++run) {
    const auto database = open();
    migrate(*database, std::span(kGood).first(1));
    EXPECT_EQ(version(*database), 1);
  }
  const auto database = open();
  migrate(*database, kGood);
  EXPECT_EQ(version(*database), 2);
  EXPECT_TRUE(has_table(*database, "two"));
  EXPECT_EQ(database->begin(Access::read)->query("SELECT id FROM one").size(), 1u);
}

TEST_P(Migrate, LeavesTheOldVersionWhereOneFailsHalfWay) {
  const auto database = open();
  EXPECT_EQ(code_of([&] { migrate(*database, kBad); }), ErrorCode::internal);
  EXPECT_EQ(version(*database), 1);
  EXPECT_FALSE(has_table(*database, "two"));
  migrate(*database, kGood);
  EXPECT_EQ(version(*database), 2);
}

TEST_P(Migrate, RefusesASchemaNewerThanTheProgram) {
  const auto database = open();
  migrate(*database, kGood);
  EXPECT_EQ(code_of([&] { migrate(*database, std::span(kGood).first(1)); }), ErrorCode::config_invalid);
  EXPECT_EQ(version(*database), 2);
}

TEST_P(Migrate, LetsOneOfSeveralServersDoIt) {
  if (GetParam().name == "sqlite") GTEST_SKIP() << "a second server cannot open the file at all";
  std::vector<std::thread> servers;
  std::atomic<int> opened = 0;
  for (int s = 0; s < 4; ++s) {
    servers.emplace_back([&] {
      open_database(url_);
      ++opened;
    });
  }
  for (std::thread& server : servers) server.join();
  EXPECT_EQ(opened, 4);
  EXPECT_EQ(version(*open()), static_cast<int>(migrations().size()));
}

}  // namespace
}  // namespace naru::server
