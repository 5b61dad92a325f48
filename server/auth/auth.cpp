#include "server/auth/auth.h"

#include "server/clock.h"
#include "server/config.h"
#include "server/store/database.h"

namespace naru::server {

namespace {
constexpr std::int64_t kAnswersKeptMs = std::int64_t{7} * 24 * 3600 * 1000;
}

Auth::Auth(const AuthParts& all, const Config& config, const AuthOptions& options)
    : parts(all),
      passwords(options.password_cost),
      accounts(all),
      tokens(all),
      sessions(all),
      limits(all.clock, options.sign_in_rate),
      issuer_client(options.issuer_client) {
  if (!issuer_client) issuer_client = std::make_shared<CurlClient>(options.plain_loopback_issuer);
  if (config.oidc.is_on) oidc.emplace(all, config.oidc, *issuer_client, options.plain_loopback_issuer);
}

std::optional<Caller> caller_by(Auth& auth, const std::string& credential) {
  auto caller = auth.tokens.caller_by(credential);
  return caller ? caller : auth.sessions.caller_by(credential);
}

void remove_expired(const AuthParts& parts) {
  in_transaction(parts.database, Access::write, [&](Transaction& transaction) {
    const std::int64_t now_ms = parts.clock.now_ms();
    transaction.execute("DELETE FROM sessions WHERE expires_ms <= $1 OR seen_ms <= $2",
                        {now_ms, now_ms - kSessionIdleMs});
    transaction.execute("DELETE FROM idempotency WHERE created_ms <= $1", {now_ms - kAnswersKeptMs});
  });
}

}  // namespace naru::server
