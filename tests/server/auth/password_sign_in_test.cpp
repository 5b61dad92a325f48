#include "server/auth/password_sign_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"
#include "tests/server/support/wait_until.h"

namespace naru::server::test {
namespace {

class PasswordSignIn : public testing::TestWithParam<DatabaseCase> {
 protected:
  std::optional<ErrorCode> sign_in(std::string_view login, std::string_view password) {
    return code_if_thrown([&] { sign_in_by_password(server_.parts, server_.auth.passwords, login, password); });
  }
  void fail(int times) {
    for (int i = 0; i < times; ++i) EXPECT_EQ(sign_in("kim", "wrong password"), ErrorCode::unauthenticated);
  }

  TestServer server_{GetParam()};
  std::string user_id_ = server_.add_user(server_.hospital_id, "kim", {Role::admin});
};
NARU_FOR_EACH_DATABASE(PasswordSignIn);

TEST_P(PasswordSignIn, NamesTheUser) {
  EXPECT_EQ(sign_in_by_password(server_.parts, server_.auth.passwords, "Kim", kPassword), user_id_);
}

TEST_P(PasswordSignIn, SaysTheSameWhateverIsWrong) {
  const auto text = [&](std::string_view login, std::string_view password) -> std::string {
    try {
      sign_in_by_password(server_.parts, server_.auth.passwords, login, password);
    } catch (const Error& error) {
      return std::string(name(error.code())) + error.what();
    }
    return "signed in";
  };
  const std::string wrong = text("kim", "wrong password");
  EXPECT_EQ(text("nobody", kPassword), wrong);
  EXPECT_EQ(text("no login\n", kPassword), wrong);
  fail(kFreeFailures - 1);
  EXPECT_EQ(text("kim", kPassword), wrong) << "locked";
}

TEST_P(PasswordSignIn, LocksTwiceAsLongWithEachFailure) {
  fail(kFreeFailures - 1);
  EXPECT_EQ(sign_in("kim", kPassword), std::nullopt) << "one failure less locks nothing";
  fail(kFreeFailures);
  std::int64_t lock_ms = kFirstLockMs;
  for (int i = 0; i < 8; ++i) {
    server_.clock.advance(lock_ms - 1);
    EXPECT_EQ(sign_in("kim", kPassword), ErrorCode::unauthenticated) << "still locked, lock " << i;
    server_.clock.advance(1);
    fail(1);
    lock_ms = std::min(2 * lock_ms, kLongestLockMs);
  }
  EXPECT_EQ(lock_ms, kLongestLockMs);
  server_.clock.advance(lock_ms);
  EXPECT_EQ(sign_in("kim", kPassword), std::nullopt);
  fail(kFreeFailures - 1);
  EXPECT_EQ(sign_in("kim", kPassword), std::nullopt) << "success begins the count anew";
  EXPECT_THAT(server_.ledger_kinds(), testing::Contains("user.locked").Times(9));
}

TEST_P(PasswordSignIn, AClockThatWasSetBackLocksNobodyForHours) {
  fail(kFreeFailures);
  EXPECT_EQ(sign_in("kim", kPassword), ErrorCode::unauthenticated);
  server_.clock.advance(-10 * 3'600'000);
  EXPECT_EQ(sign_in("kim", kPassword), std::nullopt);
}

TEST_P(PasswordSignIn, CountsGuessesThatComeAtOnce) {
  std::atomic<int> looked_at = 0;
  std::vector<std::jthread> guessers;
  Passwords passwords(kCheapPasswords, 8, 64);
  for (int i = 0; i < 12; ++i) {
    guessers.emplace_back([&] {
      try {
        sign_in_by_password(server_.parts, passwords, "kim", "wrong password");
      } catch (const Error& error) {
        if (error.code() == ErrorCode::unauthenticated) ++looked_at;
      }
    });
  }
  guessers.clear();
  EXPECT_EQ(looked_at, 12);
  const auto count = in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
    return transaction.query("SELECT failed_count FROM users WHERE id = $1", {user_id_}).at(0).integer(0);
  });
  EXPECT_EQ(count, kFreeFailures) << "after that the account is locked and no password is compared";
}

TEST_P(PasswordSignIn, DoesNotCountWhatWasRefusedInAFlood) {
  Passwords passwords(kCheapPasswords, 1, 0);
  std::jthread flood([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) code_if_thrown([&] { passwords.hash("correct horse battery"); });
  });
  int refused_count = 0;
  EXPECT_TRUE(wait_until([&] {
    const auto code = code_if_thrown([&] { sign_in_by_password(server_.parts, passwords, "kim", kPassword); });
    EXPECT_TRUE(!code || code == ErrorCode::rate_limited) << "never locked";
    refused_count += code ? 1 : 0;
    return refused_count > kFreeFailures;
  }));
  flood = {};
  fail(kFreeFailures - 1);
  EXPECT_EQ(sign_in("kim", kPassword), std::nullopt);
}

TEST_P(PasswordSignIn, RefusesWhoIsDisabledOrHasNoPassword) {
  server_.add_user(server_.hospital_id, "second", {Role::admin});
  const NewUser stranger{"only-oidc", {Role::reviewer}, std::nullopt};
  in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
    server_.auth.accounts.create_user(transaction, "server", server_.hospital_id, stranger);
  });
  EXPECT_EQ(sign_in("only-oidc", kPassword), ErrorCode::unauthenticated);
  EXPECT_EQ(sign_in("only-oidc", ""), ErrorCode::unauthenticated);
  server_.auth.accounts.update_user(server_.caller(user_id_), user_id_, {.is_disabled = true});
  EXPECT_EQ(sign_in("kim", kPassword), ErrorCode::unauthenticated);
}

TEST_P(PasswordSignIn, HashesAnewOnceTheCostRises) {
  const auto stored = [&] {
    return in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
      return transaction.query("SELECT password_hash FROM users WHERE id = $1", {user_id_}).at(0).text(0);
    });
  };
  Passwords dearer({.passes = 2, .memory_bytes = 16384});
  ASSERT_TRUE(dearer.is_outdated(stored()));
  sign_in_by_password(server_.parts, dearer, "kim", kPassword);
  EXPECT_FALSE(dearer.is_outdated(stored()));
  EXPECT_TRUE(dearer.is_right(stored(), kPassword));
}

TEST_P(PasswordSignIn, ChangesAPasswordForWhoKnowsTheOldOne) {
  const Caller caller = server_.caller(user_id_);
  const std::string session = server_.auth.sessions.begin(user_id_, std::nullopt);
  const auto change = [&](std::string_view from, std::string_view to) {
    return code_if_thrown([&] { change_own_password(server_.parts, server_.auth.passwords, caller, from, to); });
  };
  EXPECT_EQ(change("wrong password", "another long one"), ErrorCode::unauthenticated);
  EXPECT_EQ(change(kPassword, "short"), ErrorCode::request_invalid);
  EXPECT_TRUE(server_.auth.sessions.caller_with(session));
  EXPECT_EQ(change(kPassword, "another long one"), std::nullopt);
  EXPECT_FALSE(server_.auth.sessions.caller_with(session));
  EXPECT_EQ(sign_in("kim", kPassword), ErrorCode::unauthenticated);
  EXPECT_EQ(sign_in("kim", "another long one"), std::nullopt);
  EXPECT_EQ(std::ranges::count(server_.ledger_kinds(), "user.password_changed"), 1) << "of the change alone";
}

TEST_P(PasswordSignIn, WritesAsOftenForALoginThatDoesNotExist) {
  const auto writes_of = [&](std::string_view login, std::string_view password) {
    const auto written = [&] {
      return in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
        return transaction
            .query(
                "SELECT attempt_count + (SELECT SUM(failed_count) FROM users) + (SELECT COUNT(*) FROM ledger_leaves) "
                "FROM unknown_logins")
            .at(0)
            .integer(0);
      });
    };
    const std::int64_t before = written();
    EXPECT_EQ(sign_in(login, password), ErrorCode::unauthenticated) << login;
    return written() - before;
  };
  server_.add_user(server_.hospital_id, "second", {Role::admin});
  const std::string gone = server_.add_user(server_.hospital_id, "gone", {Role::reviewer});
  server_.auth.accounts.update_user(server_.caller(user_id_), gone, {.is_disabled = true});
  constexpr int kOfEach = 2;  // before the password is looked at, and behind it
  EXPECT_EQ(writes_of("nobody", "wrong password"), kOfEach);
  EXPECT_EQ(writes_of("gone", kPassword), kOfEach) << "disabled";
  for (int n = 1; n < kFreeFailures; ++n) EXPECT_EQ(writes_of("kim", "wrong password"), kOfEach);
  EXPECT_EQ(writes_of("kim", "wrong password"), kOfEach) << "the one that locks, with its leaf";
  EXPECT_EQ(writes_of("kim", kPassword), kOfEach) << "locked";
}

}  // namespace
}  // namespace naru::server::test
