/// Finds the route of a path.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "server/routes/route.h"

namespace naru::server {

/// Patterns hold parts as they are, "{name}" for any one part and, as the last one, "{name*}" for all that is left.
/// Where several fit, the one with the earlier part as it is wins. Immutable; safe to use from any thread.
class RouteTable {
 public:
  /// @throws Error{internal} two routes for one method and pattern
  explicit RouteTable(std::vector<Route> routes);

  const std::vector<Route>& routes() const { return routes_; }

  /// The route for the request's method and path (for HEAD also that of GET); fills `route` and `path_values`.
  /// @throws Error{not_found}; Error{method_not_allowed}
  const Route& find(Request& request) const;
  /// The methods of a path, with ", " between: for Allow.
  std::string allowed_methods(std::string_view path) const;
  /// The route that `find` gave. @throws Error{internal} where it gave none
  const Route& found(const Request& request) const;

 private:
  /// The routes of the pattern that fits best.
  std::vector<const Route*> fitting(std::string_view path) const;

  std::vector<Route> routes_;
};

/// An object a route: method, path, door, roles, scope, takes_idempotency_key. For docs/api/openapi.yaml's test.
nlohmann::ordered_json to_json(const RouteTable& table);

/// What stands at the {...} of `pattern`, or empty where `path` does not fit.
std::optional<std::vector<std::string>> path_values(std::string_view pattern, std::string_view path);

}  // namespace naru::server
