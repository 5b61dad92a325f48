/// What stands before every handler: the route, who asks, whether that is allowed, and creations that may be repeated.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "server/http/message.h"
#include "server/routes/idempotency.h"
#include "server/routes/route.h"
#include "server/routes/route_table.h"

namespace naru::server {

/// In this order: 404 for a path that no route has, 405 for another method, 401 for who is not known, 403 for a role,
/// scope or CSRF token that is missing. HEAD is answered by the GET route. Services needs `auth`.
class NaruApplication final : public Application {
 public:
  explicit NaruApplication(Services& services, std::vector<Route> routes = all_routes());

  bool is_immediate(const Request& request) const override;
  Admission admit(Request& request) override;
  Response respond(Request& request) override;
  std::unique_ptr<BodySink> receive(Request& request) override;

 private:
  Response handle(Request& request);
  void count(ErrorCode code) const;  ///< for /metrics
  /// Empty: nobody, or by a credential that is not good.
  Caller caller_of(const Request& request) const;
  void check_csrf(const Request& request) const;
  void admit_caller(const Route& route, Request& request) const;

  Services& services_;
  RouteTable routes_;
  std::set<std::string_view> immediate_paths_;
  KeysInFlight in_flight_;
};

}  // namespace naru::server
