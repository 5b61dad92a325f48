/// All of `auth` together, made once by `serve` and given to handlers in Services.
#pragma once

#include <memory>
#include <optional>

#include "server/auth/accounts.h"
#include "server/auth/https_client.h"
#include "server/auth/oidc.h"
#include "server/auth/passwords.h"
#include "server/auth/sessions.h"
#include "server/auth/sign_in_limits.h"
#include "server/auth/tokens.h"

namespace naru::server {

struct Config;

struct AuthOptions {
  PasswordCost password_cost;
  SignInRate sign_in_rate;
  bool plain_loopback_issuer = false;          ///< for tests and development
  std::shared_ptr<HttpsClient> issuer_client;  ///< empty: a CurlClient
};

struct Auth {
  /// @throws Error{config_invalid} where OIDC is on and misses something
  Auth(const AuthParts& parts, const Config& config, const AuthOptions& options = {});

  AuthParts parts;
  Passwords passwords;
  Accounts accounts;
  Tokens tokens;
  Sessions sessions;
  SignInLimits limits;
  std::shared_ptr<HttpsClient> issuer_client;
  std::optional<Oidc> oidc;  ///< where the configuration turns it on
};

/// Whose token or session that is, by Caller::credential, as the account is now; empty once it ended. What goes on
/// after its request asks so whether it may.
std::optional<Caller> caller_by(Auth& auth, const std::string& credential);

/// Removes what expired: sessions, and kept answers of creations. To be called now and then.
void remove_expired(const AuthParts& parts);

}  // namespace naru::server
