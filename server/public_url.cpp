#include "server/public_url.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace naru::server {

namespace {

std::string url_with_host(const ListenConfig& listen, const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", listen.tls_certificate.empty() ? "http" : "https", is_v6 ? "[" : "", host,
                     is_v6 ? "]" : "", port);
}

bool is_any_address(const std::string& address) { return address.find_first_not_of("0.:") == std::string::npos; }

std::string machine_name() {
  std::array<char, 256> name{};
  const bool is_told = ::gethostname(name.data(), name.size() - 1) == 0 && name.front() != '\0';
  return is_told ? name.data() : "localhost";
}

}  // namespace

std::string listening_url(const ListenConfig& listen, std::uint16_t port) {
  return url_with_host(listen, listen.address, port);
}

std::string default_public_url(const ListenConfig& listen, std::uint16_t port) {
  return url_with_host(listen, is_any_address(listen.address) ? machine_name() : listen.address, port);
}

}  // namespace naru::server
