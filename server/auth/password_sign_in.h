/// Sign-in by login and password, with a lockout that survives a restart.
#pragma once

#include <string>
#include <string_view>

#include "server/auth/accounts.h"

namespace naru::server {

class Passwords;

/// After so many failures in a row an account is locked for a while, twice as long with each further one. An attempt is
/// counted before its password is looked at, so that guesses sent at once are all counted.
inline constexpr int kFreeFailures = 5;
inline constexpr std::int64_t kFirstLockMs = 30'000, kLongestLockMs = 15 * 60'000;

/// The user's id.
/// @throws Error{unauthenticated} with one and the same text, after one and the same work, whether the login does not
///         exist, the password is wrong, or the account is locked or disabled; Error{rate_limited}
std::string sign_in_by_password(const AuthParts& parts, Passwords& passwords, std::string_view login,
                                std::string_view password);

/// Sets a new password for a user who knows the old one; all sessions of the user end.
/// @throws as sign_in_by_password; Error{request_invalid} the new one breaks a rule
void change_own_password(const AuthParts& parts, Passwords& passwords, const Caller& caller,
                         std::string_view old_password, std::string_view new_password);

}  // namespace naru::server
