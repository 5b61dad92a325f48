#include "server/auth/first_admin.h"

#include <gtest/gtest.h>

#include "server/auth/password_sign_in.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

class FirstAdminOf : public testing::TestWithParam<DatabaseCase> {
 protected:
  naru::test::TempFolder folder_;
  FakeClock clock_;
  std::unique_ptr<Database> database_ = GetParam().make();
  KeyStore keys_{folder_ / "master.key", true};
  Ledger ledger_{*database_, keys_, clock_, "naru.test/log"};
  AuthParts parts_{*database_, ledger_, clock_};
  Passwords passwords_{kCheapPasswords};
};
NARU_FOR_EACH_DATABASE(FirstAdminOf);

TEST_P(FirstAdminOf, AnEmptyServerIsMadeOnce) {
  EXPECT_EQ(create_first_admin(parts_, passwords_, {"Operator", "root", std::string(kPassword)}), "");
  const std::string id = sign_in_by_password(parts_, passwords_, "root", kPassword);
  EXPECT_FALSE(id.empty());
  EXPECT_EQ(code_if_thrown([&] {
              create_first_admin(parts_, passwords_, {"Second", "root2", std::string(kPassword)});
            }),
            ErrorCode::conflict);
  EXPECT_EQ(code_if_thrown([&] { sign_in_by_password(parts_, passwords_, "root2", kPassword); }),
            ErrorCode::unauthenticated);
}

TEST_P(FirstAdminOf, AServerGetsAPasswordWhereNoneIsGiven) {
  const std::string made = create_first_admin(parts_, passwords_, {"Operator", "root", std::nullopt});
  EXPECT_EQ(made.size(), 43U);
  EXPECT_EQ(code_if_thrown([&] { sign_in_by_password(parts_, passwords_, "root", made); }), std::nullopt);
}

TEST_P(FirstAdminOf, AServerKeepsTheRules) {
  EXPECT_EQ(code_if_thrown([&] {
              create_first_admin(parts_, passwords_, {"Operator", "root", "short"});
            }),
            ErrorCode::request_invalid);
  EXPECT_EQ(code_if_thrown([&] {
              create_first_admin(parts_, passwords_, {"", "root", std::string(kPassword)});
            }),
            ErrorCode::request_invalid);
}

}  // namespace
}  // namespace naru::server::test
