#include "server/auth/sessions.h"

#include <fmt/format.h>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/auth/live_users.h"
#include "server/auth/secrets.h"
#include "server/auth/tokens.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/random_id.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr std::size_t kMaxSecretBytes = 128;
constexpr std::int64_t kSeenStepMs = 60'000;  // so that a busy page does not write with each request

void end_in(Transaction& transaction, const AuthParts& parts, const std::string& sha256) {
  const Rows rows = transaction.query(
      "SELECT users.id, users.organisation_id FROM sessions JOIN users ON users.id = sessions.user_id "
      "WHERE sessions.secret_sha256 = $1",
      {sha256});
  if (rows.empty()) return;
  transaction.execute("DELETE FROM sessions WHERE secret_sha256 = $1", {sha256});
  const Row& user = rows.front();
  parts.ledger.append(transaction, {"session.ended", user.text(1), user.text(0), user.text(0)});
}

/// Makes room for one more.
void end_oldest(Transaction& transaction, const std::string& user_id, std::int64_t now_ms) {
  transaction.execute("DELETE FROM sessions WHERE user_id = $1 AND (expires_ms <= $2 OR seen_ms <= $3)",
                      {user_id, now_ms, now_ms - kSessionIdleMs});
  const Rows rows = transaction.query(
      "SELECT secret_sha256 FROM sessions WHERE user_id = $1 ORDER BY created_ms DESC, secret_sha256", {user_id});
  for (std::size_t i = kMaxSessionsPerUser - 1; i < rows.size(); ++i) {
    transaction.execute("DELETE FROM sessions WHERE secret_sha256 = $1", {rows[i].text(0)});
  }
}

}  // namespace

std::string Sessions::begin(const std::string& user_id, std::optional<std::string_view> replaced) {
  const std::string secret = random_secret();
  in_transaction(parts_.database, Access::write, [&](Transaction& transaction) {
    const std::int64_t now_ms = parts_.clock.now_ms();
    const Rows user =
        transaction.query(fmt::format("SELECT organisation_id FROM {} WHERE id = $1", kLiveUsers), {user_id});
    if (user.empty()) throw Error(ErrorCode::unauthenticated, "the account was disabled");
    if (replaced && replaced->size() <= kMaxSecretBytes) end_in(transaction, parts_, sha256_of(*replaced));
    end_oldest(transaction, user_id, now_ms);
    transaction.execute(
        "INSERT INTO sessions (secret_sha256, user_id, created_ms, seen_ms, expires_ms) "
        "VALUES ($1, $2, $3, $4, $5)",
        {sha256_of(secret), user_id, now_ms, now_ms, now_ms + kSessionLifeMs});
    parts_.ledger.append(transaction, {"session.begun", user.front().text(0), user_id, user_id});
  });
  return secret;
}

void Sessions::end(std::string_view secret) {
  if (secret.size() > kMaxSecretBytes) return;
  in_transaction(parts_.database, Access::write,
                 [&](Transaction& transaction) { end_in(transaction, parts_, sha256_of(secret)); });
}

std::optional<Caller> Sessions::caller_with(std::string_view secret) {
  if (secret.empty() || secret.size() > kMaxSecretBytes) return std::nullopt;
  return caller_by(sha256_of(secret));
}

std::optional<Caller> Sessions::caller_by(const std::string& credential) {
  const std::int64_t now_ms = parts_.clock.now_ms();
  std::int64_t seen_ms = 0;
  auto caller = in_transaction(parts_.database, Access::read, [&](Transaction& transaction) -> std::optional<Caller> {
    const Rows rows = transaction.query(
        fmt::format("SELECT secret_sha256, seen_ms, id, organisation_id, roles FROM sessions JOIN {} ON id = user_id "
                    "WHERE secret_sha256 = $1 AND expires_ms > $2 AND seen_ms > $3",
                    kLiveUsers),
        {credential, now_ms, now_ms - kSessionIdleMs});
    if (rows.empty() || !is_same_secret(rows.front().text(0), credential)) return std::nullopt;
    const Row& row = rows.front();
    seen_ms = row.integer(1);
    return Caller{row.text(2), row.text(3), roles_from_text(row.text(4)), kAllScopes, true, credential};
  });
  if (caller && now_ms - seen_ms >= kSeenStepMs) {
    in_transaction(parts_.database, Access::write, [&](Transaction& transaction) {
      transaction.execute("UPDATE sessions SET seen_ms = $1 WHERE secret_sha256 = $2", {now_ms, credential});
    });
  }
  return caller;
}

std::string Sessions::csrf_token(std::string_view secret) { return hmac_sha256(secret, "naru.csrf/1"); }

bool Sessions::is_csrf_token(std::string_view secret, std::string_view token) {
  return is_same_secret(csrf_token(secret), token);
}

bool is_served_by_tls(const Config& config) {
  return !config.listen.tls_certificate.empty() || config.listen.public_url.starts_with("https://");
}

std::string_view session_cookie_name(const Config& config) {
  return is_served_by_tls(config) ? "__Host-naru-session" : "naru-session";
}

std::string session_cookie(const Config& config, std::string_view secret) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", session_cookie_name(config), secret,
                     kSessionLifeMs / 1000, is_served_by_tls(config) ? "; Secure" : "");
}

std::string ended_session_cookie(const Config& config) {
  return fmt::format("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{}", session_cookie_name(config),
                     is_served_by_tls(config) ? "; Secure" : "");
}

}  // namespace naru::server
