#include "server/auth/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/support/test_issuer.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

using nlohmann::json;

std::string cookie_of(const Response& response, const std::string& name) {
  for (const auto& [field, value] : response.headers.fields()) {
    if (field == "Set-Cookie" && value.starts_with(name + "=")) {
      return value.substr(name.size() + 1, value.find(';') - name.size() - 1);
    }
  }
  return {};
}

class SessionRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  static OidcConfig oidc() {
    return {true, std::string(kIssuer), "naru", "", "https://naru.example/api/v1/session/oidc/callback"};
  }

  Response sign_in(std::string_view login, std::string_view password, const std::string& cookie = "",
                   const std::string& address = "192.0.2.1") {
    Request request =
        request_for(Method::post, "/api/v1/session", json({{"login", login}, {"password", password}}).dump());
    request.client_address = address;
    if (!cookie.empty()) request.headers.add("Cookie", "naru-session=" + cookie);
    return server_.ask(request);
  }
  Response ask(Method method, std::string_view path, const std::string& cookies, const std::string& csrf = "",
               const json& body = {}) {
    Request request = request_for(method, path, body.is_null() ? "" : body.dump());
    request.headers.add("Cookie", cookies);
    if (!csrf.empty()) request.headers.add("X-CSRF-Token", csrf);
    return server_.ask(request);
  }

  std::shared_ptr<TestIssuer> issuer_ = std::make_shared<TestIssuer>();
  TestServer server_{GetParam(), all_routes(), oidc(), issuer_};
  std::string user_id_ = server_.add_user(server_.hospital_id, "kim", {Role::admin});
};
NARU_FOR_EACH_DATABASE(SessionRoutes);

TEST_P(SessionRoutes, TheClientsOfAProxyOnThisMachineDoNotKeepEachOtherOut) {
  for (int n = 0; n < 40; ++n) {
    EXPECT_EQ(sign_in("nobody-" + std::to_string(n), "wrong", "", "127.0.0.1").status, 401);
  }
  EXPECT_EQ(sign_in("kim", kPassword, "", "127.0.0.1").status, 200);
  for (int n = 0; n < 10; ++n) sign_in("lee", "wrong", "", "::1");
  EXPECT_EQ(sign_in("lee", "wrong", "", "127.0.0.1").status, 429) << "a login is limited wherever it is tried";
  server_.config.listen.loopback_is_limited = true;
  for (int n = 0; n < 30; ++n) sign_in("none-" + std::to_string(n), "wrong", "", "127.0.0.1");
  EXPECT_EQ(sign_in("kim", kPassword, "", "127.0.0.1").status, 429);
}

TEST_P(SessionRoutes, ALoginIsLimitedHoweverItIsWritten) {
  const std::string forms[] = {"kim", "Kim", "KIM", "kIm"};
  for (std::size_t n = 0; n < 10; ++n) EXPECT_EQ(sign_in(forms[n % 4], kPassword).status, 200);
  EXPECT_EQ(sign_in("kiM", kPassword).status, 429);
}

TEST_P(SessionRoutes, LeadFromSignInToSignOut) {
  const Response in = sign_in("kim", kPassword);
  ASSERT_EQ(in.status, 200) << std::get<std::string>(in.body);
  EXPECT_EQ(in.headers.find("Cache-Control"), "no-store");
  const std::string secret = cookie_of(in, "naru-session"), cookies = "naru-session=" + secret;
  EXPECT_EQ(std::get<std::string>(in.body).find(secret), std::string::npos) << "scripts never see the secret";
  const json shown = json_of(ask(Method::get, "/api/v1/session", cookies));
  EXPECT_EQ(shown, json_of(in));
  EXPECT_EQ(shown.at("organisation").at("kind"), "hospital");
  EXPECT_EQ(ask(Method::delete_, "/api/v1/session", cookies).status, 403) << "without its CSRF token";
  const Response out = ask(Method::delete_, "/api/v1/session", cookies, shown.at("csrf_token"));
  EXPECT_EQ(out.status, 204);
  EXPECT_THAT(std::string(*out.headers.find("Set-Cookie")), testing::HasSubstr("Max-Age=0"));
  EXPECT_EQ(ask(Method::get, "/api/v1/session", cookies).status, 401);
}

TEST_P(SessionRoutes, GiveANewSecretAtEachSignIn) {
  const std::string first = cookie_of(sign_in("kim", kPassword), "naru-session");
  const std::string second = cookie_of(sign_in("kim", kPassword, first), "naru-session");
  EXPECT_NE(first, second);
  EXPECT_EQ(ask(Method::get, "/api/v1/session", "naru-session=" + first).status, 401);
  EXPECT_EQ(ask(Method::get, "/api/v1/session", "naru-session=" + second).status, 200);
  // A secret that somebody else put into the browser is never taken over.
  EXPECT_NE(cookie_of(sign_in("kim", kPassword, "planted"), "naru-session"), "planted");
}

TEST_P(SessionRoutes, LimitAttemptsByLoginAndByAddress) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(sign_in("nobody", kPassword, "", "192.0.2." + std::to_string(i)).status, 401);
  }
  const Response refused = sign_in("nobody", kPassword, "", "198.51.100.1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.headers.find("Retry-After"));
  for (int i = 0; i < 30; ++i) sign_in("login" + std::to_string(i), kPassword, "", "203.0.113.7");
  EXPECT_EQ(sign_in("kim", kPassword, "", "203.0.113.7").status, 429);
  EXPECT_EQ(sign_in("kim", kPassword, "", "203.0.113.8").status, 200);
}

TEST_P(SessionRoutes, RefuseWhatIsNoSignIn) {
  for (const json& body : {json({{"login", "kim"}}), json({{"login", "kim"}, {"password", 7}}),
                           json({{"login", "kim"}, {"password", kPassword}, {"roles", "admin"}})}) {
    EXPECT_EQ(server_.ask(Method::post, "/api/v1/session", "", body).status, 400) << body;
  }
  Request form = request_for(Method::post, "/api/v1/session");
  form.headers.add("Content-Type", "application/x-www-form-urlencoded");
  form.body = "login=kim&password=x";
  EXPECT_EQ(server_.ask(form).status, 415) << "what a foreign page's form could send";
}

TEST_P(SessionRoutes, ChangeThePasswordAndEndAllOtherSessions) {
  const std::string other = cookie_of(sign_in("kim", kPassword), "naru-session");
  const Response in = sign_in("kim", kPassword);
  const std::string cookies = "naru-session=" + cookie_of(in, "naru-session"), csrf = json_of(in).at("csrf_token");
  const json wrong = {{"old_password", "wrong password"}, {"new_password", "another long one"}};
  EXPECT_EQ(ask(Method::put, "/api/v1/session/password", cookies, csrf, wrong).status, 401);
  const json right = {{"old_password", kPassword}, {"new_password", "another long one"}};
  const Response changed = ask(Method::put, "/api/v1/session/password", cookies, csrf, right);
  ASSERT_EQ(changed.status, 200) << std::get<std::string>(changed.body);
  const std::string renewed = cookie_of(changed, "naru-session");
  EXPECT_EQ(ask(Method::get, "/api/v1/session", "naru-session=" + renewed).status, 200);
  EXPECT_EQ(ask(Method::get, "/api/v1/session", cookies).status, 401);
  EXPECT_EQ(ask(Method::get, "/api/v1/session", "naru-session=" + other).status, 401);
  EXPECT_EQ(server_.ask(Method::put, "/api/v1/session/password", server_.token_of(user_id_), right).status, 403);
}

TEST_P(SessionRoutes, SignInAtAnOpenIdProvider) {
  const IssuerKey key(IssuerKey::Kind::ed25519, "key-1");
  issuer_->keys = {key.jwk()};
  server_.ask(Method::patch, "/api/v1/users/" + user_id_, server_.token_of(user_id_),
              {{"identity", {{"issuer", kIssuer}, {"subject", "person-1"}}}});
  const Response start = server_.ask(Method::get, "/api/v1/session/oidc/start", "");
  ASSERT_EQ(start.status, 303);
  const std::string url(*start.headers.find("Location")), state = cookie_of(start, "naru-oidc");
  EXPECT_THAT(url, testing::HasSubstr("state=" + state));
  EXPECT_THAT(std::string(*start.headers.find("Set-Cookie")), testing::HasSubstr("SameSite=Lax"));
  const std::size_t nonce = url.find("nonce=") + 6;
  const std::int64_t now_s = server_.clock.now_ms() / 1000;
  issuer_->id_token = signed_token({{"iss", kIssuer},
                                    {"sub", "person-1"},
                                    {"aud", "naru"},
                                    {"exp", now_s + 60},
                                    {"iat", now_s},
                                    {"nonce", url.substr(nonce, url.find('&', nonce) - nonce)}},
                                   key);
  const std::string back = "/api/v1/session/oidc/callback?code=c&state=" + state;
  EXPECT_EQ(server_.ask(Method::get, back, "").status, 401) << "another browser";
  const Response done = ask(Method::get, back, "naru-oidc=" + state);
  const std::string& page = std::get<std::string>(done.body);
  ASSERT_EQ(done.status, 200) << page;
  EXPECT_THAT(page,
              testing::AllOf(testing::HasSubstr("href=\"/api/v1/session\""), testing::Not(testing::HasSubstr("\"/\""))))
      << "there is no start page";
  const std::string cookies = "naru-session=" + cookie_of(done, "naru-session");
  EXPECT_EQ(json_of(ask(Method::get, "/api/v1/session", cookies)).at("user_id"), user_id_);
  EXPECT_EQ(ask(Method::get, back, "naru-oidc=" + state).status, 401) << "replayed";
}

TEST_P(SessionRoutes, SayThatOpenIdIsOffWhereItIs) {
  TestServer without(GetParam());
  EXPECT_EQ(without.ask(Method::get, "/api/v1/session/oidc/start", "").status, 404);
}

}  // namespace
}  // namespace naru::server::test
