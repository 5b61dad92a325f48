/// API tokens: "naru_" and 256 random bits, of which only the SHA-256 is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/accounts.h"
#include "server/auth/caller.h"

namespace naru::server {

inline constexpr std::string_view kTokenPrefix = "naru_";
inline constexpr std::int64_t kLongestTokenMs = std::int64_t{365} * 24 * 3600 * 1000;
inline constexpr int kMaxTokensPerUser = 100;  ///< that are neither expired nor revoked

/// Bits in the order of Scope, as in Caller.
unsigned scopes_from_text(std::string_view text);  ///< names with ' ' between; unknown ones are left out
std::string scopes_to_text(unsigned scopes);
inline constexpr unsigned kAllScopes = (1U << kScopeCount) - 1;

struct Token {
  std::string id, user_id, name;
  unsigned scopes;
  std::int64_t created_ms, expires_ms;
  std::optional<std::int64_t> revoked_ms;
};

struct NewToken {
  Token token;
  std::string secret;  ///< shown once
};

class Tokens {
 public:
  explicit Tokens(AuthParts parts) : parts_(parts) {}

  /// @throws Error{request_invalid} no scope, or an end that is past or too far; Error{conflict} too many tokens;
  ///   Error{unauthenticated} the account was disabled meanwhile
  NewToken create(Transaction& transaction, const Caller& caller, std::string_view name, unsigned scopes,
                  std::int64_t expires_ms);

  /// Of one user, without secrets. @throws Error{not_found} where the user is of another organisation
  std::vector<Token> list(const Caller& caller, const std::string& user_id, const PageRequest& page);

  /// At once. The own ones, or for an admin those of the own organisation. @throws Error{not_found}
  void revoke(const Caller& caller, const std::string& id);

  /// The one by which the caller came, so that it does for one act. @throws Error{unauthenticated} it ended meanwhile
  void end(Transaction& transaction, const Caller& caller);

  /// Who holds this secret; empty where nobody does, or the token, its user or its organisation ended.
  std::optional<Caller> caller_with(std::string_view secret);
  std::optional<Caller> caller_by(const std::string& credential);  ///< the same, by Caller::credential

 private:
  void write_end(Transaction& transaction, const Caller& caller, const std::string& id);

  AuthParts parts_;
};

}  // namespace naru::server
