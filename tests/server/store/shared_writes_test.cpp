#include "server/store/shared_writes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "core/error.h"
#include "tests/server/support/databases.h"

namespace naru::server::test {
namespace {

class SharedWritesTest : public testing::TestWithParam<DatabaseCase> {
 protected:
  void SetUp() override {
    in_transaction(*database_, Access::write, [](Transaction& transaction) {
      transaction.run_script("CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY)");
    });
  }
  void add(const std::string& name) {
    writes_.run(*database_, [&](Transaction& transaction) {
      transaction.execute("INSERT INTO things (name) VALUES ($1)", {name});
    });
  }
  std::int64_t count() {
    return in_transaction(*database_, Access::read, [](Transaction& transaction) {
      return transaction.query("SELECT count(*) FROM things").at(0).integer(0);
    });
  }
  /// Runs each of `works` on a thread of its own, all at the same time.
  static void side_by_side(const std::vector<std::function<void()>>& works) {
    std::vector<std::thread> threads;
    for (const auto& work : works) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
  }

  std::unique_ptr<Database> database_ = GetParam().make();
  SharedWrites writes_;
};
NARU_FOR_EACH_DATABASE(SharedWritesTest);

TEST_P(SharedWritesTest, WriteWhatEveryCallerWrites) {
  std::vector<std::function<void()>> works;
  for (int thread = 0; thread < 8; ++thread) {
    works.emplace_back([this, thread] {
      for (int n = 0; n < 25; ++n) add(std::to_string(thread) + "-" + std::to_string(n));
    });
  }
  side_by_side(works);
  EXPECT_EQ(count(), 200);
}

TEST_P(SharedWritesTest, OneThatFailsFailsAloneAndLeavesNothing) {
  std::atomic<int> failed = 0;
  std::vector<std::function<void()>> works;
  for (int thread = 0; thread < 8; ++thread) {
    works.emplace_back([&, thread] {
      for (int n = 0; n < 10; ++n) {
        const std::string name = std::to_string(thread) + "-" + std::to_string(n);
        if (n % 2 == 0) {
          add(name);
          continue;
        }
        try {
          writes_.run(*database_, [&](Transaction& transaction) {
            transaction.execute("INSERT INTO things (name) VALUES ($1)", {name});
            throw Error(ErrorCode::quota_exceeded, "no more");
          });
        } catch (const Error& error) {
          failed += error.code() == ErrorCode::quota_exceeded;
        }
      }
    });
  }
  side_by_side(works);
  EXPECT_EQ(failed, 40);
  EXPECT_EQ(count(), 40);
}

TEST_P(SharedWritesTest, AKeyThatIsThereIsToldToItsCallerAlone) {
  std::atomic<int> added = 0, refused = 0;
  std::vector<std::function<void()>> works;
  for (int thread = 0; thread < 8; ++thread) {
    works.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        try {
          add(std::to_string(n));
          ++added;
        } catch (const UniqueViolation&) {
          ++refused;
        }
      }
    });
  }
  side_by_side(works);
  EXPECT_EQ(added, 10);
  EXPECT_EQ(refused, 70);
  EXPECT_EQ(count(), 10);
}

}  // namespace
}  // namespace naru::server::test
