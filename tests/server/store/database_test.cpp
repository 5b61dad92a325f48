#include "server/store/database.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "tests/server/support/databases.h"

namespace naru::server {
namespace {

class DatabaseTest : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  /// One table with a key, a number, a text, and one that names rows of the first.
  DatabaseTest() {
    in_transaction(*database_, Access::write, [](Transaction& transaction) {
      transaction.run_script(
          "CREATE TABLE things (id TEXT PRIMARY KEY, number BIGINT, words TEXT);"
          "CREATE TABLE parts (thing_id TEXT NOT NULL REFERENCES things(id), number BIGINT NOT NULL);");
    });
  }

  void insert(const std::string& id, Value number = {}, Value words = {}) {
    in_transaction(*database_, Access::write, [&](Transaction& transaction) {
      transaction.execute("INSERT INTO things (id, number, words) VALUES ($1, $2, $3)", {id, number, words});
    });
  }

  Rows rows(const std::string& sql) {
    return in_transaction(*database_, Access::read, [&](Transaction& transaction) { return transaction.query(sql); });
  }
  std::int64_t count() { return rows("SELECT COUNT(*) FROM things").at(0).integer(0); }

  std::unique_ptr<Database> database_ = GetParam().make();
};
NARU_FOR_EACH_DATABASE(DatabaseTest);

/// The code of the Error that `act` throws; nothing else will do.
template <class Act>
ErrorCode code_of(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  throw std::logic_error("no error was thrown");
}

TEST_P(DatabaseTest, GivesBackWhatWasWritten) {
  constexpr auto kGreatest = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const std::string korean = "서울대학교병원 — 영상의학과 \U0001F3E5 'quoted' \"twice\" \\ %_\n\t";
  insert("a", kGreatest, korean);
  insert("b", kLeast, "");
  insert("c", 1764158196000);
  const Rows found = rows("SELECT id, number, words FROM things ORDER BY id");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].integer(1), kGreatest);
  EXPECT_EQ(found[0].text(2), korean);
  EXPECT_EQ(found[1].integer(1), kLeast);
  EXPECT_EQ(found[1].text_if(2), "");
  EXPECT_EQ(found[2].integer(1), 1764158196000);
  EXPECT_TRUE(found[2].is_null(2));
  EXPECT_EQ(found[2].text_if(2), std::nullopt);
}

}  // namespace
}  // namespace naru::server
