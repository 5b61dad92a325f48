#include "server/auth/caller.h"

#include <algorithm>
#include <array>

namespace naru::server {

namespace {

constexpr std::array<std::string_view, kRoleCount> kRoles = {"hospital_steward", "reviewer", "broker",
                                                             "company",          "auditor",  "admin"};
constexpr std::array<std::string_view, kScopeCount> kScopes = {"read", "ingest", "jobs", "deliver", "review", "admin"};

template <class Word, std::size_t Count>
std::optional<Word> find(const std::array<std::string_view, Count>& names, std::string_view name) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (names[i] == name) return static_cast<Word>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(Role role) { return kRoles[static_cast<std::size_t>(role)]; }
std::optional<Role> role_from_name(std::string_view name) { return find<Role>(kRoles, name); }
std::string_view name(Scope scope) { return kScopes[static_cast<std::size_t>(scope)]; }
std::optional<Scope> scope_from_name(std::string_view name) { return find<Scope>(kScopes, name); }

std::string to_text(Roles roles) {
  std::string text;
  for (int i = 0; i < kRoleCount; ++i) {
    if (!roles.has(static_cast<Role>(i))) continue;
    if (!text.empty()) text += ' ';
    text += kRoles[static_cast<std::size_t>(i)];
  }
  return text;
}

Roles roles_from_text(std::string_view text) {
  Roles roles;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (const auto role = role_from_name(text.substr(0, end))) roles.add(*role);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return roles;
}

}  // namespace naru::server
