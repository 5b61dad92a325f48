#include "server/http/client_limits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::server {
namespace {

using Time = ClientLimits::Time;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kBegin{seconds(1000)};

int taken(ClientLimits& limits, const std::string& address, Time now, int asked = 1000) {
  int out = 0;
  for (int i = 0; i < asked; ++i) out += limits.take_request(address, now);
  return out;
}

TEST(ClientLimits, GiveTwoSecondsWorthAtOnceAndThenTheRate) {
  ClientLimits limits({.requests_per_second = 10});
  EXPECT_EQ(taken(limits, "192.0.2.1", kBegin), 20);
  EXPECT_EQ(taken(limits, "192.0.2.1", kBegin + milliseconds(500)), 5);
  EXPECT_EQ(taken(limits, "192.0.2.1", kBegin + milliseconds(500)), 0);
  EXPECT_EQ(taken(limits, "192.0.2.1", kBegin + seconds(100)), 20);
}

TEST(ClientLimits, AreOfOneAddressAlone) {
  ClientLimits limits({.requests_per_second = 10});
  EXPECT_EQ(taken(limits, "192.0.2.1", kBegin), 20);
  EXPECT_EQ(taken(limits, "192.0.2.2", kBegin), 20);
}

TEST(ClientLimits, AnIpv6ClientIsItsNetworkOf64Bits) {
  ClientLimits limits({.requests_per_second = 10});
  EXPECT_EQ(taken(limits, "2001:db8:0:1::1", kBegin), 20);
  EXPECT_EQ(taken(limits, "2001:db8:0:1:ffff::2", kBegin), 0);
  EXPECT_EQ(taken(limits, "2001:db8:0:2::1", kBegin), 20);
}

TEST(ClientLimits, LetLoopbackPassUnlessTold) {
  ClientLimits exempt({.requests_per_second = 1, .max_connections = 1});
  ClientLimits limited({.requests_per_second = 1, .max_connections = 1, .loopback_is_limited = true});
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_EQ(taken(exempt, address, kBegin), 1000);
    EXPECT_EQ(taken(limited, address, kBegin), 2);
    EXPECT_TRUE(exempt.open(address, kBegin) && exempt.open(address, kBegin));
  }
}

TEST(ClientLimits, CountConnectionsUntilTheyClose) {
  ClientLimits limits({.max_connections = 2});
  const auto first = limits.open("192.0.2.1", kBegin), second = limits.open("192.0.2.1", kBegin);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(limits.open("192.0.2.1", kBegin));
  EXPECT_TRUE(limits.open("192.0.2.2", kBegin));
  limits.close(*first);
  EXPECT_TRUE(limits.open("192.0.2.1", kBegin));
  EXPECT_FALSE(limits.open("192.0.2.1", kBegin));
}

TEST(ClientLimits, BeyondTheTableAllOthersAreOne) {
  ClientLimits limits({.requests_per_second = 10, .max_addresses = 2});
  EXPECT_EQ(taken(limits, "192.0.2.1", kBegin), 20);
  EXPECT_EQ(taken(limits, "192.0.2.2", kBegin), 20);
  EXPECT_EQ(taken(limits, "192.0.2.3", kBegin), 20);
  EXPECT_EQ(taken(limits, "192.0.2.4", kBegin), 0);                 // with 192.0.2.3
  EXPECT_EQ(taken(limits, "192.0.2.5", kBegin + seconds(10)), 20);  // those who rested were forgotten
}

TEST(ClientLimits, AConnectionCountedAmongOthersIsGivenBackThere) {
  ClientLimits limits({.max_connections = 1, .max_addresses = 1});
  const auto known = limits.open("192.0.2.1", kBegin), other = limits.open("192.0.2.2", kBegin);
  ASSERT_TRUE(known && other);
  EXPECT_FALSE(limits.open("192.0.2.3", kBegin));
  limits.close(*other);
  EXPECT_TRUE(limits.open("192.0.2.3", kBegin));
  EXPECT_FALSE(limits.open("192.0.2.1", kBegin));
}

TEST(ClientLimits, ZeroIsNoLimit) {
  ClientLimits limits({});
  EXPECT_EQ(taken(limits, "192.0.2.1", kBegin), 1000);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limits.open("192.0.2.1", kBegin));
}

}  // namespace
}  // namespace naru::server
