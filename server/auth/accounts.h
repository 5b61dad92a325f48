/// Organisations and users. Every change writes a leaf of the ledger in its own transaction.
///
/// An admin manages the users of the own organisation alone. An admin of the operator also creates and disables
/// organisations, and gives each an admin. What belongs to another organisation is `not_found`, as what does not exist.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/caller.h"

namespace naru::server {

class Clock;
class Database;
class Ledger;
class Row;
class Transaction;

/// What all parts of `auth` work on.
struct AuthParts {
  Database& database;
  Ledger& ledger;
  const Clock& clock;
};

enum class OrganisationKind : std::uint8_t { hospital, company, operator_ };
inline constexpr int kOrganisationKindCount = 3;
std::string_view name(OrganisationKind kind);
std::optional<OrganisationKind> organisation_kind_from_name(std::string_view name);
/// The roles that users of such an organisation may have.
Roles roles_of(OrganisationKind kind);

struct Organisation {
  std::string id, name;
  OrganisationKind kind;
  std::int64_t created_ms;
  std::optional<std::int64_t> disabled_ms;
};

/// A person at an OpenID provider.
struct OidcIdentity {
  std::string issuer, subject;
};

struct User {
  std::string id, organisation_id, login;
  Roles roles;
  bool has_password;
  std::optional<OidcIdentity> identity;
  std::int64_t created_ms;
  std::optional<std::int64_t> disabled_ms;
};

struct NewUser {
  std::string login;  ///< 1 to 128 of a-z, 0-9, '.', '_', '-', '@', '+'; capitals are made small
  Roles roles;
  std::optional<std::string> password_hash;  ///< by Passwords, made before the transaction; without: OIDC alone
};

/// What is to be changed; empty members stay.
struct UserChange {
  std::optional<Roles> roles = {};
  std::optional<bool> is_disabled = {};           ///< true also ends all sessions and tokens
  std::optional<std::string> password_hash = {};  ///< also ends all sessions and a lockout
  std::optional<OidcIdentity> identity = {};      ///< linked; with an empty issuer: unlinked
};

/// Rows after `after` (an id; empty: from the first), in the order of their ids.
struct PageRequest {
  std::string after;
  int limit = 100;
};

/// Small letters; @throws Error{request_invalid} where it is no login
std::string checked_login(std::string_view login);

/// The words of a text with ' ' between, as a list.
nlohmann::ordered_json word_list(std::string_view text);

/// The login in small letters, as it is stored and compared; not checked.
std::string folded_login(std::string_view login);
/// 1 to 128 bytes without control characters: names that people give. @throws Error{request_invalid} naming `what`
void check_display_name(std::string_view name, std::string_view what);

class Accounts {
 public:
  explicit Accounts(AuthParts parts) : parts_(parts) {}

  /// @throws Error{request_invalid, conflict}: the name is taken, or a second operator
  Organisation create_organisation(Transaction& transaction, std::string_view actor, std::string_view name,
                                   OrganisationKind kind);
  /// @throws Error{request_invalid} a role that does not fit; Error{conflict} the login is taken;
  ///         Error{not_found} no such organisation
  User create_user(Transaction& transaction, std::string_view actor, const std::string& organisation_id,
                   const NewUser& user);

  /// For who makes an organisation's first admin. @throws Error{conflict} where it has one who can sign in
  void require_no_admin(Transaction& transaction, const std::string& organisation_id);

  /// What `caller` may see: all for users of the operator, else the own one.
  std::vector<Organisation> organisations(const Caller& caller, const PageRequest& page);
  Organisation organisation(const Caller& caller, const std::string& id);
  /// Disabling ends all sessions and tokens of its users. @throws Error{conflict} for the operator
  Organisation set_organisation_disabled(const Caller& caller, const std::string& id, bool is_disabled);

  std::vector<User> users(const Caller& caller, const PageRequest& page);
  User user(const Caller& caller, const std::string& id);
  /// @throws Error{not_found}; Error{conflict} where no admin who can sign in would be left
  User update_user(const Caller& caller, const std::string& id, const UserChange& change);

  bool is_operator(const Caller& caller);

 private:
  void require_an_admin(Transaction& transaction, const std::string& organisation_id);
  void end_credentials(Transaction& transaction, const std::string& user_id);
  void record(Transaction& transaction, std::string_view kind, const Caller& caller, const std::string& object_id);

  AuthParts parts_;
};

}  // namespace naru::server
