#include "server/store/postgresql_database.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/server/support/databases.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/postgresql_server.h"

namespace naru::server {
namespace {

using test::code_of;

class PostgresqlDatabase : public testing::Test {
 protected:
  void SetUp() override {
    if (test::postgresql_programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
    database_ = open_postgresql(test::postgresql_server().create_database());
    in_transaction(*database_, Access::write, [](Transaction& transaction) {
      transaction.run_script("CREATE TABLE things (id TEXT PRIMARY KEY, number BIGINT)");
      transaction.execute("INSERT INTO things (id, number) VALUES ('a', 0)");
    });
  }
  void TearDown() override {
    if (is_stopped_) test::postgresql_server().start();
  }
  void stop() {
    test::postgresql_server().stop();
    is_stopped_ = true;
  }
  void start() {
    test::postgresql_server().start();
    is_stopped_ = false;
  }
  void increment() {
    in_transaction(*database_, Access::write,
                   [](Transaction& transaction) { transaction.execute("UPDATE things SET number = number + 1"); });
  }
  std::int64_t number() { return database_->begin(Access::read)->query("SELECT number FROM things").at(0).integer(0); }

  std::unique_ptr<Database> database_;
  bool is_stopped_ = false;
};

TEST_F(PostgresqlDatabase, WorksAgainOnceTheServerIsBack) {
  increment();
  stop();
  EXPECT_EQ(code_of([&] { increment(); }), ErrorCode::store_unavailable);
  EXPECT_EQ(code_of([&] { number(); }), ErrorCode::store_unavailable);
  start();
  EXPECT_EQ(number(), 1);
  increment();
  EXPECT_EQ(number(), 2);
}

TEST_F(PostgresqlDatabase, DoesNotFinishElsewhereWhatWasCutInTheMiddle) {
  const auto transaction = database_->begin(Access::write);
  transaction->execute("UPDATE things SET number = 7");
  stop();
  start();
  EXPECT_EQ(code_of([&] { transaction->execute("UPDATE things SET number = number + 1"); }),
            ErrorCode::store_unavailable);
  std::thread([&] { EXPECT_EQ(number(), 0); }).join();
}

TEST_F(PostgresqlDatabase, SaysThatTheOutcomeIsNotKnownWhereItIsNot) {
  const auto transaction = database_->begin(Access::write);
  transaction->execute("UPDATE things SET number = 7");
  bool was_called = false;
  transaction->after_commit([&] { was_called = true; });
  stop();
  try {
    transaction->commit();
    FAIL() << "was committed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::store_unavailable);
    EXPECT_NE(std::string(error.what()).find("not known"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(was_called);
}

TEST_F(PostgresqlDatabase, NoticesAConnectionThatAnotherCut) {
  const auto transaction = database_->begin(Access::write);
  transaction->execute("UPDATE things SET number = 7");
  const auto backend = transaction->query("SELECT pg_backend_pid()").at(0).integer(0);
  std::thread([&] {
    database_->begin(Access::read)->query("SELECT pg_terminate_backend(CAST($1 AS INT))", {backend});
  }).join();
  EXPECT_EQ(code_of([&] { transaction->query("SELECT number FROM things"); }), ErrorCode::store_unavailable);
  std::thread([&] { EXPECT_EQ(number(), 0); }).join();
}

TEST_F(PostgresqlDatabase, AsksToRunAgainWhatLostToAnother) {
  const auto loser = database_->begin(Access::write);
  EXPECT_EQ(loser->query("SELECT number FROM things").at(0).integer(0), 0);
  std::thread([&] { increment(); }).join();
  EXPECT_THROW(loser->execute("UPDATE things SET number = 9"), RetryTransaction);
}

TEST_F(PostgresqlDatabase, EndsADeadlock) {
  in_transaction(*database_, Access::write, [](Transaction& transaction) {
    transaction.execute("INSERT INTO things (id, number) VALUES ('b', 0)");
  });
  const auto move = [&](const char* from, const char* to) {
    for (int run = 0; run < 20; ++run) {
      in_transaction(*database_, Access::write, [&](Transaction& transaction) {
        transaction.execute("UPDATE things SET number = number - 1 WHERE id = $1", {from});
        transaction.execute("UPDATE things SET number = number + 1 WHERE id = $1", {to});
      });
    }
  };
  std::thread other([&] { move("b", "a"); });
  move("a", "b");
  other.join();
  EXPECT_EQ(number(), 0);
}

TEST(OpenPostgresql, RefusesAPasswordInTheUrlAndDoesNotRepeatIt) {
  for (const char* url : {"postgresql://naru:s3cret@localhost/naru", "postgresql://localhost/naru?password=s3cret",
                          "postgresql://localhost/naru?sslpassword=s3cret"}) {
    try {
      open_postgresql(url);
      FAIL() << "was opened";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::config_invalid);
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos);
    }
  }
  EXPECT_EQ(code_of([] { open_postgresql("postgresql://[::1/naru"); }), ErrorCode::config_invalid);
}

TEST(OpenPostgresql, SaysWhereNobodyAnswers) {
  EXPECT_EQ(code_of([] { open_postgresql("postgresql:///naru?host=/nowhere"); }), ErrorCode::store_unavailable);
  EXPECT_EQ(code_of([] { open_postgresql("postgresql://127.0.0.1:1/naru"); }), ErrorCode::store_unavailable);
}

}  // namespace
}  // namespace naru::server
