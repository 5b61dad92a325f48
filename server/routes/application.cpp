#include "server/routes/application.h"

#include "core/ascii_case.h"
#include "core/error.h"
#include "server/auth/auth.h"
#include "server/config.h"
#include "server/http/problem.h"
#include "server/metrics.h"

namespace naru::server {

namespace {

constexpr std::string_view kBearer = "Bearer ";

bool is_bearer(std::string_view authorization) {
  return is_equal_but_for_case(authorization.substr(0, kBearer.size()), kBearer);
}

bool changes_something(Method method) { return method != Method::get && method != Method::head; }

Admission refusal(Response response) { return {.refusal = std::move(response)}; }

}  // namespace

NaruApplication::NaruApplication(Services& services, std::vector<Route> routes)
    : services_(services), routes_(std::move(routes)) {
  for (const Route& route : routes_.routes()) {
    if (route.is_immediate) immediate_paths_.insert(route.pattern);
  }
}

bool NaruApplication::is_immediate(const Request& request) const { return immediate_paths_.contains(request.path); }

Caller NaruApplication::caller_of(const Request& request) const {
  std::optional<Caller> caller;
  if (const auto authorization = request.headers.find("Authorization")) {
    if (is_bearer(*authorization)) caller = services_.auth->tokens.caller_with(authorization->substr(kBearer.size()));
  } else if (const auto cookie = request.cookie(session_cookie_name(services_.config))) {
    caller = services_.auth->sessions.caller_with(*cookie);
  }
  return caller.value_or(Caller{});
}

void NaruApplication::check_csrf(const Request& request) const {
  if (!request.caller.is_session || !changes_something(request.method)) return;
  const auto token = request.headers.find("X-CSRF-Token");
  const auto secret = request.cookie(session_cookie_name(services_.config));
  if (token && secret && Sessions::is_csrf_token(*secret, *token)) return;
  throw Error(ErrorCode::forbidden, "X-CSRF-Token is missing or not this session's; GET /api/v1/session tells it");
}

void NaruApplication::admit_caller(const Route& route, Request& request) const {
  if (route.door == Door::open) return;
  request.caller = caller_of(request);
  const Caller& caller = request.caller;
  const bool has_role = route.door == Door::signed_in || caller.roles.has_any(route.roles);
  const bool may = caller.is_known() && has_role && caller.may(route.scope);
  if (route.door == Door::link && !may) {
    request.caller.roles = {};  // then only the link counts
    return;
  }
  if (!caller.is_known()) {
    throw Error(ErrorCode::unauthenticated, "a token or a session is needed; it is missing, wrong, expired or revoked");
  }
  if (!has_role) throw Error(ErrorCode::forbidden, "no role of this account allows this");
  if (!caller.may(route.scope)) throw Error(ErrorCode::forbidden, "the token lacks the scope for this");
  check_csrf(request);
}

Admission NaruApplication::admit(Request& request) {
  try {
    const Route& route = routes_.find(request);
    admit_caller(route, request);
    return {
        .refusal = std::nullopt, .max_body_bytes = route.max_body_bytes, .takes_long_body = route.receive != nullptr};
  } catch (const Error& error) {
    count(error.code());
    Response response = error_response(error, request.path, request.request_id);
    if (error.code() == ErrorCode::method_not_allowed) {
      response.headers.add("Allow", routes_.allowed_methods(request.path));
    }
    return refusal(std::move(response));
  }
}

void NaruApplication::count(ErrorCode code) const {
  services_.metrics.add("naru_errors_total", {{"code", name(code)}});
}

Response NaruApplication::respond(Request& request) {
  try {
    return handle(request);
  } catch (const Error& error) {
    count(error.code());
    throw;
  } catch (const std::exception&) {
    count(ErrorCode::internal);
    throw;
  }
}

Response NaruApplication::handle(Request& request) {
  const Route& route = routes_.found(request);
  if (route.is_idempotent_creation) read_idempotency_key(services_, request);
  const KeysInFlight::Hold hold(in_flight_, request);
  Response response = route.handle(services_, request);
  // A creation that forgot its key would be doubled by the next try: found by the first test of the route.
  const bool is_forgotten = request.idempotency && !request.idempotency->is_kept && response.status < 300;
  if (is_forgotten) throw Error(ErrorCode::internal, "a creation did not keep its answer");
  return response;
}

std::unique_ptr<BodySink> NaruApplication::receive(Request& request) {
  const Route& route = routes_.found(request);
  return route.receive(services_, request);
}

}  // namespace naru::server
