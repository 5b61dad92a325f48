#include "server/auth/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/ascii_case.h"
#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/random_id.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

struct KindRow {
  std::string_view name;
  Roles roles;
};
constexpr std::array<KindRow, kOrganisationKindCount> kKinds = {{
    {"hospital", {Role::hospital_steward, Role::reviewer, Role::auditor, Role::admin}},
    {"company", {Role::company, Role::auditor, Role::admin}},
    {"operator", {Role::broker, Role::auditor, Role::admin}},
}};

constexpr std::string_view kOrganisationColumns = "id, name, kind, created_ms, disabled_ms";
constexpr std::string_view kUserColumns =
    "id, organisation_id, login, roles, password_hash, oidc_issuer, oidc_subject, created_ms, disabled_ms";

Organisation organisation_of(const Row& row) {
  const auto kind = organisation_kind_from_name(row.text(2));
  if (!kind) throw Error(ErrorCode::internal, "an organisation of an unknown kind");
  return {row.text(0), row.text(1), *kind, row.integer(3), row.integer_if(4)};
}

User user_of(const Row& row) {
  std::optional<OidcIdentity> identity;
  if (!row.is_null(5)) identity = OidcIdentity{row.text(5), row.text(6)};
  return {row.text(0),     row.text(1), row.text(2),    roles_from_text(row.text(3)),
          !row.is_null(4), identity,    row.integer(7), row.integer_if(8)};
}

template <class Item>
std::vector<Item> items_of(const Rows& rows, Item (*item_of)(const Row&)) {
  std::vector<Item> items;
  for (const Row& row : rows) items.push_back(item_of(row));
  return items;
}

Organisation organisation_in(Transaction& transaction, const std::string& id, std::string_view lock = "") {
  const Rows rows =
      transaction.query(fmt::format("SELECT {} FROM organisations WHERE id = $1{}", kOrganisationColumns, lock), {id});
  if (rows.empty()) throw Error(ErrorCode::not_found, "no such organisation");
  return organisation_of(rows.front());
}

/// The user, if it belongs to that organisation.
User user_in(Transaction& transaction, const std::string& id, const std::string& organisation_id,
             std::string_view lock = "") {
  const Rows rows = transaction.query(
      fmt::format("SELECT {} FROM users WHERE id = $1 AND organisation_id = $2{}", kUserColumns, lock),
      {id, organisation_id});
  if (rows.empty()) throw Error(ErrorCode::not_found, "no such user");
  return user_of(rows.front());
}

void check_roles(Roles roles, OrganisationKind kind) {
  if (roles.is_empty()) throw Error(ErrorCode::request_invalid, "a user needs a role");
  for (int i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<Role>(i);
    if (!roles.has(role) || roles_of(kind).has(role)) continue;
    throw Error(ErrorCode::request_invalid,
                fmt::format("no user of a {} can have the role {}", name(kind), name(role)));
  }
}

/// Whether an admin can sign in: without a password and an identity nobody can.
bool has_admin(Transaction& transaction, const std::string& organisation_id) {
  const Rows rows = transaction.query(
      "SELECT roles FROM users WHERE organisation_id = $1 AND disabled_ms IS NULL AND (password_hash IS NOT NULL OR "
      "oidc_issuer IS NOT NULL)",
      {organisation_id});
  return std::ranges::any_of(rows, [](const Row& row) { return roles_from_text(row.text(0)).has(Role::admin); });
}

Value now_or_null(bool is_set, std::int64_t now_ms) { return is_set ? Value(now_ms) : Value(); }

template <class Work>
void or_conflict(std::string_view problem, Work&& work) {
  try {
    work();
  } catch (const UniqueViolation&) {
    throw Error(ErrorCode::conflict, std::string(problem));
  }
}

}  // namespace

std::string_view name(OrganisationKind kind) { return kKinds[static_cast<std::size_t>(kind)].name; }

std::optional<OrganisationKind> organisation_kind_from_name(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &KindRow::name);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<OrganisationKind>(found - kKinds.begin());
}

Roles roles_of(OrganisationKind kind) { return kKinds[static_cast<std::size_t>(kind)].roles; }

std::string folded_login(std::string_view login) { return in_small_letters(login); }

std::string checked_login(std::string_view login) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789._-@+";
  std::string small = folded_login(login);
  if (small.empty() || small.size() > 128 || small.find_first_not_of(kLetters) != std::string::npos) {
    throw Error(ErrorCode::request_invalid, "a login has 1 to 128 letters, digits, '.', '_', '-', '@' or '+'");
  }
  return small;
}

void check_display_name(std::string_view name, std::string_view what) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (name.empty() || name.size() > 128 || std::ranges::any_of(name, is_control)) {
    throw Error(ErrorCode::request_invalid, fmt::format("{} has 1 to 128 bytes without control characters", what));
  }
}

nlohmann::ordered_json word_list(std::string_view text) {
  auto list = nlohmann::ordered_json::array();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    list.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

Organisation Accounts::create_organisation(Transaction& transaction, std::string_view actor, std::string_view name,
                                           OrganisationKind kind) {
  check_display_name(name, "the name of an organisation");
  if (kind == OrganisationKind::operator_ &&
      !transaction.query("SELECT id FROM organisations WHERE kind = $1", {std::string("operator")}).empty()) {
    throw Error(ErrorCode::conflict,
                "there is an operator already: sign in as its admin; a lost password: docs/operations.md");
  }
  Organisation made{random_id("org"), std::string(name), kind, parts_.clock.now_ms(), std::nullopt};
  or_conflict("an organisation of this name is there already", [&] {
    transaction.execute("INSERT INTO organisations (id, name, kind, created_ms) VALUES ($1, $2, $3, $4)",
                        {made.id, made.name, std::string(server::name(kind)), made.created_ms});
  });
  parts_.ledger.append(transaction,
                       {"organisation.created", made.id, std::string(actor), made.id, {{"kind", server::name(kind)}}});
  return made;
}

User Accounts::create_user(Transaction& transaction, std::string_view actor, const std::string& organisation_id,
                           const NewUser& user) {
  const Organisation organisation = organisation_in(transaction, organisation_id);
  check_roles(user.roles, organisation.kind);
  User made{random_id("user"),
            organisation_id,
            checked_login(user.login),
            user.roles,
            user.password_hash.has_value(),
            std::nullopt,
            parts_.clock.now_ms(),
            std::nullopt};
  or_conflict("this login is taken", [&] {
    transaction.execute(
        "INSERT INTO users (id, organisation_id, login, roles, password_hash, created_ms, failed_count, "
        "locked_until_ms) "
        "VALUES ($1, $2, $3, $4, $5, $6, 0, 0)",
        {made.id, made.organisation_id, made.login, to_text(made.roles),
         user.password_hash ? Value(*user.password_hash) : Value(), made.created_ms});
  });
  parts_.ledger.append(
      transaction,
      {"user.created", organisation_id, std::string(actor), made.id, {{"roles", word_list(to_text(made.roles))}}});
  return made;
}

bool Accounts::is_operator(const Caller& caller) {
  return in_transaction(parts_.database, Access::read, [&](Transaction& transaction) {
    return organisation_in(transaction, caller.organisation_id).kind == OrganisationKind::operator_;
  });
}

std::vector<Organisation> Accounts::organisations(const Caller& caller, const PageRequest& page) {
  return in_transaction(parts_.database, Access::read, [&](Transaction& transaction) {
    const Organisation own = organisation_in(transaction, caller.organisation_id);
    if (own.kind != OrganisationKind::operator_) return std::vector{own};
    const Rows rows = transaction.query(
        fmt::format("SELECT {} FROM organisations WHERE id > $1 ORDER BY id LIMIT $2", kOrganisationColumns),
        {page.after, std::int64_t{page.limit}});
    return items_of(rows, organisation_of);
  });
}

Organisation Accounts::organisation(const Caller& caller, const std::string& id) {
  return in_transaction(parts_.database, Access::read, [&](Transaction& transaction) {
    const Organisation own = organisation_in(transaction, caller.organisation_id);
    if (id == own.id) return own;
    if (own.kind != OrganisationKind::operator_) throw Error(ErrorCode::not_found, "no such organisation");
    return organisation_in(transaction, id);
  });
}

Organisation Accounts::set_organisation_disabled(const Caller& caller, const std::string& id, bool is_disabled) {
  return in_transaction(parts_.database, Access::write, [&](Transaction& transaction) {
    Organisation found = organisation_in(transaction, id, transaction.for_update());
    if (found.kind == OrganisationKind::operator_) throw Error(ErrorCode::conflict, "the operator cannot be disabled");
    if (found.disabled_ms.has_value() == is_disabled) return found;
    const std::int64_t now_ms = parts_.clock.now_ms();
    if (is_disabled) found.disabled_ms = now_ms;
    if (!is_disabled) found.disabled_ms.reset();
    transaction.execute("UPDATE organisations SET disabled_ms = $1 WHERE id = $2",
                        {now_or_null(is_disabled, now_ms), id});
    if (is_disabled) {
      transaction.execute("DELETE FROM sessions WHERE user_id IN (SELECT id FROM users WHERE organisation_id = $1)",
                          {id});
      transaction.execute(
          "UPDATE tokens SET revoked_ms = $1 WHERE revoked_ms IS NULL AND user_id IN "
          "(SELECT id FROM users WHERE organisation_id = $2)",
          {now_ms, id});
    }
    parts_.ledger.append(transaction,
                         {is_disabled ? "organisation.disabled" : "organisation.enabled", id, caller.user_id, id});
    return found;
  });
}

std::vector<User> Accounts::users(const Caller& caller, const PageRequest& page) {
  return in_transaction(parts_.database, Access::read, [&](Transaction& transaction) {
    const Rows rows = transaction.query(
        fmt::format("SELECT {} FROM users WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3", kUserColumns),
        {caller.organisation_id, page.after, std::int64_t{page.limit}});
    return items_of(rows, user_of);
  });
}

User Accounts::user(const Caller& caller, const std::string& id) {
  return in_transaction(parts_.database, Access::read,
                        [&](Transaction& transaction) { return user_in(transaction, id, caller.organisation_id); });
}

User Accounts::update_user(const Caller& caller, const std::string& id, const UserChange& change) {
  return in_transaction(parts_.database, Access::write, [&](Transaction& transaction) {
    // The organisation's row first: two admins who disable each other must come one after the other.
    const Organisation own = organisation_in(transaction, caller.organisation_id, transaction.for_update());
    const User before = user_in(transaction, id, own.id, transaction.for_update());
    if (change.roles && *change.roles != before.roles) {
      check_roles(*change.roles, own.kind);
      transaction.execute("UPDATE users SET roles = $1 WHERE id = $2", {to_text(*change.roles), id});
      parts_.ledger.append(
          transaction,
          {"user.roles_changed", own.id, caller.user_id, id, {{"roles", word_list(to_text(*change.roles))}}});
    }
    if (change.is_disabled && *change.is_disabled != before.disabled_ms.has_value()) {
      transaction.execute("UPDATE users SET disabled_ms = $1 WHERE id = $2",
                          {now_or_null(*change.is_disabled, parts_.clock.now_ms()), id});
      if (*change.is_disabled) end_credentials(transaction, id);
      record(transaction, *change.is_disabled ? "user.disabled" : "user.enabled", caller, id);
    }
    if (change.password_hash) {
      transaction.execute("UPDATE users SET password_hash = $1, failed_count = 0, locked_until_ms = 0 WHERE id = $2",
                          {*change.password_hash, id});
      transaction.execute("DELETE FROM sessions WHERE user_id = $1", {id});
      record(transaction, "user.password_changed", caller, id);
    }
    if (change.identity) {
      const bool is_linked = !change.identity->issuer.empty();
      or_conflict("this identity is linked to another user", [&] {
        transaction.execute("UPDATE users SET oidc_issuer = $1, oidc_subject = $2 WHERE id = $3",
                            {is_linked ? Value(change.identity->issuer) : Value(),
                             is_linked ? Value(change.identity->subject) : Value(), id});
      });
      transaction.execute("DELETE FROM sessions WHERE user_id = $1", {id});
      record(transaction, is_linked ? "user.identity_linked" : "user.identity_unlinked", caller, id);
    }
    require_an_admin(transaction, own.id);
    return user_in(transaction, id, own.id);
  });
}

void Accounts::require_no_admin(Transaction& transaction, const std::string& organisation_id) {
  organisation_in(transaction, organisation_id, transaction.for_update());  // one after the other
  if (!has_admin(transaction, organisation_id)) return;
  throw Error(ErrorCode::conflict, "the organisation has an admin who can sign in, and makes its others itself");
}

void Accounts::require_an_admin(Transaction& transaction, const std::string& organisation_id) {
  if (has_admin(transaction, organisation_id)) return;
  throw Error(ErrorCode::conflict, "an organisation keeps at least one admin who can sign in; name another one first");
}

void Accounts::end_credentials(Transaction& transaction, const std::string& user_id) {
  transaction.execute("DELETE FROM sessions WHERE user_id = $1", {user_id});
  // Revoked, not just refused: they must not come back to life where the user is enabled again.
  transaction.execute("UPDATE tokens SET revoked_ms = $1 WHERE user_id = $2 AND revoked_ms IS NULL",
                      {parts_.clock.now_ms(), user_id});
}

void Accounts::record(Transaction& transaction, std::string_view kind, const Caller& caller,
                      const std::string& object_id) {
  parts_.ledger.append(transaction, {kind, caller.organisation_id, caller.user_id, object_id});
}

}  // namespace naru::server
