#include "server/routes/route_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "server/auth/accounts.h"

namespace naru::server {

namespace {

constexpr std::array<std::string_view, 4> kDoors = {"open", "signed_in", "roles", "link"};  // in the order of Door

/// Takes the first part off a path that begins with '/'.
std::string_view take_part(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view part = path.substr(0, end);
  path.remove_prefix(end);
  return part;
}

/// As patterns are tried: '{' sorts after every letter, so that parts as they are come first.
bool is_before(const Route& a, const Route& b) { return a.pattern < b.pattern; }

bool serves(const Route& route, Method method) {
  return route.method == method || (method == Method::head && route.method == Method::get);
}

}  // namespace

std::optional<std::vector<std::string>> path_values(std::string_view pattern, std::string_view path) {
  std::vector<std::string> values;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_part(pattern);
    if (wanted.ends_with("*}")) {
      path.remove_prefix(1);
      if (path.empty()) return std::nullopt;
      values.emplace_back(path);
      return values;
    }
    const std::string_view part = take_part(path);
    if (wanted.starts_with('{')) {
      if (part.empty()) return std::nullopt;
      values.emplace_back(part);
    } else if (wanted != part) {
      return std::nullopt;
    }
  }
  if (pattern.empty() != path.empty()) return std::nullopt;
  return values;
}

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::ranges::stable_sort(routes_, is_before);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    for (std::size_t j = i + 1; j < routes_.size() && routes_[j].pattern == routes_[i].pattern; ++j) {
      if (routes_[i].method != routes_[j].method) continue;
      throw Error(ErrorCode::internal,
                  fmt::format("two routes for {} {}", name(routes_[i].method), routes_[i].pattern));
    }
  }
}

std::vector<const Route*> RouteTable::fitting(std::string_view path) const {
  std::vector<const Route*> found;
  if (!path.starts_with('/')) return found;
  for (const Route& route : routes_) {
    const bool is_same = !found.empty() && found.front()->pattern == route.pattern;
    if (!found.empty() && !is_same) break;
    if (is_same || path_values(route.pattern, path)) found.push_back(&route);
  }
  return found;
}

const Route& RouteTable::find(Request& request) const {
  const auto routes = fitting(request.path);
  if (routes.empty()) throw Error(ErrorCode::not_found, "there is nothing at this path");
  auto found = std::ranges::find(routes, request.method, [](const Route* route) { return route->method; });
  if (found == routes.end()) {
    found = std::ranges::find_if(routes, [&](const Route* route) { return serves(*route, request.method); });
  }
  if (found == routes.end()) throw Error(ErrorCode::method_not_allowed, "not with this method; see Allow");
  request.route = (*found)->pattern;
  request.path_values = path_values(request.route, request.path).value();
  return **found;
}

std::string RouteTable::allowed_methods(std::string_view path) const {
  std::string methods;
  for (const Route* route : fitting(path)) {
    methods += fmt::format("{}{}", methods.empty() ? "" : ", ", name(route->method));
    if (route->method == Method::get) methods += ", HEAD";
  }
  return methods;
}

const Route& RouteTable::found(const Request& request) const {
  for (const bool is_exact : {true, false}) {
    for (const Route& route : routes_) {
      if (route.pattern != request.route) continue;
      if (is_exact ? route.method == request.method : serves(route, request.method)) return route;
    }
  }
  throw Error(ErrorCode::internal, "a request that was not admitted");
}

nlohmann::ordered_json to_json(const RouteTable& table) {
  auto items = nlohmann::ordered_json::array();
  for (const Route& route : table.routes()) {
    items.push_back({{"method", name(route.method)},
                     {"path", route.pattern},
                     {"door", kDoors[static_cast<std::size_t>(route.door)]},
                     {"roles", word_list(to_text(route.roles))},
                     {"scope", name(route.scope)},
                     {"takes_idempotency_key", route.is_idempotent_creation}});
  }
  return items;
}

}  // namespace naru::server
