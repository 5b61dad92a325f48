#include "server/routes/route.h"

namespace naru::server {

std::vector<Route> all_routes() {
  std::vector<Route> routes;
  for (const auto part :
       {account_routes(), session_routes(), upload_routes(), study_routes(), stow_routes(), grant_routes(),
        job_routes(), dataset_routes(), drs_routes(), ledger_routes(), operation_routes()}) {
    routes.insert(routes.end(), part.begin(), part.end());
  }
  return routes;
}

}  // namespace naru::server
