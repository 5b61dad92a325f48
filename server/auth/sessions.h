/// Sessions of people in a browser: a secret in a cookie, of which only the SHA-256 is stored, and a CSRF token that
/// follows from it (HMAC), so that a page can ask for it again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/auth/accounts.h"
#include "server/auth/caller.h"

namespace naru::server {

struct Config;

inline constexpr std::int64_t kSessionIdleMs = 60 * 60'000, kSessionLifeMs = 12 * 60 * 60'000;
inline constexpr int kMaxSessionsPerUser = 20;  ///< the oldest one ends

class Sessions {
 public:
  explicit Sessions(AuthParts parts) : parts_(parts) {}

  /// A new session, with a new secret. `replaced` is the secret of the browser's session so far, which ends.
  std::string begin(const std::string& user_id, std::optional<std::string_view> replaced);
  void end(std::string_view secret);

  /// Whose session this is; empty where there is none, or it or the account ended.
  std::optional<Caller> caller_with(std::string_view secret);
  std::optional<Caller> caller_by(const std::string& credential);  ///< the same, by Caller::credential

  static std::string csrf_token(std::string_view secret);
  /// Whether `token` is that session's, in constant time.
  static bool is_csrf_token(std::string_view secret, std::string_view token);

 private:
  AuthParts parts_;
};

/// TLS here, or at a proxy before the server.
bool is_served_by_tls(const Config& config);

/// "__Host-naru-session" where browsers come by TLS, else "naru-session".
std::string_view session_cookie_name(const Config& config);

/// Values of Set-Cookie.
std::string session_cookie(const Config& config, std::string_view secret);
std::string ended_session_cookie(const Config& config);

}  // namespace naru::server
