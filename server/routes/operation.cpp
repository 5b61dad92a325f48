#include <array>

#include "core/error.h"
#include "pipeline/version.h"
#include "server/auth/auth.h"
#include "server/backup_service.h"
#include "server/client_address.h"
#include "server/config.h"
#include "server/metrics.h"
#include "server/readiness.h"
#include "server/routes/idempotency.h"
#include "server/routes/page.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

/// The process answers: at once, though the database hangs and all handlers wait for it.
Response get_healthz(Services&, Request&) {
  return json_response({{"schema", "naru.health/1"}, {"status", "ok"}, {"version", kVersion}});
}

/// It can do its work, as of a moment ago: the database answers, and the data may be written. Load balancers take it
/// out of service otherwise.
Response get_readyz(Services& services, Request&) {
  if (services.readiness == nullptr)
    throw Error(ErrorCode::store_unavailable, "nobody looks whether the server is ready");
  services.readiness->require();
  return json_response({{"schema", "naru.health/1"}, {"status", "ready"}});
}

/// For the machine's own monitoring without a credential, for others as admin of the operator: they count what all
/// organisations have.
Response get_metrics(Services& services, Request& request) {
  const Caller& caller = request.caller;
  const bool is_admin = caller.roles.has(Role::admin) && services.auth->accounts.is_operator(caller);
  if (!is_loopback(request.client_address) && !is_admin) {
    throw Error(caller.is_known() ? ErrorCode::forbidden : ErrorCode::unauthenticated,
                "metrics are for this machine, or for a token of an admin of the operator");
  }
  Response response;
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = services.metrics.text();
  return response;
}

constexpr Roles kAdmins = {Role::admin};

void require_operator(Services& services, const Request& request) {
  if (services.auth->accounts.is_operator(request.caller)) return;
  throw Error(ErrorCode::forbidden, "only an admin of the operator may do this");
}

Response post_backup(Services& services, Request& request) {
  require_operator(services, request);
  return create_once(services, request, [&](Transaction& transaction) {
    const BackupRow backup = request_backup(services, transaction, request.caller.user_id);
    Response response = json_response(to_json(backup), 202);
    response.headers.add("Location", "/api/v1/backups/" + backup.id);
    return response;
  });
}

Response get_backups(Services& services, Request& request) {
  require_operator(services, request);
  const PageRequest page = page_of(request, "backup");
  auto backups = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return list_backups(transaction, with_one_more(page));
  });
  return page_response("naru.server-backups/1", std::move(backups), page,
                       [](const BackupRow& backup) { return to_json(backup); });
}

Response get_backup(Services& services, Request& request) {
  const auto backup = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return find_backup(transaction, request.path_values.at(0));
  });
  if (!backup || !services.auth->accounts.is_operator(request.caller)) {
    throw Error(ErrorCode::not_found, "there is no such backup");
  }
  return json_response(to_json(*backup));
}

constexpr std::array kRoutes = {
    Route{.method = Method::get,
          .pattern = "/healthz",
          .door = Door::open,
          .roles = {},
          .scope = Scope::read,
          .handle = get_healthz,
          .is_immediate = true},
    Route{.method = Method::get,
          .pattern = "/readyz",
          .door = Door::open,
          .roles = {},
          .scope = Scope::read,
          .handle = get_readyz,
          .is_immediate = true},
    Route{.method = Method::get,
          .pattern = "/metrics",
          .door = Door::link,
          .roles = {Role::admin},
          .scope = Scope::read,
          .handle = get_metrics},
    Route{.method = Method::post,
          .pattern = "/api/v1/backups",
          .door = Door::roles,
          .roles = kAdmins,
          .scope = Scope::admin,
          .handle = post_backup,
          .is_idempotent_creation = true},
    Route{.method = Method::get,
          .pattern = "/api/v1/backups",
          .door = Door::roles,
          .roles = kAdmins,
          .scope = Scope::admin,
          .handle = get_backups},
    Route{.method = Method::get,
          .pattern = "/api/v1/backups/{backup_id}",
          .door = Door::roles,
          .roles = kAdmins,
          .scope = Scope::admin,
          .handle = get_backup},
};

}  // namespace

std::span<const Route> operation_routes() { return kRoutes; }

}  // namespace naru::server
