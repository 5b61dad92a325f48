/// How often one address may try to sign in, and how often one login may be tried, whether it exists or not.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace naru::server {

class Clock;

struct SignInRate {
  std::int64_t window_ms = 60'000;
  int per_address = 30, per_login = 10;  ///< within the window
  /// Remembered at once, and as many of before; older ones are forgotten. So who tries many logins keeps out nobody,
  /// and wins little: the lock of the account stays.
  std::size_t max_entries = 100'000;
};

/// In memory: the lockout that must survive a restart is of the account (password_sign_in.h). Safe to use from any
/// thread.
class SignInLimits {
 public:
  explicit SignInLimits(const Clock& clock, SignInRate rate = {}) : clock_(clock), rate_(rate) {}

  /// Counts one attempt; an empty one of both is not counted. @throws RetryLater{rate_limited}
  void count(const std::string& address, const std::string& login);

 private:
  struct Window {
    std::int64_t begin_ms = 0;
    int count = 0;
  };
  /// 0: within the limit; else until when the window lasts.
  std::int64_t wait_ms(const std::string& key, int limit, std::int64_t now_ms);

  const Clock& clock_;
  SignInRate rate_;
  std::mutex mutex_;
  std::map<std::string, Window> windows_, older_;  ///< each key in one of them
};

}  // namespace naru::server
