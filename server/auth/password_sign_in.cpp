#include "server/auth/password_sign_in.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/auth/live_users.h"
#include "server/auth/passwords.h"
#include "server/clock.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

/// An account whose next attempt was counted.
struct Attempt {
  std::string user_id, organisation_id, password_hash;
  std::int64_t failed_count = 0;     ///< with this one
  std::int64_t locked_until_ms = 0;  ///< without it
};

std::int64_t lock_ms(std::int64_t failed_count) {
  if (failed_count < kFreeFailures) return 0;
  const std::int64_t doublings = std::min<std::int64_t>(failed_count - kFreeFailures, 10);
  return std::min(kFirstLockMs << doublings, kLongestLockMs);
}

/// Writes about as much as an attempt that an account counts, so that the time of an answer does not tell which logins
/// there are.
void count_nobody(Transaction& transaction) {
  transaction.execute("UPDATE unknown_logins SET attempt_count = attempt_count + 1 WHERE id = 1");
}

/// Counts the attempt as failed; `succeed` takes it back. Empty where no password would be right now.
std::optional<Attempt> begin_attempt(const AuthParts& parts, const std::string& login) {
  return in_transaction(parts.database, Access::write, [&](Transaction& transaction) -> std::optional<Attempt> {
    const Rows rows = transaction.query(
        fmt::format("SELECT id, organisation_id, password_hash, failed_count, locked_until_ms FROM {} WHERE login = $1",
                    kLiveUsers),
        {login});
    const std::int64_t now_ms = parts.clock.now_ms();
    // No lock is longer than the longest: after the clock was set back an old one does not hold for hours.
    const auto is_locked = [&](std::int64_t until_ms) {
      return now_ms < until_ms && until_ms <= now_ms + kLongestLockMs;
    };
    if (rows.empty() || rows.front().is_null(2) || is_locked(rows.front().integer(4))) {
      count_nobody(transaction);
      return std::nullopt;
    }
    const Row& row = rows.front();
    const std::int64_t failed_count = row.integer(3) + 1, locked_ms = lock_ms(failed_count);
    transaction.execute("UPDATE users SET failed_count = failed_count + 1, locked_until_ms = $1 WHERE id = $2",
                        {locked_ms == 0 ? std::int64_t{0} : now_ms + locked_ms, row.text(0)});
    return Attempt{row.text(0), row.text(1), row.text(2), failed_count, row.integer(4)};
  });
}

/// Nobody looked at the password, since too many want to sign in: it does not count.
void take_back(const AuthParts& parts, const std::optional<Attempt>& attempt) {
  in_transaction(parts.database, Access::write, [&](Transaction& transaction) {
    if (!attempt) return count_nobody(transaction);
    transaction.execute(
        "UPDATE users SET failed_count = failed_count - 1, locked_until_ms = CASE WHEN failed_count = $1 THEN $2 ELSE "
        "locked_until_ms END WHERE id = $3 AND failed_count > 0",
        {attempt->failed_count, attempt->locked_until_ms, attempt->user_id});
  });
}

bool is_right(const AuthParts& parts, Passwords& passwords, const std::optional<Attempt>& attempt,
              std::string_view password) {
  try {
    if (attempt) return passwords.is_right(attempt->password_hash, password);
    passwords.check_nobody(password);
    return false;
  } catch (const Error&) {
    take_back(parts, attempt);
    throw;
  }
}

/// The password was wrong: the count stands, and with it the lock.
void fail(const AuthParts& parts, const std::optional<Attempt>& attempt) {
  in_transaction(parts.database, Access::write, [&](Transaction& transaction) {
    if (!attempt || lock_ms(attempt->failed_count) == 0) return count_nobody(transaction);
    parts.ledger.append(transaction, {"user.locked",
                                      attempt->organisation_id,
                                      "server",
                                      attempt->user_id,
                                      {{"failed_count", attempt->failed_count}}});
  });
}

void succeed(const AuthParts& parts, Passwords& passwords, const Attempt& attempt, std::string_view password) {
  std::optional<std::string> stronger;
  try {
    if (passwords.is_outdated(attempt.password_hash)) stronger = passwords.hash(password);
  } catch (const Error&) {
    // Too many want to sign in: another time.
  }
  in_transaction(parts.database, Access::write, [&](Transaction& transaction) {
    transaction.execute("UPDATE users SET failed_count = 0, locked_until_ms = 0 WHERE id = $1", {attempt.user_id});
    if (!stronger) return;
    // Unless the password was changed meanwhile.
    transaction.execute("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3",
                        {*stronger, attempt.user_id, attempt.password_hash});
  });
}

}  // namespace

std::string sign_in_by_password(const AuthParts& parts, Passwords& passwords, std::string_view login,
                                std::string_view password) {
  const Error refused(ErrorCode::unauthenticated,
                      "login or password is wrong, or the account is locked for a while after failures");
  std::optional<Attempt> attempt;
  try {
    attempt = begin_attempt(parts, checked_login(login));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::request_invalid) throw;  // what cannot be a login is an unknown one
  }
  if (!is_right(parts, passwords, attempt, password)) {
    fail(parts, attempt);
    throw refused;
  }
  succeed(parts, passwords, *attempt, password);
  return attempt->user_id;
}

void change_own_password(const AuthParts& parts, Passwords& passwords, const Caller& caller,
                         std::string_view old_password, std::string_view new_password) {
  const std::string login = in_transaction(parts.database, Access::read, [&](Transaction& transaction) {
    return transaction.query("SELECT login FROM users WHERE id = $1", {caller.user_id}).at(0).text(0);
  });
  check_password_rules(new_password, login);
  sign_in_by_password(parts, passwords, login, old_password);
  const std::string hash = passwords.hash(new_password);
  in_transaction(parts.database, Access::write, [&](Transaction& transaction) {
    transaction.execute("UPDATE users SET password_hash = $1 WHERE id = $2", {hash, caller.user_id});
    transaction.execute("DELETE FROM sessions WHERE user_id = $1", {caller.user_id});
    parts.ledger.append(transaction, {"user.password_changed", caller.organisation_id, caller.user_id, caller.user_id});
  });
}

}  // namespace naru::server
