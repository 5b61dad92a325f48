#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

using nlohmann::json;

class AccountRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  AccountRoutes() {
    const Request sign_in = request_for(Method::post, "/api/v1/session",
                                        json({{"login", "operator-admin"}, {"password", kPassword}}).dump());
    const std::string id = json_of(server_.ask(sign_in)).at("user_id");
    operator_ = server_.token_of(id);
    hospital_admin_ = server_.token_of(server_.add_user(server_.hospital_id, "hospital-admin", {Role::admin}));
  }

  TestServer server_{GetParam()};
  std::string operator_, hospital_admin_;
};
NARU_FOR_EACH_DATABASE(AccountRoutes);

TEST_P(AccountRoutes, BringAHospitalFromNothingToItsFirstUser) {
  const Response organisation =
      server_.ask(Method::post, "/api/v1/organisations", operator_, {{"name", "서울병원"}, {"kind", "hospital"}});
  ASSERT_EQ(organisation.status, 201) << std::get<std::string>(organisation.body);
  const std::string path(*organisation.headers.find("Location"));
  EXPECT_EQ(json_of(server_.ask(Method::get, path, operator_)), json_of(organisation));
  const Response admin =
      server_.ask(Method::post, path + "/admins", operator_, {{"login", "seoul-admin"}, {"password", kPassword}});
  ASSERT_EQ(admin.status, 201) << std::get<std::string>(admin.body);
  EXPECT_EQ(std::get<std::string>(admin.body).find(kPassword), std::string::npos);
  const std::string token = server_.token_of(json_of(admin).at("id"));
  const Response user = server_.ask(Method::post, "/api/v1/users", token,
                                    {{"login", "steward"}, {"roles", {"hospital_steward"}}, {"password", kPassword}});
  ASSERT_EQ(user.status, 201);
  EXPECT_EQ(json_of(user).at("organisation_id"), json_of(organisation).at("id"));
  EXPECT_EQ(json_of(server_.ask(Method::get, "/api/v1/users", token)).at("items").size(), 2U);
  EXPECT_EQ(server_.ask(Method::get, std::string(*user.headers.find("Location")), operator_).status, 404)
      << "the operator does not see the users of others";
}

TEST_P(AccountRoutes, LetOnlyTheOperatorMakeOrganisations) {
  const json body = {{"name", "New"}, {"kind", "company"}};
  EXPECT_EQ(server_.ask(Method::post, "/api/v1/organisations", hospital_admin_, body).status, 403);
  EXPECT_EQ(
      server_
          .ask(Method::patch, "/api/v1/organisations/" + server_.hospital_id, hospital_admin_, {{"is_disabled", true}})
          .status,
      403);
  EXPECT_EQ(server_.ask(Method::post, "/api/v1/organisations", operator_, body).status, 201);
  EXPECT_EQ(server_.ask(Method::post, "/api/v1/organisations", operator_, body).status, 409);
}

TEST_P(AccountRoutes, LetTheOperatorMakeAnAdminOnlyWhereNoneCanSignIn) {
  const std::string path = "/api/v1/organisations/" + server_.hospital_id + "/admins";
  const Response refused = server_.ask(Method::post, path, operator_, {{"login", "intruder"}, {"password", kPassword}});
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(problem_code(refused), "conflict");
  const std::string company = "/api/v1/organisations/" + server_.company_id + "/admins";
  EXPECT_EQ(server_.ask(Method::post, company, operator_, {{"login", "no-password"}}).status, 201);
  EXPECT_EQ(server_.ask(Method::post, company, operator_, {{"login", "good"}, {"password", kPassword}}).status, 201)
      << "the first cannot sign in";
  EXPECT_EQ(server_.ask(Method::post, company, operator_, {{"login", "third"}, {"password", kPassword}}).status, 409);
}

TEST_P(AccountRoutes, ChangeAUser) {
  const std::string id = server_.add_user(server_.hospital_id, "kim", {Role::reviewer});
  const std::string path = "/api/v1/users/" + id;
  const Response changed = server_.ask(
      Method::patch, path, hospital_admin_,
      {{"roles", {"auditor", "reviewer"}}, {"identity", {{"issuer", "https://issuer.example"}, {"subject", "1"}}}});
  ASSERT_EQ(changed.status, 200) << std::get<std::string>(changed.body);
  EXPECT_EQ(json_of(changed).at("roles"), json({"reviewer", "auditor"}));
  EXPECT_EQ(json_of(changed).at("identity").at("subject"), "1");
  for (const auto& [subject, status] : std::vector<std::pair<std::string, int>>{
           {std::string(255, 's'), 200}, {std::string(256, 's'), 400}, {"", 400}}) {
    const nlohmann::json identity = {{"issuer", "https://issuer.example"}, {"subject", subject}};
    EXPECT_EQ(server_.ask(Method::patch, path, hospital_admin_, {{"identity", identity}}).status, status);
  }
  for (const char* issuer : {"x", "issuer.example", "http://issuer.example", "https://"}) {
    const nlohmann::json identity = {{"issuer", issuer}, {"subject", "1"}};
    EXPECT_EQ(server_.ask(Method::patch, path, hospital_admin_, {{"identity", identity}}).status, 400) << issuer;
  }
  const Response unlinked = server_.ask(Method::patch, path, hospital_admin_, {{"identity", nullptr}});
  EXPECT_TRUE(json_of(unlinked).at("identity").is_null());
  for (const json& bad : {json({{"roles", json::array()}}), json({{"roles", {"company"}}}), json({{"roles", {"king"}}}),
                          json({{"password", "short"}}), json({{"login", "other"}}), json({{"is_disabled", "yes"}})}) {
    EXPECT_EQ(server_.ask(Method::patch, path, hospital_admin_, bad).status, 400) << bad;
  }
}

TEST_P(AccountRoutes, PageUsers) {
  for (int i = 0; i < 5; ++i) server_.add_user(server_.hospital_id, "user" + std::to_string(i), {Role::reviewer});
  std::set<std::string> seen;
  std::string path = "/api/v1/users?limit=2";
  int page_count = 0;
  for (; page_count < 10; ++page_count) {
    const json page = json_of(server_.ask(Method::get, path, hospital_admin_));
    for (const json& user : page.at("items")) EXPECT_TRUE(seen.insert(user.at("id")).second);
    if (!page.contains("next_page_token")) break;
    path = "/api/v1/users?limit=2&page_token=" + page.at("next_page_token").get<std::string>();
  }
  EXPECT_EQ(seen.size(), 6U);
  EXPECT_EQ(page_count, 2) << "a full last page is known to be the last";
}

TEST_P(AccountRoutes, ShowATokensSecretOnceAndMakeItInASessionAlone) {
  const std::string id = server_.add_user(server_.hospital_id, "kim", {Role::reviewer});
  const json body = {{"name", "laptop"}, {"scopes", {"read"}}, {"expires_ms", server_.clock.now_ms() + 1000}};
  EXPECT_EQ(server_.ask(Method::post, "/api/v1/tokens", server_.token_of(id), body).status, 403);
  const std::string session = server_.auth.sessions.begin(id, std::nullopt);
  Request request = request_for(Method::post, "/api/v1/tokens", body.dump());
  request.headers.add("Cookie", "naru-session=" + session);
  request.headers.add("X-CSRF-Token", Sessions::csrf_token(session));
  const Response made = server_.ask(request);
  ASSERT_EQ(made.status, 201) << std::get<std::string>(made.body);
  const std::string secret = json_of(made).at("secret");
  const Response list = server_.ask(Method::get, "/api/v1/tokens", secret);
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(json_of(list).at("items").size(), 2U);
  EXPECT_EQ(std::get<std::string>(list.body).find(secret.substr(5)), std::string::npos);
  const std::string path = "/api/v1/tokens/" + json_of(made).at("id").get<std::string>();
  EXPECT_EQ(server_.ask(Method::delete_, path, secret).status, 403) << "a token that may only read";
  EXPECT_EQ(server_.ask(Method::delete_, path, hospital_admin_).status, 204);
  EXPECT_EQ(server_.ask(Method::get, "/api/v1/tokens", secret).status, 401);
}

TEST_P(AccountRoutes, CreateOnceUnderAKey) {
  Request request =
      with_token(request_for(Method::post, "/api/v1/users",
                             json({{"login", "kim"}, {"roles", {"reviewer"}}, {"password", kPassword}}).dump()),
                 hospital_admin_);
  request.headers.add("Idempotency-Key", "key-1");
  const Response first = server_.ask(request), second = server_.ask(request);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(json_of(first), json_of(second));
}

TEST_P(AccountRoutes, MakeNoSecondTokenUnderAKeyAndKeepNoSecretForIt) {
  const std::string session =
      server_.auth.sessions.begin(server_.add_user(server_.hospital_id, "kim", {Role::reviewer}), std::nullopt);
  const auto ask_for = [&](const char* name) {
    const json body = {{"name", name}, {"scopes", {"read"}}, {"expires_ms", server_.clock.now_ms() + 1000}};
    Request request = request_for(Method::post, "/api/v1/tokens", body.dump());
    request.headers.add("Cookie", "naru-session=" + session);
    request.headers.add("X-CSRF-Token", Sessions::csrf_token(session));
    request.headers.add("Idempotency-Key", "token-1");
    return server_.ask(request);
  };
  const Response made = ask_for("laptop");
  ASSERT_EQ(made.status, 201) << std::get<std::string>(made.body);
  const std::string secret = json_of(made).at("secret"), id = json_of(made).at("id");
  const Response again = ask_for("laptop");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(problem_code(again), "conflict");
  EXPECT_NE(std::get<std::string>(again.body).find(id), std::string::npos) << "what to revoke";
  EXPECT_EQ(problem_code(ask_for("other")), "idempotency_mismatch");
  EXPECT_EQ(json_of(server_.ask(Method::get, "/api/v1/tokens", secret)).at("items").size(), 1U);
  in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
    const Rows rows = transaction.query("SELECT body FROM idempotency");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.at(0).text(0).find(secret), std::string::npos);
  });
}

}  // namespace
}  // namespace naru::server::test
