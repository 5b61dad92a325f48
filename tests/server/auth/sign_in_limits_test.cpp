#include "server/auth/sign_in_limits.h"

#include <gtest/gtest.h>

#include "server/retry_later.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/fake_clock.h"

namespace naru::server::test {
namespace {

class SignInLimits : public testing::Test {
 protected:
  bool may(const std::string& address, const std::string& login) {
    return !code_if_thrown([&] { limits_.count(address, login); });
  }
  FakeClock clock_;
  server::SignInLimits limits_{clock_, {.window_ms = 1000, .per_address = 6, .per_login = 3, .max_entries = 8}};
};

TEST_F(SignInLimits, HoldForALoginFromWhereverItIsTried) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(may("192.0.2." + std::to_string(i), "kim"));
  EXPECT_EQ(code_if_thrown([&] { limits_.count("192.0.2.9", "kim"); }), ErrorCode::rate_limited);
  clock_.advance(1000);
  EXPECT_TRUE(may("192.0.2.9", "kim"));
}

TEST(SignInLimitsOf, SayWhenTheNextAttemptCounts) {
  FakeClock clock;
  server::SignInLimits limits(clock, {.window_ms = 60'000, .per_address = 6, .per_login = 1, .max_entries = 8});
  limits.count("", "kim");
  clock.advance(10'500);
  try {
    limits.count("", "kim");
    FAIL() << "one in a minute";
  } catch (const RetryLater& error) {
    EXPECT_EQ(error.after_s(), 50);
  }
  clock.advance(50'000);
  EXPECT_FALSE(code_if_thrown([&] { limits.count("", "kim"); }));
}

TEST_F(SignInLimits, HoldForAnAddressWhateverItTries) {
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(may("192.0.2.1", ""));
  EXPECT_FALSE(may("192.0.2.1", "kim"));
  EXPECT_TRUE(may("192.0.2.2", "kim"));
}

TEST_F(SignInLimits, HoldForAllAddressesOfAnIpv6Customer) {
  for (int i = 1; i <= 6; ++i) EXPECT_TRUE(may("2001:db8:0:1::" + std::to_string(i), ""));
  EXPECT_FALSE(may("2001:db8:0:1:ffff::7", "kim"));
  EXPECT_TRUE(may("2001:db8:0:2::1", "kim"));
}

TEST_F(SignInLimits, DoNotCountAnAddressThatIsNotGiven) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(may("", ""));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(may("", "kim"));
  EXPECT_FALSE(may("", "kim")) << "its login is counted";
}

TEST_F(SignInLimits, RememberABoundedNumberAndKeepOutNobodyForTheOthers) {
  const auto try_many = [&](const std::string& name, int count) {
    for (int i = 0; i < count; ++i) EXPECT_TRUE(may("", name + std::to_string(i))) << name << i;
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(may("", "kim"));
  try_many("a", 12);
  EXPECT_FALSE(may("", "kim")) << "more than eight ago, and remembered";
  try_many("b", 6);
  EXPECT_FALSE(may("", "kim")) << "remembered anew with each attempt";
  try_many("c", 16);
  EXPECT_TRUE(may("", "kim")) << "sixteen at most are remembered";
}

}  // namespace
}  // namespace naru::server::test
