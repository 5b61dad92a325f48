#include "server/auth/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "server/auth/auth.h"
#include "server/auth/https_client.h"
#include "server/routes/idempotency.h"
#include "server/routes/json_body.h"
#include "server/routes/page.h"
#include "server/routes/route.h"
#include "server/services.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(const std::optional<std::int64_t>& time_ms) { return time_ms ? Json(*time_ms) : Json(); }

Json to_json(const Organisation& organisation) {
  return {{"schema", "naru.organisation/1"},
          {"id", organisation.id},
          {"name", organisation.name},
          {"kind", name(organisation.kind)},
          {"created_ms", organisation.created_ms},
          {"disabled_ms", time_or_null(organisation.disabled_ms)}};
}

Json user_json(const User& user) {
  Json identity;
  if (user.identity) identity = {{"issuer", user.identity->issuer}, {"subject", user.identity->subject}};
  return {{"schema", "naru.user/1"},
          {"id", user.id},
          {"organisation_id", user.organisation_id},
          {"login", user.login},
          {"roles", word_list(to_text(user.roles))},
          {"has_password", user.has_password},
          {"identity", identity},
          {"created_ms", user.created_ms},
          {"disabled_ms", time_or_null(user.disabled_ms)}};
}

Json token_json(const Token& token) {
  return {{"schema", "naru.token/1"},
          {"id", token.id},
          {"user_id", token.user_id},
          {"name", token.name},
          {"scopes", word_list(scopes_to_text(token.scopes))},
          {"created_ms", token.created_ms},
          {"expires_ms", token.expires_ms},
          {"revoked_ms", time_or_null(token.revoked_ms)}};
}

Response created(const Json& json, std::string_view collection) {
  Response response = json_response(json, 201);
  response.headers.add("Location", fmt::format("/api/v1/{}/{}", collection, json.at("id").get<std::string>()));
  return response;
}

constexpr std::size_t kMaxTextBytes = 1024;

Roles roles_in(const JsonBody& body) {
  Roles roles;
  for (const std::string& word : body.texts("roles", kRoleCount, kMaxTextBytes)) {
    const auto role = role_from_name(word);
    if (!role) throw Error(ErrorCode::request_invalid, "field \"roles\" holds an unknown role");
    roles.add(*role);
  }
  return roles;
}

/// As long as the provider makes it (OpenID Connect Core 1.0: a subject has 255 characters at most).
std::string identity_text(const JsonBody& identity, std::string_view field, std::size_t max_bytes) {
  std::string text = identity.text(field, max_bytes);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!text.empty() && std::ranges::none_of(text, is_control)) return text;
  throw Error(ErrorCode::request_invalid, fmt::format("field \"{}\" is empty, or holds control characters", field));
}

void require_operator(Services& services, const Request& request) {
  if (services.auth->accounts.is_operator(request.caller)) return;
  throw Error(ErrorCode::forbidden, "only an admin of the operator may do this");
}

std::optional<std::string> password_hash_in(Services& services, const JsonBody& body, std::string_view login) {
  const auto password = body.text_if("password", kMaxPasswordBytes + 1);
  if (!password) return std::nullopt;
  check_password_rules(*password, login);
  return services.auth->passwords.hash(*password);
}

Response list_organisations(Services& services, Request& request) {
  const PageRequest page = page_of(request, "org");
  return page_response("naru.organisations/1",
                       services.auth->accounts.organisations(request.caller, with_one_more(page)), page,
                       [](const Organisation& organisation) { return to_json(organisation); });
}

Response create_organisation(Services& services, Request& request) {
  require_operator(services, request);
  const JsonBody body(request, {"name", "kind"});
  const std::string name = body.text("name", kMaxTextBytes);
  const auto kind = organisation_kind_from_name(body.text("kind", kMaxTextBytes));
  if (!kind) throw Error(ErrorCode::request_invalid, "field \"kind\" must be hospital or company");
  return create_once(services, request, [&](Transaction& transaction) {
    return created(
        to_json(services.auth->accounts.create_organisation(transaction, request.caller.user_id, name, *kind)),
        "organisations");
  });
}

Response show_organisation(Services& services, Request& request) {
  return json_response(to_json(services.auth->accounts.organisation(request.caller, request.path_values.at(0))));
}

Response change_organisation(Services& services, Request& request) {
  const std::string& id = request.path_values.at(0);
  services.auth->accounts.organisation(request.caller, id);  // a foreign one does not exist
  require_operator(services, request);
  const JsonBody body(request, {"is_disabled"});
  return json_response(
      to_json(services.auth->accounts.set_organisation_disabled(request.caller, id, body.boolean("is_disabled"))));
}

/// @param is_first of those who can sign in as its admin
Response create_user_in(Services& services, Request& request, const std::string& organisation_id, const JsonBody& body,
                        Roles roles, bool is_first = false) {
  const std::string login = checked_login(body.text("login", kMaxTextBytes));
  const NewUser user{login, roles, password_hash_in(services, body, login)};
  return create_once(services, request, [&](Transaction& transaction) {
    if (is_first) services.auth->accounts.require_no_admin(transaction, organisation_id);
    return created(
        user_json(services.auth->accounts.create_user(transaction, request.caller.user_id, organisation_id, user)),
        "users");
  });
}

Response create_admin(Services& services, Request& request) {
  const std::string& id = request.path_values.at(0);
  services.auth->accounts.organisation(request.caller, id);
  require_operator(services, request);
  return create_user_in(services, request, id, JsonBody(request, {"login", "password"}), {Role::admin}, true);
}

Response list_users(Services& services, Request& request) {
  const PageRequest page = page_of(request, "user");
  return page_response("naru.users/1", services.auth->accounts.users(request.caller, with_one_more(page)), page,
                       user_json);
}

Response create_user(Services& services, Request& request) {
  const JsonBody body(request, {"login", "roles", "password"});
  return create_user_in(services, request, request.caller.organisation_id, body, roles_in(body));
}

Response show_user(Services& services, Request& request) {
  return json_response(user_json(services.auth->accounts.user(request.caller, request.path_values.at(0))));
}

Response change_user(Services& services, Request& request) {
  const User user = services.auth->accounts.user(request.caller, request.path_values.at(0));
  const JsonBody body(request, {"roles", "is_disabled", "password", "identity"});
  UserChange change;
  if (body.has("roles")) change.roles = roles_in(body);
  if (body.has("is_disabled")) change.is_disabled = body.boolean("is_disabled");
  if (body.is_null("identity")) {
    change.identity = OidcIdentity{};
  } else if (body.has("identity")) {
    const JsonBody identity = body.object("identity", {"issuer", "subject"});
    change.identity = {identity_text(identity, "issuer", kMaxTextBytes), identity_text(identity, "subject", 255)};
    if (!is_allowed_url(change.identity->issuer, true)) {
      throw Error(ErrorCode::request_invalid, "field \"issuer\" must be the https address that the provider names");
    }
  }
  change.password_hash = password_hash_in(services, body, user.login);
  return json_response(user_json(services.auth->accounts.update_user(request.caller, user.id, change)));
}

Response list_tokens(Services& services, Request& request) {
  const PageRequest page = page_of(request, "token");
  const std::string user_id(request.query_value("user_id").value_or(request.caller.user_id));
  return page_response("naru.tokens/1", services.auth->tokens.list(request.caller, user_id, with_one_more(page)), page,
                       token_json);
}

/// Under an Idempotency-Key the answer is kept without the secret, which is kept nowhere: the same key makes no second
/// token, and shows none.
Response create_token(Services& services, Request& request) {
  if (!request.caller.is_session) throw Error(ErrorCode::forbidden, "a token cannot make tokens; sign in");
  const JsonBody body(request, {"name", "scopes", "expires_ms"});
  unsigned scopes = 0;
  for (const std::string& word : body.texts("scopes", kScopeCount, kMaxTextBytes)) {
    const auto scope = scope_from_name(word);
    if (!scope) throw Error(ErrorCode::request_invalid, "field \"scopes\" holds an unknown scope");
    scopes |= 1U << static_cast<unsigned>(*scope);
  }
  const std::string name = body.text("name", kMaxTextBytes);
  const std::int64_t expires_ms = body.integer("expires_ms");
  NewToken made;
  const Response kept = create_once(services, request, [&](Transaction& transaction) {
    made = services.auth->tokens.create(transaction, request.caller, name, scopes, expires_ms);
    return json_response(token_json(made.token), 201);
  });
  Json json = Json::parse(std::get<std::string>(kept.body));
  const auto id = json.at("id").get<std::string>();
  if (id != made.token.id) {
    throw Error(
        ErrorCode::conflict,
        fmt::format("this Idempotency-Key made {}, whose secret is shown once: revoke it, and take a new key", id));
  }
  json["secret"] = made.secret;
  return json_response(json, 201);
}

Response revoke_token(Services& services, Request& request) {
  services.auth->tokens.revoke(request.caller, request.path_values.at(0));
  return {.status = 204, .headers = {}, .body = {}};
}

constexpr Roles kAdmin = {Role::admin};
constexpr Roles kAdminOrAuditor = {Role::admin, Role::auditor};

constexpr bool kOnce = true;  // takes Idempotency-Key

constexpr Route row(Method method, std::string_view pattern, Door door, Roles roles, Scope scope,
                    Response (*handle)(Services&, Request&), bool is_idempotent_creation = false) {
  return {method, pattern, door, roles, scope, handle, nullptr, kSmallBodyBytes, is_idempotent_creation};
}

constexpr std::array kRoutes = {
    row(Method::get, "/api/v1/organisations", Door::signed_in, {}, Scope::read, list_organisations),
    row(Method::post, "/api/v1/organisations", Door::roles, kAdmin, Scope::admin, create_organisation, kOnce),
    row(Method::get, "/api/v1/organisations/{organisation_id}", Door::signed_in, {}, Scope::read, show_organisation),
    row(Method::patch, "/api/v1/organisations/{organisation_id}", Door::roles, kAdmin, Scope::admin,
        change_organisation),
    row(Method::post, "/api/v1/organisations/{organisation_id}/admins", Door::roles, kAdmin, Scope::admin, create_admin,
        kOnce),
    row(Method::get, "/api/v1/users", Door::roles, kAdminOrAuditor, Scope::admin, list_users),
    row(Method::post, "/api/v1/users", Door::roles, kAdmin, Scope::admin, create_user, kOnce),
    row(Method::get, "/api/v1/users/{user_id}", Door::roles, kAdminOrAuditor, Scope::admin, show_user),
    row(Method::patch, "/api/v1/users/{user_id}", Door::roles, kAdmin, Scope::admin, change_user),
    row(Method::get, "/api/v1/tokens", Door::signed_in, {}, Scope::read, list_tokens),
    row(Method::post, "/api/v1/tokens", Door::signed_in, {}, Scope::admin, create_token, kOnce),
    row(Method::delete_, "/api/v1/tokens/{token_id}", Door::signed_in, {}, Scope::admin, revoke_token),
};

}  // namespace

std::span<const Route> account_routes() { return kRoutes; }

}  // namespace naru::server
