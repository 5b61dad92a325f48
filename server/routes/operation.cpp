#include <array>

#include "core/error.h"
#include "pipeline/version.h"
#include "server/config.h"
#include "server/disk_room.h"
#include "server/ingest/content_store.h"
#include "server/metrics.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

/// The process answers.
Response get_healthz(Services&, Request&) { return json_response({{"status", "ok"}, {"version", kVersion}}); }

/// It can do its work: the database answers, and the data may be written. Load balancers take it out of service
/// otherwise.
Response get_readyz(Services& services, Request&) {
  in_transaction(services.database, Access::read,
                 [](Transaction& transaction) { transaction.query("SELECT size FROM ledger_head WHERE id = 1"); });
  require_writable(services.config.data);
  require_writable(services.content.incoming());
  return json_response({{"status", "ready"}});
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

/// For the machine's own monitoring without a credential, for others as admin.
Response get_metrics(Services& services, Request& request) {
  if (!is_loopback(request.client_address) && !request.caller.roles.has(Role::admin)) {
    throw Error(request.caller.is_known() ? ErrorCode::forbidden : ErrorCode::unauthenticated,
                "metrics are for this machine, or for an admin's token");
  }
  Response response;
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = services.metrics.text();
  return response;
}

constexpr std::array kRoutes = {
    Route{.method = Method::get,
          .pattern = "/healthz",
          .door = Door::open,
          .roles = {},
          .scope = Scope::read,
          .handle = get_healthz},
    Route{.method = Method::get,
          .pattern = "/readyz",
          .door = Door::open,
          .roles = {},
          .scope = Scope::read,
          .handle = get_readyz},
    Route{.method = Method::get,
          .pattern = "/metrics",
          .door = Door::link,
          .roles = {Role::admin},
          .scope = Scope::read,
          .handle = get_metrics},
};

}  // namespace

std::span<const Route> operation_routes() { return kRoutes; }

}  // namespace naru::server
