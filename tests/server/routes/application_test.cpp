#include "server/routes/application.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "server/clock.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

Response who(Services&, Request& request) {
  return json_response(
      {{"user", request.caller.user_id}, {"roles", to_text(request.caller.roles)}, {"values", request.path_values}});
}
Response defect(Services&, Request&) { throw std::runtime_error("Kim^Minji 1970"); }
Response busy(Services&, Request&) { throw Error(ErrorCode::conflict, "not now"); }

const std::vector<Route> kRoutes = {
    {Method::get, "/open", Door::open, {}, Scope::read, who},
    {Method::get, "/own", Door::signed_in, {}, Scope::read, who},
    {Method::post, "/own", Door::signed_in, {}, Scope::jobs, who},
    {Method::get, "/linked", Door::link, {Role::company}, Scope::deliver, who},
    {Method::post, "/linked", Door::link, {Role::reviewer}, Scope::deliver, who},
    {Method::get, "/things/{id}", Door::open, {}, Scope::read, who},
    {Method::get, "/defect", Door::open, {}, Scope::read, defect},
    {Method::get, "/busy", Door::open, {}, Scope::read, busy},
};

class NaruApplicationOver : public testing::TestWithParam<DatabaseCase> {
 protected:
  Response with_session(Method method, std::string_view path, const std::string& csrf) {
    Request request = request_for(method, path);
    request.headers.add("Cookie", "other=1; naru-session=" + session_);
    if (!csrf.empty()) request.headers.add("X-CSRF-Token", csrf);
    return server_.ask(request);
  }

  TestServer server_{GetParam(), kRoutes};
  std::string user_id_ = server_.add_user(server_.hospital_id, "kim", {Role::reviewer});
  std::string token_ = server_.token_of(user_id_);
  std::string session_ = server_.auth.sessions.begin(user_id_, std::nullopt);
};
NARU_FOR_EACH_DATABASE(NaruApplicationOver);

TEST_P(NaruApplicationOver, KnowsTheHolderOfATokenOrASession) {
  EXPECT_EQ(json_of(server_.ask(Method::get, "/own", token_)).at("user"), user_id_);
  EXPECT_EQ(json_of(with_session(Method::get, "/own", "")).at("user"), user_id_);
  EXPECT_EQ(json_of(server_.ask(Method::get, "/things/7", "")).at("values"), nlohmann::json({"7"}));
}

TEST_P(NaruApplicationOver, AnswersHeadWhereThereIsGet) {
  EXPECT_EQ(server_.ask(Method::head, "/own", token_).status, 200);
  EXPECT_EQ(server_.ask(Method::head, "/own", "").status, 401);
}

TEST_P(NaruApplicationOver, RefusesMalformedCredentials) {
  for (const std::string& value : {std::string(), std::string("Bearer"), "Bearer  " + token_, "Basic " + token_, token_,
                                   "Bearer " + token_ + " x", std::string(10000, 'a')}) {
    Request request = request_for(Method::get, "/own");
    request.headers.add("Authorization", value);
    EXPECT_EQ(server_.ask(request).status, 401) << value.substr(0, 20);
  }
}

TEST_P(NaruApplicationOver, DoesNotFallBackToTheSessionFromABadToken) {
  Request request = with_token(request_for(Method::get, "/own"), "naru_wrong");
  request.headers.add("Cookie", "naru-session=" + session_);
  EXPECT_EQ(server_.ask(request).status, 401);
}

TEST_P(NaruApplicationOver, WantsTheCsrfTokenOfASessionForChanges) {
  EXPECT_EQ(with_session(Method::post, "/own", "").status, 403);
  EXPECT_EQ(with_session(Method::post, "/own", "wrong").status, 403);
  EXPECT_EQ(with_session(Method::post, "/own", Sessions::csrf_token(session_)).status, 200);
  EXPECT_EQ(server_.ask(Method::post, "/own", token_).status, 200) << "no browser sends a token by itself";
}

TEST_P(NaruApplicationOver, LetsALinkStandForItselfAndCountsACallerOnlyWhoMay) {
  EXPECT_EQ(json_of(server_.ask(Method::get, "/linked", "")).at("user"), "");
  const auto other = json_of(server_.ask(Method::get, "/linked", token_));
  EXPECT_EQ(other.at("roles"), "") << "a role that the route lacks";
  EXPECT_EQ(other.at("user"), user_id_) << "so that the handler can tell 403 from 401";
  const std::string buyer = server_.add_user(server_.company_id, "buyer", {Role::company});
  EXPECT_EQ(json_of(server_.ask(Method::get, "/linked", server_.token_of(buyer))).at("roles"), "company");
  EXPECT_EQ(with_session(Method::post, "/linked", "").status, 403)
      << "a session's change needs its CSRF token here too";
}

TEST_P(NaruApplicationOver, TellsPathsFromMethods) {
  EXPECT_EQ(server_.ask(Method::get, "/nowhere", token_).status, 404);
  EXPECT_EQ(server_.ask(Method::get, "/things/", "").status, 404);
  EXPECT_EQ(server_.ask(Method::get, "/things/7/8", "").status, 404);
  const Response response = server_.ask(Method::delete_, "/own", "");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.find("Allow"), "GET, HEAD, POST");
}

TEST_P(NaruApplicationOver, TurnsErrorsIntoProblemsAndKeepsDefectsToItself) {
  EXPECT_EQ(problem_code(server_.ask(Method::get, "/busy", "")), "conflict");
  const Response response = server_.ask(Method::get, "/defect", "");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(std::get<std::string>(response.body).find("Kim"), std::string::npos);
}

}  // namespace
}  // namespace naru::server::test
