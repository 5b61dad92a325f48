#include "server/auth/id_token.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <functional>

#include "tests/server/support/error_code.h"
#include "tests/server/support/test_issuer.h"

namespace naru::server::test {
namespace {

using nlohmann::json;

constexpr std::int64_t kNow = 1767225600;
const ExpectedClaims kExpected{std::string(kIssuer), "naru", "nonce-1", kNow};

json good_claims() {
  return {{"iss", kIssuer},    {"sub", "person-1"}, {"aud", "naru"},
          {"exp", kNow + 300}, {"iat", kNow - 5},   {"nonce", "nonce-1"}};
}

/// Making RSA keys takes long: one of each kind for all tests.
const IssuerKey& key_of(IssuerKey::Kind kind) {
  static const IssuerKey keys[] = {
      {IssuerKey::Kind::rsa, "rsa-1"}, {IssuerKey::Kind::p256, "p256-1"}, {IssuerKey::Kind::ed25519, "ed-1"}};
  return keys[static_cast<int>(kind)];
}
const IssuerKey& rsa() { return key_of(IssuerKey::Kind::rsa); }
constexpr IssuerKey::Kind kKinds[] = {IssuerKey::Kind::rsa, IssuerKey::Kind::p256, IssuerKey::Kind::ed25519};

std::vector<Jwk> published(std::initializer_list<json> keys) {
  return keys_from_json(json({{"keys", std::vector<json>(keys)}}).dump());
}

std::optional<ErrorCode> verdict(const std::string& token, const std::vector<Jwk>& keys) {
  return code_if_thrown([&] { checked_subject(token, keys, kExpected); });
}

TEST(IdToken, HoldsWithEachOfTheThreeAlgorithms) {
  for (const auto kind : kKinds) {
    const IssuerKey& key = key_of(kind);
    EXPECT_EQ(checked_subject(signed_token(good_claims(), key), published({key.jwk()}), kExpected), "person-1")
        << key.algorithm();
  }
}

/// RFC 8037 appendix A.4: a signature that others made.
TEST(IdToken, VerifiesThePublishedExampleOfEdDsa) {
  const auto keys =
      published({{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}});
  ASSERT_EQ(keys.size(), 1U);
  std::string signature(64, '\0');
  const std::string text = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg==";
  std::string standard = text;
  for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
  std::string decoded(standard.size(), '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                  reinterpret_cast<const unsigned char*>(standard.data()), static_cast<int>(standard.size()));
  signature = decoded.substr(0, 64);
  EXPECT_TRUE(keys[0].has_signed("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", signature));
  EXPECT_FALSE(keys[0].has_signed("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd", signature));
}

TEST(IdToken, IsRefusedForEachWrongClaim) {
  const struct {
    const char* what;
    std::function<void(json&)> spoil;
  } cases[] = {
      {"iss", [](json& c) { c["iss"] = "https://other.example"; }},
      {"iss with a slash", [](json& c) { c["iss"] = std::string(kIssuer) + "/"; }},
      {"no iss", [](json& c) { c.erase("iss"); }},
      {"aud", [](json& c) { c["aud"] = "other"; }},
      {"no aud", [](json& c) { c.erase("aud"); }},
      {"aud of others",
       [](json& c) {
         c["aud"] = json::array({"other", "third"});
       }},
      {"aud of several without azp",
       [](json& c) {
         c["aud"] = json::array({"naru", "other"});
       }},
      {"aud of several for another",
       [](json& c) {
         c["aud"] = json::array({"naru", "other"}), c["azp"] = "other";
       }},
      {"azp", [](json& c) { c["azp"] = "other"; }},
      {"expired", [](json& c) { c["exp"] = kNow - kClockSkewS; }},
      {"no exp", [](json& c) { c.erase("exp"); }},
      {"exp as text", [](json& c) { c["exp"] = "9999999999"; }},
      {"exp beyond all times", [](json& c) { c["exp"] = 1e300; }},
      {"iat in the future", [](json& c) { c["iat"] = kNow + kClockSkewS + 1; }},
      {"iat long ago", [](json& c) { c["iat"] = kNow - kOldestIssueS - kClockSkewS - 1; }},
      {"no iat", [](json& c) { c.erase("iat"); }},
      {"nbf in the future", [](json& c) { c["nbf"] = kNow + kClockSkewS + 1; }},
      {"nonce", [](json& c) { c["nonce"] = "nonce-2"; }},
      {"no nonce", [](json& c) { c.erase("nonce"); }},
      {"no sub", [](json& c) { c.erase("sub"); }},
      {"empty sub", [](json& c) { c["sub"] = ""; }},
      {"sub as a number", [](json& c) { c["sub"] = 1; }},
  };
  const auto keys = published({rsa().jwk()});
  for (const auto& [what, spoil] : cases) {
    json claims = good_claims();
    spoil(claims);
    EXPECT_EQ(verdict(signed_token(claims, rsa()), keys), ErrorCode::unauthenticated) << what;
  }
}

TEST(IdToken, HoldsAtTheEdgesOfTheSkew) {
  json claims = good_claims();
  claims["exp"] = kNow - kClockSkewS + 1;
  claims["nbf"] = kNow + kClockSkewS;
  claims["iat"] = kNow - kOldestIssueS - kClockSkewS;
  claims["aud"] = json::array({"other", "naru"});
  claims["azp"] = "naru";
  EXPECT_EQ(verdict(signed_token(claims, rsa()), published({rsa().jwk()})), std::nullopt);
}

TEST(IdToken, IsRefusedOnceOneBitChanged) {
  for (const auto kind : kKinds) {
    const IssuerKey& key = key_of(kind);
    const auto keys = published({key.jwk()});
    const std::string token = signed_token(good_claims(), key);
    const std::size_t dots[] = {token.find('.'), token.rfind('.')};
    for (const std::size_t at : {dots[0] + 5, dots[1] + 1, dots[1] + 20}) {
      std::string changed = token;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      EXPECT_EQ(verdict(changed, keys), ErrorCode::unauthenticated) << key.algorithm() << " at " << at;
    }
    EXPECT_EQ(verdict(token.substr(0, dots[1] + 1), keys), ErrorCode::unauthenticated) << "no signature";
  }
}

TEST(IdToken, IsRefusedWithAnotherKeyOfTheSameName) {
  const IssuerKey other(IssuerKey::Kind::p256, "p256-1");
  EXPECT_EQ(verdict(signed_token(good_claims(), other), published({key_of(IssuerKey::Kind::p256).jwk()})),
            ErrorCode::unauthenticated);
}

TEST(IdToken, IsRefusedWithoutSignatureOrWithASharedSecret) {
  const auto keys = published({rsa().jwk()});
  const std::string claims = base64url(good_claims().dump());
  for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = base64url(json({{"alg", none}, {"kid", "rsa-1"}}).dump());
    EXPECT_EQ(verdict(header + '.' + claims + '.', keys), ErrorCode::unauthenticated) << none;
  }
  // The classic: the public key, taken for an HMAC's secret.
  const std::string text = base64url(json({{"alg", "HS256"}, {"kid", "rsa-1"}}).dump()) + '.' + claims;
  const std::string secret = rsa().public_pem();
  std::string tag(32, '\0');
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), reinterpret_cast<unsigned char*>(tag.data()),
       nullptr);
  EXPECT_EQ(verdict(text + '.' + base64url(tag), keys), ErrorCode::unauthenticated);
}

TEST(IdToken, IsRefusedWhereTheAlgorithmDoesNotFitTheKey) {
  for (const auto signer : kKinds) {
    for (const auto claimed : kKinds) {
      const json header = {{"alg", key_of(claimed).algorithm()}, {"kid", key_of(signer).id()}};
      const auto code = verdict(signed_token(header, good_claims(), key_of(signer)), published({key_of(signer).jwk()}));
      EXPECT_EQ(code, signer == claimed ? std::nullopt : std::optional(ErrorCode::unauthenticated));
    }
  }
  for (const char* other : {"RS512", "PS256", "ES384", "HS256", "RS256 "}) {
    const json header = {{"alg", other}, {"kid", "rsa-1"}};
    EXPECT_EQ(verdict(signed_token(header, good_claims(), rsa()), published({rsa().jwk()})),
              ErrorCode::unauthenticated);
  }
}

TEST(IdToken, TellsAnUnknownKeyFromAWrongOne) {
  const auto keys = published({key_of(IssuerKey::Kind::ed25519).jwk()});
  EXPECT_THROW(checked_subject(signed_token(good_claims(), rsa()), keys, kExpected), UnknownKey);
  EXPECT_THROW(checked_subject(signed_token(good_claims(), rsa()), {}, kExpected), UnknownKey);
}

TEST(IdToken, MayLeaveOutTheKeysNameOnlyWhereThereIsOneKey) {
  const std::string token = signed_token({{"alg", "ES256"}}, good_claims(), key_of(IssuerKey::Kind::p256));
  const json mine = key_of(IssuerKey::Kind::p256).jwk(), other = IssuerKey(IssuerKey::Kind::p256, "b").jwk();
  EXPECT_EQ(verdict(token, published({mine, rsa().jwk()})), std::nullopt);
  EXPECT_EQ(verdict(token, published({other, mine})), ErrorCode::unauthenticated);
}

TEST(IdToken, IsRefusedWhenMalformed) {
  const auto keys = published({rsa().jwk()});
  const std::string token = signed_token(good_claims(), rsa());
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), token + ".x", token + "=",
        ' ' + token, std::string(kMaxIdTokenBytes + 1, 'a'), base64url("[]") + '.' + base64url("[]") + ".AA"}) {
    EXPECT_EQ(verdict(bad, keys), ErrorCode::unauthenticated) << bad.substr(0, 40);
  }
  const json header = {{"alg", "RS256"}, {"kid", "rsa-1"}, {"crit", {"exp"}}};
  EXPECT_EQ(verdict(signed_token(header, good_claims(), rsa()), keys), ErrorCode::unauthenticated);
}

TEST(Jwk, IsTakenOnlyWhereItIsStrongAndForSignatures) {
  const auto count = [](const json& key) { return published({key}).size(); };
  const auto with = [](json key, const char* name, const json& value) {
    key[name] = value;
    return key;
  };
  const json key = key_of(IssuerKey::Kind::p256).jwk();
  EXPECT_EQ(count(key), 1U);
  EXPECT_EQ(count(with(key, "use", "enc")), 0U);
  EXPECT_EQ(count(with(key, "alg", "RS256")), 0U);
  EXPECT_EQ(count(with(key, "crv", "P-384")), 0U);
  EXPECT_EQ(count(with(key, "x", base64url(std::string(32, '\1')))), 0U) << "a point that is not on the curve";
  EXPECT_EQ(count(with(key, "x", base64url(std::string(33, '\0')))), 0U);
  EXPECT_EQ(count(IssuerKey(IssuerKey::Kind::rsa, "weak", 1024).jwk()), 0U);
  EXPECT_EQ(count(with(rsa().jwk(), "e", "AQ")), 0U) << "exponent 1: everything is signed";
  EXPECT_EQ(count({{"kty", "oct"}, {"k", base64url("secret")}}), 0U);
  EXPECT_EQ(code_if_thrown([] { keys_from_json("{}"); }), ErrorCode::store_unavailable);
  EXPECT_EQ(code_if_thrown([] { keys_from_json("no json"); }), ErrorCode::store_unavailable);
}

}  // namespace
}  // namespace naru::server::test
