/// Passwords: rules, and Argon2id (RFC 9106) by libsodium.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace naru::server {

inline constexpr std::size_t kMinPasswordBytes = 12, kMaxPasswordBytes = 1024;

/// What one hash costs. libsodium's INTERACTIVE: 64 MiB and two passes, a tenth of a second. It is above what OWASP
/// asks for (19 MiB, two passes), and two at once stay small beside the jobs of a hospital's machine; MODERATE (256
/// MiB) would not.
struct PasswordCost {
  unsigned long long passes = 2;
  std::size_t memory_bytes = std::size_t{64} << 20;
};

/// @throws Error{request_invalid} too short, too long, or the login itself
void check_password_rules(std::string_view password, std::string_view login);

/// Safe to use from any thread. At most `max_at_once` hashes are made at once and `max_waiting` callers wait, so that a
/// flood of sign-ins takes neither the memory nor all threads. Every function @throws Error{rate_limited} beyond that.
class Passwords {
 public:
  explicit Passwords(PasswordCost cost = {}, int max_at_once = 2, int max_waiting = 8);

  /// Text that holds salt and cost as well.
  std::string hash(std::string_view password);
  bool is_right(const std::string& hash, std::string_view password);
  /// Takes as long as is_right and says nothing: for logins that do not exist.
  void check_nobody(std::string_view password);
  /// The hash was made at another cost than today's: make it anew at the next sign-in.
  bool is_outdated(const std::string& hash) const;

 private:
  class Turn;
  PasswordCost cost_;
  int max_at_once_, max_waiting_;
  std::mutex mutex_;
  std::condition_variable free_;
  int running_ = 0, waiting_ = 0;
  std::string nobody_;
};

}  // namespace naru::server
