/// Checks of an OpenID Connect ID token (OpenID Connect Core 1.0 section 3.1.3.7; RFC 7515, 8725).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/auth/jwk.h"

namespace naru::server {

inline constexpr std::int64_t kClockSkewS = 60, kOldestIssueS = 600;
inline constexpr std::size_t kMaxIdTokenBytes = 16 * 1024;

/// What the token must say.
struct ExpectedClaims {
  std::string issuer, client_id, nonce;
  std::int64_t now_s;
};

/// No key of the set has the token's "kid": the issuer may have changed its keys.
class UnknownKey : public std::exception {
 public:
  const char* what() const noexcept override { return "the token names a key that the issuer does not publish"; }
};

/// The subject of a token that holds.
/// @throws UnknownKey; Error{unauthenticated} naming the check that failed, never the token
std::string checked_subject(std::string_view token, std::span<const Jwk> keys, const ExpectedClaims& expected);

}  // namespace naru::server
