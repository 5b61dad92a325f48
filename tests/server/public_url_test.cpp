#include "server/public_url.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace naru::server {
namespace {

TEST(PublicUrl, IsTheAddressUnlessThatIsEveryAddress) {
  std::array<char, 256> name{};
  ASSERT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  ListenConfig listen;
  EXPECT_EQ(default_public_url(listen, 8600), "http://127.0.0.1:8600");
  listen.address = "10.0.0.5";
  EXPECT_EQ(default_public_url(listen, 8600), "http://10.0.0.5:8600");
  listen.address = "::1";
  EXPECT_EQ(default_public_url(listen, 8600), "http://[::1]:8600");
  listen.tls_certificate = "/etc/naru/tls.pem";
  for (const char* any : {"0.0.0.0", "::", "0:0:0:0:0:0:0:0"}) {
    listen.address = any;
    EXPECT_EQ(default_public_url(listen, 443), "https://" + std::string(name.data()) + ":443") << any;
  }
  EXPECT_EQ(listening_url(listen, 443), "https://[0:0:0:0:0:0:0:0]:443");
}

}  // namespace
}  // namespace naru::server
