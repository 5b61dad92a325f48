#include "server/turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

/// Whether it gets a turn, which ends at once.
bool gets_turn(Turns& turns, const std::string& address) {
  return !code_if_thrown([&] { const Turns::Turn turn(turns, address); });
}

TEST(Turns, AreFewerForOneAddressThanForAll) {
  Turns turns({.at_once = 3, .of_one_address = 2, .waiting = 0});
  const Turns::Turn first(turns, "192.0.2.1"), second(turns, "192.0.2.1");
  EXPECT_EQ(code_if_thrown([&] { const Turns::Turn third(turns, "192.0.2.1"); }), ErrorCode::rate_limited);
  const Turns::Turn other(turns, "192.0.2.2");
  EXPECT_FALSE(gets_turn(turns, "192.0.2.3")) << "three in all";
}

TEST(Turns, CountTheNetworkOfAnIpv6Customer) {
  Turns turns({.at_once = 4, .of_one_address = 1, .waiting = 0});
  const Turns::Turn held(turns, "2001:db8:0:1::1");
  EXPECT_FALSE(gets_turn(turns, "2001:db8:0:1::2"));
  EXPECT_TRUE(gets_turn(turns, "2001:db8:0:2::1"));
}

TEST(Turns, WithoutAnAddressCountAmongAllAlone) {
  Turns turns({.at_once = 3, .of_one_address = 1, .waiting = 0});
  const Turns::Turn first(turns, ""), second(turns, ""), third(turns, "");
  EXPECT_FALSE(gets_turn(turns, ""));
}

TEST(Turns, EndWithWhatHoldsThem) {
  Turns turns({.at_once = 1, .of_one_address = 1, .waiting = 0});
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(gets_turn(turns, "192.0.2.1"));
}

TEST(Turns, AreWaitedForALittle) {
  Turns turns({.at_once = 1, .of_one_address = 1, .waiting = 1, .patience = std::chrono::minutes(1)});
  std::optional<Turns::Turn> held(std::in_place, turns, "192.0.2.1");
  std::atomic<bool> is_served{false};
  std::jthread waiting([&] { is_served = gets_turn(turns, "192.0.2.2"); });
  held.reset();
  waiting.join();
  EXPECT_TRUE(is_served);
  Turns impatient({.at_once = 1, .of_one_address = 1, .waiting = 1, .patience = std::chrono::milliseconds(1)});
  const Turns::Turn other(impatient, "192.0.2.1");
  EXPECT_FALSE(gets_turn(impatient, "192.0.2.2"));
}

}  // namespace
}  // namespace naru::server::test
