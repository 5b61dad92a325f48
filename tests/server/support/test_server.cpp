#include "tests/server/support/test_server.h"

#include "server/auth/first_admin.h"
#include "server/http/problem.h"

namespace naru::server::test {

namespace {

constexpr std::uint64_t kMaxFileBytes = 1 << 20;

Config config_with(const OidcConfig& oidc, const std::filesystem::path& data) {
  Config config;
  config.data = data;
  config.oidc = oidc;
  return config;
}

}  // namespace

Request request_for(Method method, std::string_view path, std::string_view body) {
  Request request;
  request.method = method;
  const std::size_t mark = std::min(path.find('?'), path.size());
  request.path = path.substr(0, mark);
  std::string_view query = path.substr(std::min(mark + 1, path.size()));
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    const std::size_t equals = std::min(field.find('='), field.size());
    request.query.emplace_back(field.substr(0, equals), field.substr(std::min(equals + 1, field.size())));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  request.body = body;
  if (!body.empty()) request.headers.add("Content-Type", "application/json");
  request.client_address = "192.0.2.1";
  request.request_id = "request-1";
  return request;
}

Request with_token(Request request, const std::string& token) {
  if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
  return request;
}

nlohmann::json json_of(const Response& response) {
  return nlohmann::json::parse(std::get<std::string>(response.body), nullptr, false);
}

std::string problem_code(const Response& response) {
  const nlohmann::json json = json_of(response);
  if (!json.is_object()) return "";
  const std::string msg = json.value("msg", "");
  return json.value("code", msg.substr(0, msg.find(':')));
}

TestServer::TestServer(const DatabaseCase& which, std::vector<Route> routes, const OidcConfig& oidc,
                       std::shared_ptr<HttpsClient> issuer_client)
    : config(config_with(oidc, folder.path())),
      database(which.make()),
      keys(folder / "master.key", true),
      ledger(*database, keys, clock, "naru.test/log"),
      parts{*database, ledger, clock},
      auth(parts, config,
           {.password_cost = kCheapPasswords,
            .sign_in_rate = {},
            .plain_loopback_issuer = false,
            .issuer_client = std::move(issuer_client)}),
      content(folder / "content", kMaxFileBytes),
      receiver(*database, ledger, content, clock),
      jobs(ledger, clock, {.memory_bytes = 100, .total_memory_bytes = 400, .device = "cpu"}),
      services{config, clock, *database, keys, ledger, content, receiver, jobs, listings, metrics, transfers, &auth},
      application(services, std::move(routes)) {
  create_first_admin(parts, auth.passwords, {"Operator", "operator-admin", std::string(kPassword)});
  in_transaction(*database, Access::read, [&](Transaction& transaction) {
    operator_id = transaction.query("SELECT id FROM organisations").at(0).text(0);
  });
  hospital_id = add_organisation("Hospital", OrganisationKind::hospital);
  company_id = add_organisation("Company", OrganisationKind::company);
}

Response TestServer::ask(Request request) {
  try {
    Admission admission = application.admit(request);
    if (admission.refusal) return *std::move(admission.refusal);
    if (!admission.takes_long_body) return application.respond(request);
    const auto sink = application.receive(request);
    if (auto refusal = sink->refusal()) return *std::move(refusal);
    sink->write(std::as_bytes(std::span(request.body)));
    return sink->finish();
  } catch (const std::exception& error) {
    return error_response(error, request.path, request.request_id);
  }
}

Response TestServer::ask(Method method, std::string_view path, const std::string& token, const nlohmann::json& body) {
  return ask(with_token(request_for(method, path, body.is_null() ? "" : body.dump()), token));
}

std::string TestServer::add_organisation(std::string_view name, OrganisationKind kind) {
  return in_transaction(*database, Access::write, [&](Transaction& transaction) {
    return auth.accounts.create_organisation(transaction, "server", name, kind).id;
  });
}

std::string TestServer::add_user(const std::string& organisation_id, std::string_view login, Roles roles) {
  const std::string hash = auth.passwords.hash(kPassword);
  return in_transaction(*database, Access::write, [&](Transaction& transaction) {
    return auth.accounts.create_user(transaction, "server", organisation_id, {std::string(login), roles, hash}).id;
  });
}

Caller TestServer::caller(const std::string& user_id) {
  return in_transaction(*database, Access::read, [&](Transaction& transaction) {
    const Row row = transaction.query("SELECT organisation_id, roles FROM users WHERE id = $1", {user_id}).at(0);
    return Caller{user_id, row.text(0), roles_from_text(row.text(1)), kAllScopes, true};
  });
}

NewToken TestServer::make_token(const Caller& caller, std::string_view name, unsigned scopes, std::int64_t expires_ms) {
  return in_transaction(*database, Access::write, [&](Transaction& transaction) {
    return auth.tokens.create(transaction, caller, name, scopes, expires_ms);
  });
}

std::string TestServer::token_of(const std::string& user_id, unsigned scopes) {
  return make_token(caller(user_id), "test", scopes, clock.now_ms() + 3600'000).secret;
}

std::string TestServer::add_study_with_job(const Caller& caller) {
  return in_transaction(*database, Access::write, [&](Transaction& transaction) {
    transaction.execute(
        "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, "
        "created_ms, received_ms) VALUES ('study-1', $1, '2.999.1', 'closed', 0, 0, 'CT', 0, 0)",
        {caller.organisation_id});
    JobRequest request;
    request.kind = "prepare";
    request.name = "set";
    request.study_ids = {"study-1"};
    return jobs.submit(transaction, caller, request).id;
  });
}

std::vector<std::string> TestServer::ledger_kinds() {
  std::vector<std::string> kinds;
  for (const std::string& leaf : ledger.leaves(0, 1000)) kinds.push_back(nlohmann::json::parse(leaf).at("kind"));
  return kinds;
}

}  // namespace naru::server::test
