#include "server/routes/route.h"

namespace naru::server {

std::vector<Route> all_routes() {
  std::vector<Route> routes;
  for (const auto part : {account_routes(), session_routes(), job_routes()})
    routes.insert(routes.end(), part.begin(), part.end());
  return routes;
}

}  // namespace naru::server
