/// Who makes a request, and what that allows.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace naru::server {

/// The roles of an account in its organisation.
enum class Role : std::uint8_t { hospital_steward, reviewer, broker, company, auditor, admin };
inline constexpr int kRoleCount = 6;
std::string_view name(Role role);
std::optional<Role> role_from_name(std::string_view name);

/// A set of roles.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) bits_ |= bit(role);
  }
  constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  constexpr bool has_any(Roles others) const { return (bits_ & others.bits_) != 0; }
  constexpr void add(Role role) { bits_ |= bit(role); }
  constexpr bool is_empty() const { return bits_ == 0; }
  bool operator==(const Roles&) const = default;

 private:
  static constexpr unsigned bit(Role role) { return 1U << static_cast<unsigned>(role); }
  unsigned bits_ = 0;
};
std::string to_text(Roles roles);  ///< names with ' ' between, as stored
Roles roles_from_text(std::string_view text);

/// What an API token may be narrowed to. A session of a signed-in person has all.
enum class Scope : std::uint8_t { read, ingest, jobs, deliver, review, admin };
inline constexpr int kScopeCount = 6;
std::string_view name(Scope scope);
std::optional<Scope> scope_from_name(std::string_view name);

struct Caller {
  std::string user_id;  ///< empty: nobody signed in
  std::string organisation_id;
  Roles roles;
  unsigned scopes = 0;      ///< bits in the order of Scope
  bool is_session = false;  ///< by cookie: requests that change something need the CSRF token
  std::string credential = {};  ///< the SHA-256 of the token's or session's secret: what goes on asks by it again

  bool is_known() const { return !user_id.empty(); }
  bool may(Scope scope) const { return (scopes & (1U << static_cast<unsigned>(scope))) != 0; }
};

}  // namespace naru::server
