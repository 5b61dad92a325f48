#include "server/auth/sign_in_limits.h"

#include <arpa/inet.h>

#include <array>
#include <cstdlib>

#include "core/error.h"
#include "server/auth/secrets.h"
#include "server/clock.h"

namespace naru::server {

namespace {

/// An IPv6 client is its /64, which is what one customer gets.
std::string client_key(const std::string& address) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  return std::string(bytes.data(), 8);
}

}  // namespace

bool SignInLimits::is_within(const std::string& key, int limit, std::int64_t now_ms) {
  const auto is_over = [&](const Window& window) { return std::abs(now_ms - window.begin_ms) >= rate_.window_ms; };
  if (windows_.size() >= rate_.max_entries && !windows_.contains(key)) {
    std::erase_if(windows_, [&](const auto& entry) { return is_over(entry.second); });
    if (windows_.size() >= rate_.max_entries) return false;
  }
  Window& window = windows_[key];
  if (is_over(window)) window = {now_ms, 0};
  return ++window.count <= limit;
}

void SignInLimits::count(const std::string& address, const std::string& login) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = clock_.now_ms();
  // Logins as hashes: they are as long as a client likes.
  if ((address.empty() || is_within("address " + client_key(address), rate_.per_address, now_ms)) &&
      (login.empty() || is_within("login " + sha256_of(login), rate_.per_login, now_ms))) {
    return;
  }
  throw Error(ErrorCode::rate_limited, "too many attempts to sign in; try again in a minute");
}

}  // namespace naru::server
