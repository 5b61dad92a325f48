#include "server/auth/tokens.h"

#include <fmt/format.h>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/auth/live_users.h"
#include "server/auth/secrets.h"
#include "server/clock.h"
#include "server/random_id.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr std::size_t kSecretLength = 43;  // of random_secret

Token token_of(const Row& row) {
  return {row.text(0),    row.text(1),    row.text(2),      scopes_from_text(row.text(3)),
          row.integer(4), row.integer(5), row.integer_if(6)};
}

}  // namespace

unsigned scopes_from_text(std::string_view text) {
  unsigned scopes = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (const auto scope = scope_from_name(text.substr(0, end))) scopes |= 1U << static_cast<unsigned>(*scope);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

std::string scopes_to_text(unsigned scopes) {
  std::string text;
  for (int i = 0; i < kScopeCount; ++i) {
    if ((scopes & (1U << i)) == 0) continue;
    if (!text.empty()) text += ' ';
    text += name(static_cast<Scope>(i));
  }
  return text;
}

NewToken Tokens::create(Transaction& transaction, const Caller& caller, std::string_view name, unsigned scopes,
                        std::int64_t expires_ms) {
  check_display_name(name, "the name of a token");
  const std::int64_t now_ms = parts_.clock.now_ms();
  if (scopes == 0) throw Error(ErrorCode::request_invalid, "a token needs a scope");
  if (expires_ms <= now_ms || expires_ms > now_ms + kLongestTokenMs) {
    throw Error(ErrorCode::request_invalid, "expires_ms must lie within the next 365 days");
  }
  // Disabling revokes the tokens that there are: none may be made by a request that was under way.
  if (transaction.query(fmt::format("SELECT id FROM {} WHERE id = $1", kLiveUsers), {caller.user_id}).empty()) {
    throw Error(ErrorCode::unauthenticated, "the account was disabled");
  }
  const Rows live =
      transaction.query("SELECT COUNT(*) FROM tokens WHERE user_id = $1 AND revoked_ms IS NULL AND expires_ms > $2",
                        {caller.user_id, now_ms});
  if (live.at(0).integer(0) >= kMaxTokensPerUser) {
    throw Error(ErrorCode::conflict, "too many tokens; revoke one that is not needed");
  }
  NewToken made{{random_id("token"), caller.user_id, std::string(name), scopes & caller.scopes, now_ms, expires_ms, {}},
                std::string(kTokenPrefix) + random_secret()};
  transaction.execute(
      "INSERT INTO tokens (id, secret_sha256, user_id, name, scopes, created_ms, expires_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {made.token.id, sha256_of(made.secret), caller.user_id, made.token.name, scopes_to_text(made.token.scopes),
       now_ms, expires_ms});
  parts_.ledger.append(transaction,
                       {"token.created",
                        caller.organisation_id,
                        caller.user_id,
                        made.token.id,
                        {{"scopes", word_list(scopes_to_text(made.token.scopes))}, {"expires_ms", expires_ms}}});
  return made;
}

std::vector<Token> Tokens::list(const Caller& caller, const std::string& user_id, const PageRequest& page) {
  return in_transaction(parts_.database, Access::read, [&](Transaction& transaction) {
    const Rows user = transaction.query("SELECT id FROM users WHERE id = $1 AND organisation_id = $2",
                                        {user_id, caller.organisation_id});
    const bool may_see = user_id == caller.user_id || caller.roles.has(Role::admin);
    if (user.empty() || !may_see) throw Error(ErrorCode::not_found, "no such user");
    std::vector<Token> tokens;
    for (const Row& row :
         transaction.query("SELECT id, user_id, name, scopes, created_ms, expires_ms, revoked_ms FROM tokens "
                           "WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3",
                           {user_id, page.after, std::int64_t{page.limit}})) {
      tokens.push_back(token_of(row));
    }
    return tokens;
  });
}

void Tokens::revoke(const Caller& caller, const std::string& id) {
  in_transaction(parts_.database, Access::write, [&](Transaction& transaction) {
    const Rows rows = transaction.query(
        "SELECT tokens.user_id, tokens.revoked_ms FROM tokens JOIN users ON users.id = tokens.user_id "
        "WHERE tokens.id = $1 AND users.organisation_id = $2",
        {id, caller.organisation_id});
    if (rows.empty() || (rows.front().text(0) != caller.user_id && !caller.roles.has(Role::admin))) {
      throw Error(ErrorCode::not_found, "no such token");
    }
    if (!rows.front().is_null(1)) return;
    write_end(transaction, caller, id);
  });
}

void Tokens::end(Transaction& transaction, const Caller& caller) {
  const Rows rows =
      transaction.query("SELECT id FROM tokens WHERE secret_sha256 = $1 AND revoked_ms IS NULL", {caller.credential});
  if (rows.empty()) throw Error(ErrorCode::unauthenticated, "the token has ended: make another");
  write_end(transaction, caller, rows.front().text(0));
}

void Tokens::write_end(Transaction& transaction, const Caller& caller, const std::string& id) {
  transaction.execute("UPDATE tokens SET revoked_ms = $1 WHERE id = $2", {parts_.clock.now_ms(), id});
  parts_.ledger.append(transaction, {"token.revoked", caller.organisation_id, caller.user_id, id});
}

std::optional<Caller> Tokens::caller_with(std::string_view secret) {
  if (!secret.starts_with(kTokenPrefix) || secret.size() != kTokenPrefix.size() + kSecretLength) return std::nullopt;
  return caller_by(sha256_of(secret));
}

std::optional<Caller> Tokens::caller_by(const std::string& credential) {
  return in_transaction(parts_.database, Access::read, [&](Transaction& transaction) -> std::optional<Caller> {
    const Rows rows =
        transaction.query(fmt::format("SELECT secret_sha256, scopes, user_id, organisation_id, roles FROM tokens "
                                      "JOIN {} ON live_users.id = user_id "
                                      "WHERE secret_sha256 = $1 AND revoked_ms IS NULL AND expires_ms > $2",
                                      kLiveUsers),
                          {credential, parts_.clock.now_ms()});
    if (rows.empty() || !is_same_secret(rows.front().text(0), credential)) return std::nullopt;
    const Row& row = rows.front();
    return Caller{row.text(2), row.text(3), roles_from_text(row.text(4)), scopes_from_text(row.text(1)),
                  false,       credential};
  });
}

}  // namespace naru::server
