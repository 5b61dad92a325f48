#include "server/auth/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/auth/password_sign_in.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

class Accounts : public testing::TestWithParam<DatabaseCase> {
 protected:
  TestServer server_{GetParam()};
  server::Accounts& accounts_ = server_.auth.accounts;
};
NARU_FOR_EACH_DATABASE(Accounts);

TEST_P(Accounts, GiveEachKindOfOrganisationItsRolesAlone) {
  const struct {
    OrganisationKind kind;
    std::string id;
  } kinds[] = {{OrganisationKind::operator_, server_.operator_id},
               {OrganisationKind::hospital, server_.hospital_id},
               {OrganisationKind::company, server_.company_id}};
  int allowed_count = 0;
  for (const auto& [kind, id] : kinds) {
    for (int i = 0; i < kRoleCount; ++i) {
      const auto role = static_cast<Role>(i);
      const std::string login = std::string(name(kind)) + "-" + std::to_string(i);
      const auto code = code_if_thrown([&] { server_.add_user(id, login, {role}); });
      EXPECT_EQ(code, roles_of(kind).has(role) ? std::nullopt : std::optional(ErrorCode::request_invalid)) << login;
      allowed_count += !code;
    }
  }
  EXPECT_EQ(allowed_count, 4 + 3 + 3);
  EXPECT_FALSE(roles_of(OrganisationKind::company).has(Role::hospital_steward));
  EXPECT_FALSE(roles_of(OrganisationKind::hospital).has(Role::company));
}

TEST_P(Accounts, KeepLoginsAndNamesApart) {
  server_.add_user(server_.hospital_id, "kim", {Role::reviewer});
  EXPECT_EQ(code_if_thrown([&] { server_.add_user(server_.company_id, "KIM", {Role::company}); }), ErrorCode::conflict)
      << "small and capital letters are the same login";
  EXPECT_EQ(code_if_thrown([&] { server_.add_organisation("Hospital", OrganisationKind::company); }),
            ErrorCode::conflict);
  EXPECT_EQ(code_if_thrown([&] { server_.add_organisation("Other", OrganisationKind::operator_); }),
            ErrorCode::conflict);
  for (const char* login : {"", "a b", "a/b", "\xEA\xB9\x80", "a\nb"}) {
    EXPECT_EQ(code_if_thrown([&] { checked_login(login); }), ErrorCode::request_invalid) << login;
  }
}

TEST_P(Accounts, NeverShowAnotherOrganisation) {
  const Caller ours = server_.caller(server_.add_user(server_.hospital_id, "steward", {Role::admin}));
  const std::string theirs = server_.add_user(server_.company_id, "buyer", {Role::company, Role::admin});
  EXPECT_EQ(code_if_thrown([&] { accounts_.user(ours, theirs); }), ErrorCode::not_found);
  EXPECT_EQ(code_if_thrown([&] { accounts_.update_user(ours, theirs, {.is_disabled = true}); }), ErrorCode::not_found);
  EXPECT_EQ(code_if_thrown([&] { accounts_.organisation(ours, server_.company_id); }), ErrorCode::not_found);
  ASSERT_EQ(accounts_.organisations(ours, {}).size(), 1U);
  EXPECT_EQ(accounts_.organisations(ours, {}).front().id, server_.hospital_id);
  for (const User& user : accounts_.users(ours, {})) EXPECT_EQ(user.organisation_id, server_.hospital_id);
  EXPECT_FALSE(accounts_.user(server_.caller(theirs), theirs).disabled_ms);
}

TEST_P(Accounts, ComeInPagesWithoutGapsOrDoubles) {
  const Caller admin = server_.caller(server_.add_user(server_.hospital_id, "a0", {Role::admin}));
  for (int i = 1; i < 7; ++i) server_.add_user(server_.hospital_id, "a" + std::to_string(i), {Role::reviewer});
  std::vector<std::string> seen;
  for (PageRequest page{"", 3};; page.after = seen.back()) {
    const auto users = accounts_.users(admin, page);
    for (const User& user : users) seen.push_back(user.id);
    if (users.size() < 3) break;
  }
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
}

TEST_P(Accounts, KeepTheLastAdmin) {
  const std::string first = server_.add_user(server_.hospital_id, "first", {Role::admin});
  const Caller admin = server_.caller(first);
  EXPECT_EQ(code_if_thrown([&] { accounts_.update_user(admin, first, {.is_disabled = true}); }), ErrorCode::conflict);
  EXPECT_EQ(code_if_thrown([&] { accounts_.update_user(admin, first, {.roles = Roles{Role::reviewer}}); }),
            ErrorCode::conflict);
  EXPECT_TRUE(accounts_.user(admin, first).roles.has(Role::admin)) << "a refused change changes nothing";
  server_.add_user(server_.hospital_id, "second", {Role::admin});
  EXPECT_EQ(code_if_thrown([&] { accounts_.update_user(admin, first, {.is_disabled = true}); }), std::nullopt);
}

TEST_P(Accounts, KeepTheLastAdminWhoCanSignIn) {
  const std::string first = server_.add_user(server_.hospital_id, "first", {Role::admin});
  const Caller admin = server_.caller(first);
  const std::string second =
      in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
        return accounts_.create_user(transaction, first, server_.hospital_id, {"second", {Role::admin}, std::nullopt});
      }).id;
  const auto disable_first = [&] {
    return code_if_thrown([&] { accounts_.update_user(admin, first, {.is_disabled = true}); });
  };
  EXPECT_EQ(disable_first(), ErrorCode::conflict) << "the second has neither password nor identity";
  accounts_.update_user(admin, second, {.identity = OidcIdentity{"https://issuer.example", "1"}});
  EXPECT_EQ(disable_first(), std::nullopt);
}

TEST_P(Accounts, LoseSessionsAndTokensForGoodWhenDisabled) {
  const Caller admin = server_.caller(server_.add_user(server_.hospital_id, "admin", {Role::admin}));
  const std::string user = server_.add_user(server_.hospital_id, "user", {Role::reviewer});
  const std::string token = server_.token_of(user), session = server_.auth.sessions.begin(user, std::nullopt);
  ASSERT_TRUE(server_.auth.tokens.caller_with(token));
  ASSERT_TRUE(server_.auth.sessions.caller_with(session));
  accounts_.update_user(admin, user, {.is_disabled = true});
  EXPECT_FALSE(server_.auth.tokens.caller_with(token));
  EXPECT_FALSE(server_.auth.sessions.caller_with(session));
  accounts_.update_user(admin, user, {.is_disabled = false});
  EXPECT_FALSE(server_.auth.tokens.caller_with(token)) << "what ended does not come back";
  EXPECT_FALSE(server_.auth.sessions.caller_with(session));
}

TEST_P(Accounts, LoseThemAlsoWithTheirOrganisation) {
  const std::string user = server_.add_user(server_.company_id, "user", {Role::company});
  const std::string token = server_.token_of(user), session = server_.auth.sessions.begin(user, std::nullopt);
  Caller operator_;
  operator_.organisation_id = server_.operator_id;
  operator_.user_id = "user-operator";
  accounts_.set_organisation_disabled(operator_, server_.company_id, true);
  EXPECT_FALSE(server_.auth.tokens.caller_with(token));
  EXPECT_FALSE(server_.auth.sessions.caller_with(session));
  EXPECT_EQ(code_if_thrown([&] { sign_in_by_password(server_.parts, server_.auth.passwords, "user", kPassword); }),
            ErrorCode::unauthenticated);
  EXPECT_EQ(code_if_thrown([&] { accounts_.set_organisation_disabled(operator_, server_.operator_id, true); }),
            ErrorCode::conflict);
}

TEST_P(Accounts, WriteEveryChangeIntoTheLedger) {
  const std::size_t before = server_.ledger_kinds().size();
  const Caller admin = server_.caller(server_.add_user(server_.hospital_id, "admin", {Role::admin}));
  const std::string user = server_.add_user(server_.hospital_id, "user", {Role::reviewer});
  accounts_.update_user(admin, user,
                        {.roles = Roles{Role::auditor},
                         .is_disabled = true,
                         .password_hash = "x",
                         .identity = OidcIdentity{"https://issuer.example", "1234567"}});
  accounts_.update_user(admin, user, {.is_disabled = false, .identity = OidcIdentity{}});
  accounts_.update_user(admin, user, {.is_disabled = false});
  auto kinds = server_.ledger_kinds();
  kinds.erase(kinds.begin(), kinds.begin() + static_cast<std::ptrdiff_t>(before));
  EXPECT_THAT(kinds, testing::ElementsAre("user.created", "user.created", "user.roles_changed", "user.disabled",
                                          "user.password_changed", "user.identity_linked", "user.enabled",
                                          "user.identity_unlinked"));
  EXPECT_EQ(code_if_thrown([&] { server_.ledger.check_at_start(server_.folder / "ledger"); }), std::nullopt);
}

TEST_P(Accounts, WriteNothingIntoTheLedgerForWhatWasRefused) {
  const Caller admin = server_.caller(server_.add_user(server_.hospital_id, "admin", {Role::admin}));
  const auto before = server_.ledger_kinds();
  EXPECT_EQ(code_if_thrown([&] { accounts_.update_user(admin, admin.user_id, {.is_disabled = true}); }),
            ErrorCode::conflict);
  EXPECT_EQ(server_.ledger_kinds(), before);
}

}  // namespace
}  // namespace naru::server::test
