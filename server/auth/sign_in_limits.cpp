#include "server/auth/sign_in_limits.h"

#include <cstdlib>
#include <utility>

#include "server/auth/secrets.h"
#include "server/client_address.h"
#include "server/clock.h"
#include "server/retry_later.h"

namespace naru::server {

std::int64_t SignInLimits::wait_ms(const std::string& key, int limit, std::int64_t now_ms) {
  const auto is_over = [&](const Window& window) { return std::abs(now_ms - window.begin_ms) >= rate_.window_ms; };
  if (windows_.size() >= rate_.max_entries && !windows_.contains(key)) older_ = std::exchange(windows_, {});
  if (auto known = older_.extract(key)) windows_.insert(std::move(known));
  Window& window = windows_[key];
  if (is_over(window)) window = {now_ms, 0};
  if (++window.count <= limit) return 0;
  return rate_.window_ms - std::abs(now_ms - window.begin_ms);
}

void SignInLimits::count(const std::string& address, const std::string& login) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = clock_.now_ms();
  // Logins as hashes: they are as long as a client likes.
  std::int64_t wait = address.empty() ? 0 : wait_ms("address " + client_key(address), rate_.per_address, now_ms);
  if (wait == 0 && !login.empty()) wait = wait_ms("login " + sha256_of(login), rate_.per_login, now_ms);
  if (wait == 0) return;
  throw RetryLater(ErrorCode::rate_limited, "too many attempts to sign in; wait as long as Retry-After says",
                   (wait + 999) / 1000);
}

}  // namespace naru::server
