#include "server/http/client_limits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::server {
namespace {

using Time = ClientLimits::Time;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kStart{seconds(1000)};

int taken(ClientLimits& limits, const std::string& address, Time now, int asked = 1000) {
  int out = 0;
  for (int i = 0; i < asked; ++i) out += limits.take_request(address, now);
  return out;
}

TEST(ClientLimits, GiveTwoSecondsWorthAtOnceAndThenTheRate) {
  ClientLimits limits({.requests_per_second = 10});
  EXPECT_EQ(taken(limits, "192.0.2.1", kStart), 20);
  EXPECT_EQ(taken(limits, "192.0.2.1", kStart + milliseconds(500)), 5);
  EXPECT_EQ(taken(limits, "192.0.2.1", kStart + milliseconds(500)), 0);
  EXPECT_EQ(taken(limits, "192.0.2.1", kStart + seconds(100)), 20);
}

TEST(ClientLimits, AreOfOneAddressAlone) {
  ClientLimits limits({.requests_per_second = 10});
  EXPECT_EQ(taken(limits, "192.0.2.1", kStart), 20);
  EXPECT_EQ(taken(limits, "192.0.2.2", kStart), 20);
}

TEST(ClientLimits, AnIpv6ClientIsItsNetworkOf64Bits) {
  ClientLimits limits({.requests_per_second = 10});
  EXPECT_EQ(taken(limits, "2001:db8:0:1::1", kStart), 20);
  EXPECT_EQ(taken(limits, "2001:db8:0:1:ffff::2", kStart), 0);
  EXPECT_EQ(taken(limits, "2001:db8:0:2::1", kStart), 20);
}

TEST(ClientLimits, LetLoopbackPassUnlessTold) {
  ClientLimits exempt({.requests_per_second = 1, .max_connections = 1});
  ClientLimits limited({.requests_per_second = 1, .max_connections = 1, .loopback_is_limited = true});
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_EQ(taken(exempt, address, kStart), 1000);
    EXPECT_EQ(taken(limited, address, kStart), 2);
    EXPECT_TRUE(exempt.open(address, kStart) && exempt.open(address, kStart));
  }
}

TEST(ClientLimits, CountConnectionsUntilTheyClose) {
  ClientLimits limits({.max_connections = 2});
  const auto first = limits.open("192.0.2.1", kStart), second = limits.open("192.0.2.1", kStart);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(limits.open("192.0.2.1", kStart));
  EXPECT_TRUE(limits.open("192.0.2.2", kStart));
  limits.close(*first);
  EXPECT_TRUE(limits.open("192.0.2.1", kStart));
  EXPECT_FALSE(limits.open("192.0.2.1", kStart));
}

TEST(ClientLimits, BeyondTheTableAllOthersAreOne) {
  ClientLimits limits({.requests_per_second = 10, .max_addresses = 2});
  EXPECT_EQ(taken(limits, "192.0.2.1", kStart), 20);
  EXPECT_EQ(taken(limits, "192.0.2.2", kStart), 20);
  EXPECT_EQ(taken(limits, "192.0.2.3", kStart), 20);
  EXPECT_EQ(taken(limits, "192.0.2.4", kStart), 0);                 // with 192.0.2.3
  EXPECT_EQ(taken(limits, "192.0.2.5", kStart + seconds(10)), 20);  // those who rested were forgotten
}

TEST(ClientLimits, AConnectionCountedAmongOthersIsGivenBackThere) {
  ClientLimits limits({.max_connections = 1, .max_addresses = 1});
  const auto known = limits.open("192.0.2.1", kStart), other = limits.open("192.0.2.2", kStart);
  ASSERT_TRUE(known && other);
  EXPECT_FALSE(limits.open("192.0.2.3", kStart));
  limits.close(*other);
  EXPECT_TRUE(limits.open("192.0.2.3", kStart));
  EXPECT_FALSE(limits.open("192.0.2.1", kStart));
}

TEST(ClientLimits, ZeroIsNoLimit) {
  ClientLimits limits({});
  EXPECT_EQ(taken(limits, "192.0.2.1", kStart), 1000);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limits.open("192.0.2.1", kStart));
}

}  // namespace
}  // namespace naru::server
