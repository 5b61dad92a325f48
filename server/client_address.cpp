#include "server/client_address.h"

#include <arpa/inet.h>

#include <array>

namespace naru::server {

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

std::string client_key(const std::string& address) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  return std::string(bytes.data(), 8);
}

}  // namespace naru::server
