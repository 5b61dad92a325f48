#include "server/auth/passwords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

constexpr PasswordCost kCheap = {.passes = 1, .memory_bytes = 8192};

TEST(Passwords, AreHashedByArgon2idWithASaltOfTheirOwn) {
  Passwords passwords(kCheap);
  const std::string first = passwords.hash("correct horse battery"), second = passwords.hash("correct horse battery");
  EXPECT_THAT(first, testing::StartsWith("$argon2id$v=19$m=8,t=1,p=1$"));
  EXPECT_NE(first, second);
  EXPECT_TRUE(passwords.is_right(first, "correct horse battery"));
  EXPECT_TRUE(passwords.is_right(second, "correct horse battery"));
  EXPECT_FALSE(passwords.is_right(first, "correct horse batterz"));
  EXPECT_FALSE(passwords.is_right(first, "correct horse batter"));
}

TEST(Passwords, CostAsMuchAsDecided) {
  EXPECT_THAT(Passwords().hash("correct horse battery"), testing::StartsWith("$argon2id$v=19$m=65536,t=2,p=1$"));
}

TEST(Passwords, AreOutdatedOnceTheCostRises) {
  Passwords cheap(kCheap), dear({.passes = 2, .memory_bytes = 16384});
  const std::string hash = cheap.hash("correct horse battery");
  EXPECT_FALSE(cheap.is_outdated(hash));
  EXPECT_TRUE(dear.is_outdated(hash));
  EXPECT_TRUE(dear.is_right(hash, "correct horse battery")) << "an old hash still opens the door";
}

TEST(Passwords, HaveRules) {
  EXPECT_EQ(code_if_thrown([] { check_password_rules(std::string(11, 'x'), "me"); }), ErrorCode::request_invalid);
  EXPECT_EQ(code_if_thrown([] { check_password_rules(std::string(12, 'x'), "me"); }), std::nullopt);
  EXPECT_EQ(code_if_thrown([] { check_password_rules(std::string(1024, 'x'), "me"); }), std::nullopt);
  EXPECT_EQ(code_if_thrown([] { check_password_rules(std::string(1025, 'x'), "me"); }), ErrorCode::request_invalid);
  EXPECT_EQ(code_if_thrown([] { check_password_rules("longer-than-twelve", "longer-than-twelve"); }),
            ErrorCode::request_invalid);
}

TEST(Passwords, RefuseAFloodInsteadOfTakingAllMemory) {
  Passwords passwords({.passes = 3, .memory_bytes = std::size_t{8} << 20}, 1, 1);
  constexpr int kCallers = 8;
  std::atomic<int> served = 0, refused = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      const auto code = code_if_thrown([&] { passwords.hash("correct horse battery"); });
      ++(code == ErrorCode::rate_limited ? refused : served);
    });
  }
  callers.clear();
  EXPECT_EQ(served + refused, kCallers);
  EXPECT_GE(served, 1);
}

}  // namespace
}  // namespace naru::server::test
