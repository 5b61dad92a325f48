#include "server/auth/sessions.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "server/auth/auth.h"
#include "server/auth/password_sign_in.h"
#include "server/client_address.h"
#include "server/config.h"
#include "server/routes/json_body.h"
#include "server/routes/route.h"
#include "server/services.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

Response session_response(Services& services, const Caller& caller, std::string_view secret) {
  const User user = services.auth->accounts.user(caller, caller.user_id);
  const Organisation organisation = services.auth->accounts.organisation(caller, caller.organisation_id);
  Json json = {
      {"schema", "naru.session/1"},
      {"user_id", user.id},
      {"login", user.login},
      {"roles", word_list(to_text(user.roles))},
      {"organisation", {{"id", organisation.id}, {"name", organisation.name}, {"kind", name(organisation.kind)}}}};
  if (!secret.empty()) json["csrf_token"] = Sessions::csrf_token(secret);
  Response response = json_response(json);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

/// A session with a new secret; the browser's old one ends.
std::string begin_session(Services& services, const Request& request, const std::string& user_id) {
  return services.auth->sessions.begin(user_id, request.cookie(session_cookie_name(services.config)));
}

/// Empty for loopback, as for the other limits of an address: a proxy there speaks for all its clients, and 30 attempts
/// of one of them would keep everybody out. The limits of the login hold.
std::string limited_address(const Services& services, const Request& request) {
  const std::string& address = request.client_address;
  return is_loopback(address) && !services.config.listen.loopback_is_limited ? "" : address;
}

Response sign_in(Services& services, Request& request) {
  const JsonBody body(request, {"login", "password"});
  const std::string login = body.text("login", 1024), password = body.text("password", 4096);
  services.auth->limits.count(limited_address(services, request), folded_login(login));
  const std::string user_id = sign_in_by_password(services.auth->parts, services.auth->passwords, login, password);
  const std::string secret = begin_session(services, request, user_id);
  const auto caller = services.auth->sessions.caller_with(secret);
  if (!caller) throw Error(ErrorCode::unauthenticated, "the account was disabled");
  Response response = session_response(services, *caller, secret);
  response.headers.add("Set-Cookie", session_cookie(services.config, secret));
  return response;
}

Response show_session(Services& services, Request& request) {
  const auto secret = request.cookie(session_cookie_name(services.config));
  return session_response(services, request.caller, request.caller.is_session ? secret.value_or("") : "");
}

Response sign_out(Services& services, Request& request) {
  if (!request.caller.is_session) throw Error(ErrorCode::conflict, "a token has no session; revoke it instead");
  services.auth->sessions.end(request.cookie(session_cookie_name(services.config)).value_or(""));
  Response response{.status = 204, .headers = {}, .body = {}};
  response.headers.add("Set-Cookie", ended_session_cookie(services.config));
  return response;
}

Response change_password(Services& services, Request& request) {
  if (!request.caller.is_session) throw Error(ErrorCode::forbidden, "a token cannot change a password; sign in");
  const JsonBody body(request, {"old_password", "new_password"});
  services.auth->limits.count(limited_address(services, request), request.caller.user_id);
  change_own_password(services.auth->parts, services.auth->passwords, request.caller, body.text("old_password", 4096),
                      body.text("new_password", 4096));
  const std::string secret = begin_session(services, request, request.caller.user_id);
  Response response = session_response(services, request.caller, secret);
  response.headers.add("Set-Cookie", session_cookie(services.config, secret));
  return response;
}

Oidc& oidc_of(Services& services) {
  if (!services.auth->oidc) throw Error(ErrorCode::not_found, "sign-in by OpenID Connect is off");
  return *services.auth->oidc;
}

std::string_view state_cookie_name(const Config& config) {
  return is_served_by_tls(config) ? "__Host-naru-oidc" : "naru-oidc";
}

/// Lax, not Strict: the browser comes back from another site.
std::string state_cookie(const Config& config, std::string_view state, std::int64_t life_ms) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", state_cookie_name(config), state,
                     life_ms / 1000, is_served_by_tls(config) ? "; Secure" : "");
}

Response start_oidc(Services& services, Request& request) {
  services.auth->limits.count(limited_address(services, request), "");
  const Oidc::Start start = oidc_of(services).start(limited_address(services, request));
  Response response{.status = 303, .headers = {}, .body = {}};
  response.headers.add("Location", start.url);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Set-Cookie", state_cookie(services.config, start.state, kOidcLoginMs));
  return response;
}

constexpr std::string_view kSignedInPage =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Signed in</title><p>Signed in. The session is in "
    "this browser; <a href=\"/api/v1/session\">who you are</a>.</p></html>\n";

Response finish_oidc(Services& services, Request& request) {
  Oidc& oidc = oidc_of(services);
  services.auth->limits.count(limited_address(services, request), "");
  const std::string user_id =
      oidc.finish({.code = request.query_value("code").value_or(""),
                   .state = request.query_value("state").value_or(""),
                   .cookie_state = request.cookie(state_cookie_name(services.config)).value_or(""),
                   .issuer = request.query_value("iss"),
                   .address = limited_address(services, request)});
  Response response{.status = 200, .headers = {}, .body = std::string(kSignedInPage)};
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Referrer-Policy", "no-referrer");  // the address holds the code
  response.headers.add("Set-Cookie", state_cookie(services.config, "", 0));
  response.headers.add("Set-Cookie", session_cookie(services.config, begin_session(services, request, user_id)));
  return response;
}

constexpr std::array kRoutes = {
    Route{Method::post, "/api/v1/session", Door::open, {}, Scope::read, sign_in},
    Route{Method::get, "/api/v1/session", Door::signed_in, {}, Scope::read, show_session},
    Route{Method::delete_, "/api/v1/session", Door::signed_in, {}, Scope::read, sign_out},
    Route{Method::put, "/api/v1/session/password", Door::signed_in, {}, Scope::admin, change_password},
    Route{Method::get, "/api/v1/session/oidc/start", Door::open, {}, Scope::read, start_oidc},
    Route{Method::get, "/api/v1/session/oidc/callback", Door::open, {}, Scope::read, finish_oidc},
};

}  // namespace

std::span<const Route> session_routes() { return kRoutes; }

}  // namespace naru::server
