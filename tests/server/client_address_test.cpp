#include "server/client_address.h"

#include <gtest/gtest.h>

namespace naru::server::test {
namespace {

TEST(ClientAddress, IsTheNetworkOfAnIpv6CustomerAndElseItself) {
  EXPECT_EQ(client_key("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client_key("2001:db8:0:1::1"), client_key("2001:db8:0:1:ffff::2"));
  EXPECT_NE(client_key("2001:db8:0:1::1"), client_key("2001:db8:0:2::1"));
  EXPECT_EQ(client_key(""), "");
}

TEST(ClientAddress, IsLoopbackOnThisMachineAlone) {
  for (const char* own : {"127.0.0.1", "127.1.2.3", "::1"}) EXPECT_TRUE(is_loopback(own)) << own;
  for (const char* other : {"", "192.0.2.127", "::", "::11", "2001:db8::1"}) EXPECT_FALSE(is_loopback(other)) << other;
}

}  // namespace
}  // namespace naru::server::test
