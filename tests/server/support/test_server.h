/// A server without sockets: database, ledger, accounts and the application, with three organisations and somebody in
/// each role.
#pragma once

#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/auth/auth.h"
#include "server/config.h"
#include "server/delivery/listings.h"
#include "server/delivery/transfers.h"
#include "server/ingest/content_store.h"
#include "server/ingest/receiver.h"
#include "server/jobs/job_queue.h"
#include "server/metrics.h"
#include "server/routes/application.h"
#include "server/services.h"
#include "tests/server/support/databases.h"
#include "tests/server/support/fake_clock.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {

inline constexpr std::string_view kPassword = "correct horse battery";

/// Argon2id at its cheapest, so that tests are quick.
inline constexpr PasswordCost kCheapPasswords = {.passes = 1, .memory_bytes = 8192};

/// A request as the door would hand it over.
Request request_for(Method method, std::string_view path, std::string_view body = "");
Request with_token(Request request, const std::string& token);
nlohmann::json json_of(const Response& response);
std::string problem_code(
    const Response& response);  ///< of a problem document, or an error of DRS; empty where it is none

class TestServer {
 public:
  explicit TestServer(const DatabaseCase& database, std::vector<Route> routes = all_routes(),
                      const OidcConfig& oidc = {}, std::shared_ptr<HttpsClient> issuer_client = nullptr);

  /// As the door does: admit, then respond; exceptions become problems.
  Response ask(Request request);
  Response ask(Method method, std::string_view path, const std::string& token, const nlohmann::json& body = {});

  std::string add_organisation(std::string_view name, OrganisationKind kind);
  /// The id of a new user, whose password is kPassword.
  std::string add_user(const std::string& organisation_id, std::string_view login, Roles roles);
  Caller caller(const std::string& user_id);
  NewToken make_token(const Caller& caller, std::string_view name, unsigned scopes, std::int64_t expires_ms);
  /// The secret of a token of a user with these scopes.
  std::string token_of(const std::string& user_id, unsigned scopes = kAllScopes);
  /// The id of a new job of the caller's hospital, on "study-1" there.
  std::string add_study_with_job(const Caller& caller);

  /// The kinds of all leaves of the ledger, in order.
  std::vector<std::string> ledger_kinds();

  // Made before all that uses them.
  naru::test::TempFolder folder;
  FakeClock clock;
  Config config;
  std::unique_ptr<Database> database;
  KeyStore keys;
  Ledger ledger;
  AuthParts parts;
  Auth auth;
  ContentStore content;
  Receiver receiver;
  JobQueue jobs;
  Listings listings;
  Metrics metrics;
  Transfers transfers;
  Services services;
  NaruApplication application;

  std::string operator_id, hospital_id, company_id;  ///< named "Operator", "Hospital" and "Company"
};

}  // namespace naru::server::test
