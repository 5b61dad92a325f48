#include "server/store/database.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "tests/server/support/databases.h"
#include "tests/server/support/error_code.h"

namespace naru::server {
namespace {

using test::code_of;

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

TEST_P(DatabaseTest, TellsANumberFromATextAndNullFromBoth) {
  insert("a", 7, "7");
  const Rows found = rows("SELECT number, words, number = 7, SUM(number) FROM things GROUP BY id, number, words");
  EXPECT_EQ(found.at(0).integer(0), 7);
  EXPECT_EQ(found.at(0).text(1), "7");
  EXPECT_EQ(found.at(0).integer(2), 1);
  EXPECT_EQ(found.at(0).integer(3), 7);
  EXPECT_THROW(found.at(0).text(0), std::bad_variant_access);
  EXPECT_EQ(value_or_null(std::optional<std::int64_t>()), Value());
  EXPECT_EQ(value_or_null(std::optional<std::string>("x")), Value("x"));
}

TEST_P(DatabaseTest, SortsTextByItsBytesAndTellsCapitalsApart) {
  for (const char* word : {"b", "A", "a", "B", "_", "가", "Z1", "Z-2"}) insert(word, {}, word);
  std::string order;
  for (const Row& row : rows("SELECT words FROM things ORDER BY words")) order += row.text(0) + " ";
  EXPECT_EQ(order, "A B Z-2 Z1 _ a b 가 ");
  EXPECT_EQ(rows("SELECT id FROM things WHERE words LIKE 'a%'").size(), 1u);
}

TEST_P(DatabaseTest, ParametersComeInAnyOrderAndMoreThanOnce) {
  in_transaction(*database_, Access::write, [](Transaction& transaction) {
    transaction.execute("INSERT INTO things (words, number, id) VALUES ($3, $2, $1)", {"a", 2, "three"});
    transaction.execute("UPDATE things SET number = number + $2 WHERE number > $2 - 1 AND id = $1", {"a", 2});
  });
  EXPECT_EQ(rows("SELECT number FROM things WHERE words = 'three'").at(0).integer(0), 4);
}

TEST_P(DatabaseTest, CountsWhatWasChanged) {
  insert("a", 1);
  insert("b", 1);
  in_transaction(*database_, Access::write, [](Transaction& transaction) {
    EXPECT_EQ(transaction.execute("UPDATE things SET number = 2"), 2);
    EXPECT_EQ(transaction.execute("UPDATE things SET number = 3 WHERE id = $1", {"z"}), 0);
    EXPECT_EQ(transaction.execute("INSERT INTO things (id) VALUES ($1) ON CONFLICT DO NOTHING", {"a"}), 0);
    EXPECT_EQ(transaction.execute("INSERT INTO things (id) VALUES ($1) ON CONFLICT DO NOTHING", {"c"}), 1);
    EXPECT_EQ(transaction.query("INSERT INTO things (id) VALUES ($1) RETURNING id", {"d"}).at(0).text(0), "d");
    EXPECT_EQ(transaction.execute("DELETE FROM things WHERE id <> $1", {"a"}), 3);
    EXPECT_EQ(transaction.execute("SELECT id FROM things"), 0);
  });
}

TEST_P(DatabaseTest, TakesListsOfValuesMadeAtRunTime) {
  const std::vector<Value> values = {"a", 5, Value()};
  in_transaction(*database_, Access::write, [&](Transaction& transaction) {
    transaction.execute("INSERT INTO things (id, number, words) VALUES ($1, $2, $3)", values);
    EXPECT_EQ(transaction.query("SELECT id FROM things WHERE id = $1", std::span(values).first(1)).size(), 1u);
  });
}

TEST_P(DatabaseTest, ForgetsWhatWasNotCommitted) {
  {
    const auto transaction = database_->begin(Access::write);
    transaction->execute("INSERT INTO things (id) VALUES ('a')");
    EXPECT_EQ(transaction->query("SELECT id FROM things").size(), 1u);
  }
  EXPECT_EQ(count(), 0);
  EXPECT_THROW(in_transaction(*database_, Access::write,
                              [](Transaction& transaction) {
                                transaction.execute("INSERT INTO things (id) VALUES ('a')");
                                throw std::runtime_error("no");
                              }),
               std::runtime_error);
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseTest, DoesWhatFollowsACommitAfterItAndNeverElse) {
  std::int64_t seen = -1;
  bool was_called = false;
  {
    const auto transaction = database_->begin(Access::write);
    transaction->after_commit([&] { was_called = true; });
  }
  EXPECT_FALSE(was_called);
  in_transaction(*database_, Access::write, [&](Transaction& transaction) {
    transaction.execute("INSERT INTO things (id) VALUES ('a')");
    transaction.after_commit([&] { seen = count(); });  // begins a transaction: the lock is gone
    transaction.after_commit([] { throw std::runtime_error("must not"); });
    transaction.after_commit([&] { was_called = true; });
    EXPECT_EQ(seen, -1);
  });
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(was_called);
}

TEST_P(DatabaseTest, RefusesASecondRowWithTheSameKey) {
  insert("a");
  EXPECT_THROW(insert("a"), UniqueViolation);
  in_transaction(*database_, Access::write, [](Transaction& transaction) {
    transaction.run_script("CREATE TABLE names (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE)");
    transaction.execute("INSERT INTO names (id, name) VALUES (1, 'a')");
  });
  const auto add = [&](std::int64_t id, const char* name) {
    in_transaction(*database_, Access::write, [&](Transaction& transaction) {
      transaction.execute("INSERT INTO names (id, name) VALUES ($1, $2)", {id, name});
    });
  };
  EXPECT_THROW(add(1, "b"), UniqueViolation);
  EXPECT_THROW(add(2, "a"), UniqueViolation);
  add(2, "b");
}

TEST_P(DatabaseTest, RefusesARowThatNamesNoneAndTheEndOfOneThatIsNamed) {
  insert("a");
  const auto add_part = [&](const char* thing) {
    in_transaction(*database_, Access::write, [&](Transaction& transaction) {
      transaction.execute("INSERT INTO parts (thing_id, number) VALUES ($1, 1)", {thing});
    });
  };
  EXPECT_EQ(code_of([&] { add_part("z"); }), ErrorCode::conflict);
  add_part("a");
  EXPECT_EQ(code_of([&] {
              in_transaction(*database_, Access::write,
                             [](Transaction& transaction) { transaction.execute("DELETE FROM things"); });
            }),
            ErrorCode::conflict);
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseTest, IsOverAfterAnException) {
  insert("a");
  const auto transaction = database_->begin(Access::write);
  transaction->execute("INSERT INTO things (id) VALUES ('b')");
  EXPECT_THROW(transaction->execute("INSERT INTO things (id) VALUES ('a')"), UniqueViolation);
  EXPECT_EQ(code_of([&] { transaction->query("SELECT id FROM things"); }), ErrorCode::internal);
  EXPECT_EQ(code_of([&] { transaction->commit(); }), ErrorCode::internal);
}

TEST_P(DatabaseTest, RefusesTextThatIsNoText) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(code_of([&] { insert("a", {}, nul); }), ErrorCode::request_invalid);
  EXPECT_EQ(code_of([&] { insert("a", {}, "\xc0\xaf"); }), ErrorCode::request_invalid);
  EXPECT_EQ(code_of([&] { insert("a", {}, "\xed\xa0\x80"); }), ErrorCode::request_invalid);
  EXPECT_EQ(code_of([&] { insert("a", {}, std::string((std::size_t{64} << 20) + 1, 'x')); }),
            ErrorCode::request_invalid);
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseTest, KeepsALongText) {
  const std::string text(std::size_t{8} << 20, 'x');
  insert("a", {}, text);
  EXPECT_EQ(rows("SELECT words FROM things").at(0).text(0), text);
}

TEST_P(DatabaseTest, NamesADefectOfAStatementAsOne) {
  const auto code_with = [&](std::string_view sql, const std::vector<Value>& values, Access access = Access::write) {
    return code_of([&] { database_->begin(access)->query(sql, values); });
  };
  EXPECT_EQ(code_with("SELECT id FROM things WHERE id = $1", {}), ErrorCode::internal);
  EXPECT_EQ(code_with("SELECT id FROM things WHERE id = $1", {"a", "b"}), ErrorCode::internal);
  EXPECT_EQ(code_with("SELECT id FROM things WHERE id = $2", {"a", "b"}), ErrorCode::internal);
  EXPECT_EQ(code_with("SELECT id FROM thongs", {}), ErrorCode::internal);
  EXPECT_EQ(code_with("SELEKT id FROM things", {}), ErrorCode::internal);
  EXPECT_EQ(code_with("SELECT id FROM things; DELETE FROM things", {}), ErrorCode::internal);
  EXPECT_EQ(code_with("INSERT INTO parts (thing_id) VALUES ($1)", {Value()}), ErrorCode::internal);
  EXPECT_EQ(code_with("DELETE FROM things", {}, Access::read), ErrorCode::internal);
  EXPECT_EQ(code_with("CREATE TABLE more (id BIGINT)", {}, Access::read), ErrorCode::internal);
  insert("a");  // and goes on
}

TEST_P(DatabaseTest, RefusesATransactionWithinOneOfTheSameThread) {
  const auto outer = database_->begin(Access::write);
  EXPECT_EQ(code_of([&] { database_->begin(Access::read); }), ErrorCode::internal);
  outer->commit();
  database_->begin(Access::read)->query("SELECT id FROM things");
}

TEST_P(DatabaseTest, RunsMoreStatementsThanItKeepsPrepared) {
  const auto transaction = database_->begin(Access::read);
  for (std::int64_t n = 0; n < 1200; ++n) {
    const std::string sql = "SELECT " + std::to_string(n % 600) + " + $1";
    ASSERT_EQ(transaction->query(sql, {n}).at(0).integer(0), n % 600 + n);
  }
}

TEST_P(DatabaseTest, LosesNoneOfManyIncrementsAtOnce) {
  insert("a", 0);
  constexpr int kThreads = 8, kRuns = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int run = 0; run < kRuns; ++run) {
        in_transaction(*database_, Access::write, [](Transaction& transaction) {
          const auto before = transaction.query("SELECT number FROM things WHERE id = $1", {"a"}).at(0).integer(0);
          transaction.execute("UPDATE things SET number = $2 WHERE id = $1", {"a", before + 1});
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(rows("SELECT number FROM things").at(0).integer(0), kThreads * kRuns);
}

/// Write skew: each looks at both rows and changes one. Whatever the order, one of them must see the other's.
TEST_P(DatabaseTest, LetsNoTwoDecideOnWhatEachOtherChanges) {
  for (int round = 0; round < 20; ++round) {
    in_transaction(*database_, Access::write, [](Transaction& transaction) {
      transaction.execute("DELETE FROM things");
      transaction.execute("INSERT INTO things (id, number) VALUES ('a', 1), ('b', 1)");
    });
    const auto leave = [&](const char* id) {
      in_transaction(*database_, Access::write, [&](Transaction& transaction) {
        if (transaction.query("SELECT SUM(number) FROM things").at(0).integer(0) < 2) return;
        transaction.execute("UPDATE things SET number = 0 WHERE id = $1", {id});
      });
    };
    std::thread other([&] { leave("a"); });
    leave("b");
    other.join();
    ASSERT_EQ(rows("SELECT SUM(number) FROM things").at(0).integer(0), 1);
  }
}

TEST_P(DatabaseTest, GivesAReaderOneStateOfTheWhole) {
  insert("a", 1);
  auto reader = database_->begin(Access::read);
  EXPECT_EQ(reader->query("SELECT id FROM things").size(), 1u);
  std::thread writer([&] { insert("b", 2); });
  if (database_->engine() == "postgresql") writer.join();  // it does not wait for readers
  EXPECT_EQ(reader->query("SELECT id FROM things").size(), 1u);
  reader.reset();
  if (writer.joinable()) writer.join();
  EXPECT_EQ(count(), 2);
}

TEST_P(DatabaseTest, GivesTwoWorkersDifferentRows) {
  insert("a");
  insert("b");
  const auto claim = [&](Transaction& transaction) {
    const std::string lock(transaction.skip_locked());
    const Rows found = transaction.query("SELECT id FROM things WHERE number IS NULL ORDER BY id LIMIT 1" + lock);
    if (found.empty()) return std::string();
    transaction.execute("UPDATE things SET number = 1 WHERE id = $1", {found[0].text(0)});
    return found[0].text(0);
  };
  const auto claim_and_commit = [&] {
    return in_transaction(*database_, Access::write, [&](Transaction& transaction) { return claim(transaction); });
  };
  if (database_->engine() == "sqlite") {
    EXPECT_EQ(claim_and_commit(), "a");
    EXPECT_EQ(claim_and_commit(), "b");
  } else {
    const auto first = database_->begin(Access::write);
    EXPECT_EQ(claim(*first), "a");
    std::string second;
    std::thread([&] { second = claim_and_commit(); }).join();  // while the first is open
    EXPECT_EQ(second, "b");
    first->commit();
  }
  EXPECT_EQ(claim_and_commit(), "");
}

TEST_P(DatabaseTest, RunsAgainWhatLostToAnotherAndOnlyThat) {
  insert("a", 0);
  int runs = 0;
  in_transaction(*database_, Access::write, [&](Transaction& transaction) {
    if (++runs < 3) throw RetryTransaction();
    transaction.execute("UPDATE things SET number = $1", {runs});
  });
  EXPECT_EQ(rows("SELECT number FROM things").at(0).integer(0), 3);
  runs = 0;
  const auto never = [&] {
    in_transaction(*database_, Access::write, [&](Transaction&) {
      ++runs;
      throw RetryTransaction();
    });
  };
  EXPECT_EQ(code_of(never), ErrorCode::store_unavailable);
  EXPECT_EQ(runs, 20);
}

TEST(OpenDatabase, RefusesUrlsThatItDoesNotKnow) {
  for (const char* url : {"", "sqlite:", "mysql://x", "/var/lib/naru.db", "host=/tmp"}) {
    EXPECT_EQ(code_of([&] { open_database(url); }), ErrorCode::config_invalid) << url;
  }
}

}  // namespace
}  // namespace naru::server
