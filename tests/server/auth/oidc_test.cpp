#include "server/auth/oidc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/digest.h"
#include "server/store/database.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/test_issuer.h"
#include "tests/server/support/test_server.h"
#include "tests/server/support/wait_until.h"

namespace naru::server::test {
namespace {

using nlohmann::json;

std::string parameter(const std::string& url, const std::string& name) {
  const std::size_t at = url.find(name + "=");
  if (at == std::string::npos || (url[at - 1] != '&' && url[at - 1] != '?')) return {};
  const std::size_t begin = at + name.size() + 1;
  return url.substr(begin, std::min(url.find('&', begin), url.size()) - begin);
}

class OidcSignIn : public testing::TestWithParam<DatabaseCase> {
 protected:
  OidcSignIn() {
    issuer_.keys = {key_.jwk()};
    const Caller admin = server_.caller(server_.add_user(server_.hospital_id, "admin", {Role::admin}));
    user_id_ = server_.add_user(server_.hospital_id, "kim", {Role::reviewer});
    server_.auth.accounts.update_user(admin, user_id_, {.identity = OidcIdentity{std::string(kIssuer), "person-1"}});
  }

  static OidcConfig config() {
    return {true, std::string(kIssuer), "naru", "", "https://naru.example/api/v1/session/oidc/callback"};
  }

  json claims(const std::string& nonce) {
    const std::int64_t now_s = server_.clock.now_ms() / 1000;
    return {{"iss", kIssuer},     {"sub", "person-1"}, {"aud", "naru"},
            {"exp", now_s + 300}, {"iat", now_s},      {"nonce", nonce}};
  }

  /// As the browser would: begins, and comes back with the issuer's answer.
  std::string sign_in() {
    const auto start = oidc_.start();
    issuer_.id_token = signed_token(claims(parameter(start.url, "nonce")), key_);
    return oidc_.finish({"code-1", start.state, start.state, std::nullopt});
  }

  TestServer server_{GetParam()};
  IssuerKey key_{IssuerKey::Kind::p256, "key-1"};
  TestIssuer issuer_;
  Oidc oidc_{server_.parts, config(), issuer_};
  std::string user_id_;
};
NARU_FOR_EACH_DATABASE(OidcSignIn);

TEST_P(OidcSignIn, FindsTheAccountThatAnAdminLinked) { EXPECT_EQ(sign_in(), user_id_); }

TEST_P(OidcSignIn, AsksWithPkceAndSendsTheVerifierOnlyToTheTokenEndpoint) {
  const auto start = oidc_.start();
  EXPECT_EQ(start.url.substr(0, 33), std::string(kIssuer) + "/authorize?");
  EXPECT_EQ(parameter(start.url, "response_type"), "code");
  EXPECT_EQ(parameter(start.url, "code_challenge_method"), "S256");
  EXPECT_EQ(parameter(start.url, "state"), start.state);
  EXPECT_EQ(parameter(start.url, "redirect_uri"), "https%3A%2F%2Fnaru.example%2Fapi%2Fv1%2Fsession%2Foidc%2Fcallback");
  issuer_.id_token = signed_token(claims(parameter(start.url, "nonce")), key_);
  oidc_.finish({"code/1", start.state, start.state, kIssuer});
  const std::string form = "?" + issuer_.asked.back().form.value();
  EXPECT_EQ(parameter(form, "grant_type"), "authorization_code");
  EXPECT_EQ(parameter(form, "code"), "code%2F1");
  const std::string verifier = parameter(form, "code_verifier");
  EXPECT_GE(verifier.size(), 43U);
  EXPECT_EQ(start.url.find(verifier), std::string::npos);
  // RFC 7636: challenge = BASE64URL(SHA256(verifier)), here by OpenSSL's base64.
  const std::string hex = sha256_hex(verifier);
  std::string digest;
  for (std::size_t i = 0; i < hex.size(); i += 2) digest += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  EXPECT_EQ(parameter(start.url, "code_challenge"), base64url(digest));
}

TEST_P(OidcSignIn, ServesAStateOnceAndInTimeAndInOneBrowser) {
  const auto finish = [&](std::string_view state, std::string_view cookie) {
    return code_if_thrown([&] { oidc_.finish({"code-1", state, cookie, std::nullopt}); });
  };
  const auto start = oidc_.start();
  issuer_.id_token = signed_token(claims(parameter(start.url, "nonce")), key_);
  EXPECT_EQ(finish(start.state, ""), ErrorCode::unauthenticated) << "another browser";
  EXPECT_EQ(finish("", ""), ErrorCode::unauthenticated);
  EXPECT_EQ(finish("invented", "invented"), ErrorCode::unauthenticated);
  EXPECT_EQ(finish(start.state, start.state), std::nullopt);
  EXPECT_EQ(finish(start.state, start.state), ErrorCode::unauthenticated) << "replayed";
  const auto late = oidc_.start();
  server_.clock.advance(kOidcLoginMs);
  issuer_.id_token = signed_token(claims(parameter(late.url, "nonce")), key_);
  EXPECT_EQ(finish(late.state, late.state), ErrorCode::unauthenticated);
}

TEST_P(OidcSignIn, RefusesATokenOfAnotherLogin) {
  const auto first = oidc_.start(), second = oidc_.start();
  issuer_.id_token = signed_token(claims(parameter(first.url, "nonce")), key_);
  EXPECT_EQ(code_if_thrown([&] {
              oidc_.finish({"code-1", second.state, second.state, std::nullopt});
            }),
            ErrorCode::unauthenticated);
}

TEST_P(OidcSignIn, RefusesAnotherIssuersAnswer) {
  const auto start = oidc_.start();
  issuer_.id_token = signed_token(claims(parameter(start.url, "nonce")), key_);
  EXPECT_EQ(code_if_thrown([&] {
              oidc_.finish({"code-1", start.state, start.state, "https://other.example"});
            }),
            ErrorCode::unauthenticated);
}

TEST_P(OidcSignIn, MakesNoAccounts) {
  const auto start = oidc_.start();
  json stranger = claims(parameter(start.url, "nonce"));
  stranger["sub"] = "person-2";
  issuer_.id_token = signed_token(stranger, key_);
  EXPECT_EQ(code_if_thrown([&] {
              oidc_.finish({"code-1", start.state, start.state, std::nullopt});
            }),
            ErrorCode::unauthenticated);
}

TEST_P(OidcSignIn, RefusesWhoIsDisabled) {
  const Caller admin = server_.caller(server_.add_user(server_.hospital_id, "admin-2", {Role::admin}));
  server_.auth.accounts.update_user(admin, user_id_, {.is_disabled = true});
  EXPECT_EQ(code_if_thrown([&] { sign_in(); }), ErrorCode::unauthenticated);
}

TEST_P(OidcSignIn, FetchesKeysAnewForAnUnknownOneButNotForEachToken) {
  EXPECT_EQ(sign_in(), user_id_);
  key_ = IssuerKey(IssuerKey::Kind::ed25519, "key-2");
  issuer_.keys = {key_.jwk()};
  EXPECT_EQ(code_if_thrown([&] { sign_in(); }), ErrorCode::unauthenticated) << "not within a minute";
  server_.clock.advance(kKeyRetryMs);
  EXPECT_EQ(sign_in(), user_id_);
  const auto count = [&] {
    return std::ranges::count(issuer_.asked, std::string(kIssuer) + "/keys", &OutgoingRequest::url);
  };
  EXPECT_EQ(count(), 2);
  key_ = IssuerKey(IssuerKey::Kind::ed25519, "key-3");  // that the issuer never publishes
  for (int i = 0; i < 3; ++i) EXPECT_EQ(code_if_thrown([&] { sign_in(); }), ErrorCode::unauthenticated);
  EXPECT_EQ(count(), 2);
}

TEST_P(OidcSignIn, AsksTheIssuerOnceAnHour) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sign_in(), user_id_);
  const std::string url = std::string(kIssuer) + "/.well-known/openid-configuration";
  EXPECT_EQ(std::ranges::count(issuer_.asked, url, &OutgoingRequest::url), 1);
  server_.clock.advance(kDiscoveryMs);
  EXPECT_EQ(sign_in(), user_id_);
  EXPECT_EQ(std::ranges::count(issuer_.asked, url, &OutgoingRequest::url), 2);
}

TEST_P(OidcSignIn, DoesNotTrustADocumentThatNamesAnotherIssuerOrPlainAddresses) {
  for (const auto& [field, value] :
       {std::pair("issuer", "https://other.example"), std::pair("token_endpoint", "http://issuer.example/token"),
        std::pair("jwks_uri", "file:///etc/passwd"), std::pair("authorization_endpoint", "javascript:alert(1)")}) {
    TestIssuer bad;
    bad.keys = {key_.jwk()};
    bad.discovery[field] = value;
    Oidc oidc(server_.parts, config(), bad);
    EXPECT_EQ(code_if_thrown([&] { oidc.start(); }), ErrorCode::store_unavailable) << field;
  }
}

TEST_P(OidcSignIn, TellsARefusedCodeFromAnIssuerThatFails) {
  issuer_.token_status = 400;
  EXPECT_EQ(code_if_thrown([&] { sign_in(); }), ErrorCode::unauthenticated);
  issuer_.token_status = 500;
  EXPECT_EQ(code_if_thrown([&] { sign_in(); }), ErrorCode::store_unavailable);
}

TEST_P(OidcSignIn, KeepsNobodyOutHoweverManyWereBegun) {
  const auto first = oidc_.start();
  for (int n = 0; n < 20'000; ++n) oidc_.start();
  issuer_.id_token = signed_token(claims(parameter(first.url, "nonce")), key_);
  EXPECT_EQ(oidc_.finish({"code-1", first.state, first.state, std::nullopt}), user_id_);
  EXPECT_EQ(sign_in(), user_id_);
}

/// Answers nobody until it is told to.
class SilentIssuer final : public HttpsClient {
 public:
  OutgoingReply send(const OutgoingRequest&) override {
    is_answering.wait(false);
    throw Error(ErrorCode::store_unavailable, "no answer");
  }
  std::atomic<bool> is_answering{false};
};

TEST_P(OidcSignIn, HoldsFewThreadsWhereTheIssuerDoesNotAnswer) {
  SilentIssuer issuer;
  Oidc oidc(server_.parts, config(), issuer);
  std::atomic<int> refused_count{0};
  std::vector<std::jthread> browsers;
  constexpr TurnLimits kLimits;
  for (int n = 0; n < kLimits.at_once + kLimits.waiting + 6; ++n) {
    browsers.emplace_back([&] {
      if (code_if_thrown([&] { oidc.start(); }) == ErrorCode::rate_limited) ++refused_count;
    });
  }
  EXPECT_TRUE(wait_until([&] { return refused_count == kLimits.waiting + 6; }));
  issuer.is_answering = true;
  issuer.is_answering.notify_all();
}

/// Answers at one address only while it is told to.
class SlowIssuer final : public HttpsClient {
 public:
  explicit SlowIssuer(TestIssuer& issuer, std::string slow_path = "/token")
      : issuer_(issuer), slow_path_(std::move(slow_path)) {}
  OutgoingReply send(const OutgoingRequest& request) override {
    if (request.url.ends_with(slow_path_)) {
      ++waiting_count;
      is_answering.wait(false);
    }
    const std::lock_guard lock(mutex_);
    return issuer_.send(request);
  }
  std::atomic<bool> is_answering{false};
  std::atomic<int> waiting_count{0};

 private:
  TestIssuer& issuer_;
  std::string slow_path_;
  std::mutex mutex_;
};

constexpr int kMaxAsking = TurnLimits().at_once;

TEST_P(OidcSignIn, LetsThoseComeAgainWhoCameWhileTooManyWaited) {
  SlowIssuer issuer(issuer_);
  Oidc oidc(server_.parts, config(), issuer);
  std::vector<Oidc::Start> starts;
  for (int n = 0; n <= kMaxAsking; ++n) starts.push_back(oidc.start());
  const auto finish = [&](const Oidc::Start& start) {
    return oidc.finish({"code-1", start.state, start.state, std::nullopt});
  };
  std::vector<std::jthread> browsers;
  for (int n = 0; n < kMaxAsking; ++n) {
    browsers.emplace_back([&, n] { code_if_thrown([&] { finish(starts[static_cast<std::size_t>(n)]); }); });
  }
  EXPECT_TRUE(wait_until([&] { return issuer.waiting_count == kMaxAsking; }));
  EXPECT_EQ(code_if_thrown([&] { finish(starts.back()); }), ErrorCode::rate_limited);
  EXPECT_EQ(code_if_thrown([&] { finish({"", "invented"}); }), ErrorCode::unauthenticated) << "takes no turn";
  issuer.is_answering = true;
  issuer.is_answering.notify_all();
  browsers.clear();
  issuer_.id_token = signed_token(claims(parameter(starts.back().url, "nonce")), key_);
  EXPECT_EQ(finish(starts.back()), user_id_);
}

TEST_P(OidcSignIn, SendsTheClientsSecretFormEncodedAsBasic) {
  const std::string file = server_.folder / "secret";
  std::ofstream(file) << "s+ cret\n";
  std::filesystem::permissions(file, std::filesystem::perms{0644});
  OidcConfig with_secret = config();
  with_secret.client_secret_file = file;
  testing::internal::CaptureStderr();
  Oidc oidc(server_.parts, with_secret, issuer_);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("[oidc] client_secret_file"));
  const auto start = oidc.start();
  issuer_.id_token = signed_token(claims(parameter(start.url, "nonce")), key_);
  EXPECT_EQ(oidc.finish({"code-1", start.state, start.state, std::nullopt}), user_id_);
  EXPECT_EQ(issuer_.asked.back().basic_user, "naru");
  EXPECT_EQ(issuer_.asked.back().basic_password, "s%2B%20cret");
}

TEST_P(OidcSignIn, IsNotMadeFromABadConfiguration) {
  const auto code = [&](auto&& spoil) {
    OidcConfig bad = config();
    spoil(bad);
    return code_if_thrown([&] { Oidc(server_.parts, bad, issuer_); });
  };
  EXPECT_EQ(code([](OidcConfig& c) { c.issuer = "http://issuer.example"; }), ErrorCode::config_invalid);
  EXPECT_EQ(code([](OidcConfig& c) { c.client_id = ""; }), ErrorCode::config_invalid);
  EXPECT_EQ(code([](OidcConfig& c) { c.redirect_url = ""; }), ErrorCode::config_invalid);
  EXPECT_EQ(code([](OidcConfig& c) { c.client_secret_file = "/nowhere/secret"; }), ErrorCode::config_invalid);
}

TEST_P(OidcSignIn, RefusesAStateThatWasChangedOrBegunElsewhere) {
  const auto refuses = [&](const std::string& state) {
    return code_if_thrown([&] { oidc_.finish({"code-1", state, state, std::nullopt}); }) == ErrorCode::unauthenticated;
  };
  const auto start = oidc_.start();
  issuer_.id_token = signed_token(claims(parameter(start.url, "nonce")), key_);
  EXPECT_TRUE(refuses("9" + start.state)) << "a later end";
  EXPECT_TRUE(refuses(start.state + "0"));
  EXPECT_TRUE(refuses(start.state.substr(0, start.state.rfind('.'))));
  EXPECT_TRUE(refuses("."));
  Oidc other(server_.parts, config(), issuer_);
  const auto elsewhere = other.start();
  issuer_.id_token = signed_token(claims(parameter(elsewhere.url, "nonce")), key_);
  EXPECT_TRUE(refuses(elsewhere.state));
  EXPECT_EQ(sign_in(), user_id_);
}

TEST_P(OidcSignIn, LeavesTurnsForOthersHoweverOftenOneAddressAsks) {
  SlowIssuer issuer(issuer_);
  Oidc oidc(server_.parts, config(), issuer);
  const auto finish = [&](const std::string& address) {
    const auto start = oidc.start(address);
    oidc.finish({"invented", start.state, start.state, std::nullopt, address});
  };
  std::atomic<int> refused_count{0};
  std::vector<std::jthread> browsers;
  for (int n = 0; n < 4; ++n) {
    browsers.emplace_back([&] {
      if (code_if_thrown([&] { finish("203.0.113.7"); }) == ErrorCode::rate_limited) ++refused_count;
    });
  }
  EXPECT_TRUE(wait_until([&] { return refused_count == 2; }));
  EXPECT_EQ(issuer.waiting_count, 2);
  browsers.emplace_back([&] { code_if_thrown([&] { finish("203.0.113.8"); }); });
  EXPECT_TRUE(wait_until([&] { return issuer.waiting_count == 3; }));
  issuer.is_answering = true;
  issuer.is_answering.notify_all();
}

TEST_P(OidcSignIn, GoesOnWithWhatItKnowsWhileAnotherAsksTheIssuerAnew) {
  SlowIssuer issuer(issuer_, "/.well-known/openid-configuration");
  issuer.is_answering = true;
  Oidc oidc(server_.parts, config(), issuer);
  oidc.start();
  issuer.is_answering = false;
  server_.clock.advance(kDiscoveryMs);
  std::jthread renewing([&] { oidc.start(); });
  EXPECT_TRUE(wait_until([&] { return issuer.waiting_count == 2; }));
  for (int n = 0; n < 2 * kMaxAsking; ++n) oidc.start();
  EXPECT_EQ(issuer.waiting_count, 2) << "nobody else asks";
  issuer.is_answering = true;
  issuer.is_answering.notify_all();
  renewing.join();
  EXPECT_EQ(issuer.waiting_count, 2);
}

}  // namespace
}  // namespace naru::server::test
