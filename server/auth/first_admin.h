/// `naru serve --init`: the operator and its first admin.
#pragma once

#include <optional>
#include <string>

#include "server/auth/accounts.h"

namespace naru::server {

class Passwords;

struct FirstAdmin {
  std::string organisation;  ///< name of the operator
  std::string login;
  std::optional<std::string> password;  ///< from standard input, never from the command line; empty: one is made
};

/// @return the password that was made, to be shown once, or "" where one was given
/// @throws Error{conflict} there is an operator already; Error{request_invalid}
std::string create_first_admin(const AuthParts& parts, Passwords& passwords, const FirstAdmin& wanted);

}  // namespace naru::server
