#include "server/auth/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

class SessionsTest : public testing::TestWithParam<DatabaseCase> {
 protected:
  std::int64_t count() {
    return in_transaction(*server_.database, Access::read, [](Transaction& transaction) {
      return transaction.query("SELECT COUNT(*) FROM sessions").at(0).integer(0);
    });
  }

  TestServer server_{GetParam()};
  server::Sessions& sessions_ = server_.auth.sessions;
  std::string user_id_ = server_.add_user(server_.hospital_id, "kim", {Role::reviewer});
};
NARU_FOR_EACH_DATABASE(SessionsTest);

TEST_P(SessionsTest, SayWhoseTheyAreAndAreKeptAsHashesAlone) {
  const std::string secret = sessions_.begin(user_id_, std::nullopt);
  const auto caller = sessions_.caller_with(secret);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->user_id, user_id_);
  EXPECT_EQ(caller->organisation_id, server_.hospital_id);
  EXPECT_TRUE(caller->is_session);
  EXPECT_TRUE(caller->may(Scope::admin));
  in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
    EXPECT_NE(transaction.query("SELECT secret_sha256 FROM sessions").at(0).text(0), secret);
  });
  for (const std::string& other : {std::string(), secret + "a", secret.substr(1), std::string(1000, 'a')}) {
    EXPECT_FALSE(sessions_.caller_with(other));
  }
}

TEST_P(SessionsTest, EndWhenIdle) {
  const std::string secret = sessions_.begin(user_id_, std::nullopt);
  for (int i = 0; i < 3; ++i) {
    server_.clock.advance(kSessionIdleMs - 1);
    EXPECT_TRUE(sessions_.caller_with(secret)) << "each use counts";
  }
  server_.clock.advance(kSessionIdleMs);
  EXPECT_FALSE(sessions_.caller_with(secret));
}

TEST_P(SessionsTest, EndAfterTheirWholeLifeHoweverBusy) {
  const std::string secret = sessions_.begin(user_id_, std::nullopt);
  const std::int64_t end_ms = server_.clock.now_ms() + kSessionLifeMs;
  while (server_.clock.now_ms() + kSessionIdleMs / 2 < end_ms) {
    server_.clock.advance(kSessionIdleMs / 2);
    ASSERT_TRUE(sessions_.caller_with(secret));
  }
  server_.clock.set(end_ms);
  EXPECT_FALSE(sessions_.caller_with(secret));
}

TEST_P(SessionsTest, AreReplacedAtSignInAndEndAtSignOut) {
  const std::string first = sessions_.begin(user_id_, std::nullopt);
  const std::string second = sessions_.begin(user_id_, first);
  EXPECT_NE(first, second);
  EXPECT_FALSE(sessions_.caller_with(first));
  EXPECT_TRUE(sessions_.caller_with(second));
  sessions_.end(second);
  sessions_.end(second);
  EXPECT_FALSE(sessions_.caller_with(second));
  EXPECT_THAT(server_.ledger_kinds(), testing::Contains("session.ended").Times(2));
}

TEST_P(SessionsTest, AreBoundedPerUser) {
  std::vector<std::string> secrets;
  for (int i = 0; i <= kMaxSessionsPerUser; ++i) {
    secrets.push_back(sessions_.begin(user_id_, std::nullopt));
    server_.clock.advance(1);
  }
  EXPECT_EQ(count(), kMaxSessionsPerUser);
  EXPECT_FALSE(sessions_.caller_with(secrets.front())) << "the oldest one ended";
  EXPECT_TRUE(sessions_.caller_with(secrets.back()));
}

TEST_P(SessionsTest, OfTheDisabledDoNotBegin) {
  const Caller admin = server_.caller(server_.add_user(server_.hospital_id, "admin", {Role::admin}));
  server_.auth.accounts.update_user(admin, user_id_, {.is_disabled = true});
  EXPECT_EQ(code_if_thrown([&] { sessions_.begin(user_id_, std::nullopt); }), ErrorCode::unauthenticated);
}

TEST_P(SessionsTest, AreRemovedOnceExpired) {
  sessions_.begin(user_id_, std::nullopt);
  remove_expired(server_.parts);
  EXPECT_EQ(count(), 1);
  server_.clock.advance(kSessionIdleMs);
  remove_expired(server_.parts);
  EXPECT_EQ(count(), 0);
}

TEST(SessionCookie, IsBoundToTheHostWhereThereIsTls) {
  Config plain, tls, behind_a_proxy;
  tls.listen.tls_certificate = "server.pem";
  behind_a_proxy.listen.public_url = "https://naru.example";
  EXPECT_EQ(session_cookie(plain, "S"), "naru-session=S; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
  for (const Config& config : {tls, behind_a_proxy}) {
    EXPECT_EQ(session_cookie(config, "S"),
              "__Host-naru-session=S; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure");
    EXPECT_EQ(ended_session_cookie(config),
              "__Host-naru-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
  }
}

TEST(CsrfToken, BelongsToOneSession) {
  const std::string token = Sessions::csrf_token("secret-1");
  EXPECT_TRUE(Sessions::is_csrf_token("secret-1", token));
  EXPECT_FALSE(Sessions::is_csrf_token("secret-2", token));
  EXPECT_FALSE(Sessions::is_csrf_token("secret-1", ""));
  EXPECT_FALSE(Sessions::is_csrf_token("secret-1", token + "0"));
  EXPECT_EQ(token.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace naru::server::test
