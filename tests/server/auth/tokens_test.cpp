#include "server/auth/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

constexpr unsigned kRead = 1U << static_cast<unsigned>(Scope::read);
constexpr unsigned kJobs = 1U << static_cast<unsigned>(Scope::jobs);

class Tokens : public testing::TestWithParam<DatabaseCase> {
 protected:
  NewToken make(const Caller& caller, std::int64_t life_ms = 3600'000, unsigned scopes = kRead) {
    return server_.make_token(caller, "test", scopes, server_.clock.now_ms() + life_ms);
  }

  TestServer server_{GetParam()};
  server::Tokens& tokens_ = server_.auth.tokens;
  Caller kim_ = server_.caller(server_.add_user(server_.hospital_id, "kim", {Role::reviewer, Role::auditor}));
  Caller lee_ = server_.caller(server_.add_user(server_.hospital_id, "lee", {Role::reviewer}));
  Caller admin_ = server_.caller(server_.add_user(server_.hospital_id, "admin", {Role::admin}));
  Caller buyer_ = server_.caller(server_.add_user(server_.company_id, "buyer", {Role::company, Role::admin}));
};
NARU_FOR_EACH_DATABASE(Tokens);

TEST_P(Tokens, SayWhoHoldsThemAndWhatForAndAreKeptAsHashesAlone) {
  const NewToken made = make(kim_, 3600'000, kRead | kJobs);
  EXPECT_THAT(made.secret, testing::MatchesRegex("naru_[A-Za-z0-9_-]+"));
  EXPECT_EQ(made.secret.size(), kTokenPrefix.size() + 43);
  const auto caller = tokens_.caller_with(made.secret);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->user_id, kim_.user_id);
  EXPECT_EQ(caller->organisation_id, server_.hospital_id);
  EXPECT_EQ(caller->roles, kim_.roles);
  EXPECT_EQ(caller->scopes, kRead | kJobs);
  EXPECT_FALSE(caller->is_session);
  in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
    const auto random = made.secret.substr(kTokenPrefix.size());
    for (const Row& row : transaction.query("SELECT id, secret_sha256, name, scopes FROM tokens")) {
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(row.text(i).find(random), std::string::npos);
    }
  });
  const auto secret = made.secret.substr(kTokenPrefix.size());
  for (const std::string& leaf : server_.ledger.leaves(0, 100)) EXPECT_EQ(leaf.find(secret), std::string::npos);
}

TEST_P(Tokens, AreNotMadeByARequestThatWasUnderWayWhenItsAccountWasDisabled) {
  server_.auth.accounts.update_user(admin_, lee_.user_id, {.is_disabled = true});
  EXPECT_EQ(code_if_thrown([&] { make(lee_); }), ErrorCode::unauthenticated);
  server_.auth.accounts.update_user(admin_, lee_.user_id, {.is_disabled = false});
  EXPECT_TRUE(tokens_.caller_with(make(lee_).secret));
}

TEST_P(Tokens, AreNotGuessed) {
  const std::string secret = make(kim_).secret;
  for (std::string other : {secret.substr(5), secret + "a", secret.substr(0, secret.size() - 1), std::string(),
                            "naru_" + std::string(43, 'A'), "NARU_" + secret.substr(5)}) {
    EXPECT_FALSE(tokens_.caller_with(other)) << other.size();
  }
  std::string changed = secret;
  changed[20] = changed[20] == 'a' ? 'b' : 'a';
  EXPECT_FALSE(tokens_.caller_with(changed));
}

TEST_P(Tokens, EndAtTheirTimeAndHaveOne) {
  const std::int64_t now_ms = server_.clock.now_ms();
  for (const std::int64_t bad : {std::int64_t{0}, now_ms, now_ms + kLongestTokenMs + 1}) {
    EXPECT_EQ(code_if_thrown([&] { server_.make_token(kim_, "t", kRead, bad); }), ErrorCode::request_invalid);
  }
  EXPECT_EQ(code_if_thrown([&] { server_.make_token(kim_, "t", 0, now_ms + 1); }), ErrorCode::request_invalid);
  const std::string secret = make(kim_, 1000).secret;
  server_.clock.advance(999);
  EXPECT_TRUE(tokens_.caller_with(secret));
  server_.clock.advance(1);
  EXPECT_FALSE(tokens_.caller_with(secret));
}

TEST_P(Tokens, EndAtOnceWhenRevokedByTheirHolderOrAnAdminOfTheOrganisation) {
  const NewToken first = make(kim_), second = make(kim_);
  EXPECT_EQ(code_if_thrown([&] { tokens_.revoke(lee_, first.token.id); }), ErrorCode::not_found);
  EXPECT_EQ(code_if_thrown([&] { tokens_.revoke(buyer_, first.token.id); }), ErrorCode::not_found);
  ASSERT_TRUE(tokens_.caller_with(first.secret));
  tokens_.revoke(kim_, first.token.id);
  EXPECT_FALSE(tokens_.caller_with(first.secret));
  EXPECT_TRUE(tokens_.caller_with(second.secret));
  tokens_.revoke(admin_, second.token.id);
  tokens_.revoke(admin_, second.token.id);
  EXPECT_FALSE(tokens_.caller_with(second.secret));
  EXPECT_THAT(server_.ledger_kinds(), testing::Contains("token.revoked").Times(2));
}

TEST_P(Tokens, AreListedForTheirHolderAndAnAdminOfTheOrganisation) {
  const NewToken made = make(kim_);
  for (const Caller& caller : {kim_, admin_}) {
    const auto list = tokens_.list(caller, kim_.user_id, {});
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].id, made.token.id);
  }
  EXPECT_EQ(code_if_thrown([&] { tokens_.list(lee_, kim_.user_id, {}); }), ErrorCode::not_found);
  EXPECT_EQ(code_if_thrown([&] { tokens_.list(buyer_, kim_.user_id, {}); }), ErrorCode::not_found);
}

TEST_P(Tokens, CannotHaveMoreScopesThanTheirMaker) {
  Caller narrow = kim_;
  narrow.scopes = kRead;
  EXPECT_EQ(make(narrow, 1000, kAllScopes).token.scopes, kRead);
  EXPECT_EQ(scopes_from_text(scopes_to_text(kAllScopes)), kAllScopes);
  EXPECT_EQ(scopes_from_text("read nonsense jobs"), kRead | kJobs);
}

TEST_P(Tokens, FollowTheRolesOfTheirUser) {
  const std::string secret = make(kim_).secret;
  server_.auth.accounts.update_user(admin_, kim_.user_id, {.roles = Roles{Role::auditor}});
  EXPECT_EQ(tokens_.caller_with(secret)->roles, Roles{Role::auditor});
}

TEST_P(Tokens, AreBounded) {
  for (int i = 0; i < kMaxTokensPerUser; ++i) make(kim_, 1000);
  EXPECT_EQ(code_if_thrown([&] { make(kim_); }), ErrorCode::conflict);
  server_.clock.advance(1000);
  EXPECT_EQ(code_if_thrown([&] { make(kim_); }), std::nullopt) << "expired ones do not count";
}

}  // namespace
}  // namespace naru::server::test
