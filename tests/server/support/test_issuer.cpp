#include "tests/server/support/test_issuer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace naru::server::test {

namespace {

EVP_PKEY* pkey(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

void require(bool is_good, const char* what) {
  if (!is_good) throw std::runtime_error(what);
}

std::string bytes_of(const BIGNUM* number, int size_bytes) {
  std::string bytes(static_cast<std::size_t>(size_bytes), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size_bytes);
  return bytes;
}

std::string number_of(EVP_PKEY* key, const char* name, int size_bytes) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  std::string bytes = bytes_of(number, size_bytes > 0 ? size_bytes : BN_num_bytes(number));
  BN_free(number);
  return bytes;
}

std::string raw_ecdsa(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  require(pair != nullptr, "d2i_ECDSA_SIG");
  std::string raw = bytes_of(ECDSA_SIG_get0_r(pair), 32) + bytes_of(ECDSA_SIG_get0_s(pair), 32);
  ECDSA_SIG_free(pair);
  return raw;
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

IssuerKey::IssuerKey(Kind kind, std::string id, int rsa_bits) : kind_(kind), id_(std::move(id)) {
  EVP_PKEY* made = kind == Kind::rsa    ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits))
                   : kind == Kind::p256 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                                        : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  require(made != nullptr, "EVP_PKEY_Q_keygen");
  key_ = std::shared_ptr<void>(made, [](void* key) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); });
}

std::string IssuerKey::algorithm() const {
  return kind_ == Kind::rsa ? "RS256" : kind_ == Kind::p256 ? "ES256" : "EdDSA";
}

nlohmann::json IssuerKey::jwk() const {
  nlohmann::json json = {{"kid", id_}, {"use", "sig"}, {"alg", algorithm()}};
  if (kind_ == Kind::rsa) {
    json["kty"] = "RSA";
    json["n"] = base64url(number_of(pkey(key_), OSSL_PKEY_PARAM_RSA_N, 0));
    json["e"] = base64url(number_of(pkey(key_), OSSL_PKEY_PARAM_RSA_E, 0));
  } else if (kind_ == Kind::p256) {
    json["kty"] = "EC";
    json["crv"] = "P-256";
    json["x"] = base64url(number_of(pkey(key_), OSSL_PKEY_PARAM_EC_PUB_X, 32));
    json["y"] = base64url(number_of(pkey(key_), OSSL_PKEY_PARAM_EC_PUB_Y, 32));
  } else {
    std::string x(32, '\0');
    std::size_t size_bytes = x.size();
    EVP_PKEY_get_raw_public_key(pkey(key_), reinterpret_cast<unsigned char*>(x.data()), &size_bytes);
    json["kty"] = "OKP";
    json["crv"] = "Ed25519";
    json["x"] = base64url(x);
  }
  return json;
}

std::string IssuerKey::sign(std::string_view text) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* digest = kind_ == Kind::ed25519 ? nullptr : EVP_sha256();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size_bytes = 0;
  require(EVP_DigestSignInit(context, nullptr, digest, nullptr, pkey(key_)) == 1 &&
              EVP_DigestSign(context, nullptr, &size_bytes, bytes, text.size()) == 1,
          "EVP_DigestSign");
  std::string signature(size_bytes, '\0');
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size_bytes, bytes, text.size());
  EVP_MD_CTX_free(context);
  signature.resize(size_bytes);
  return kind_ == Kind::p256 ? raw_ecdsa(signature) : signature;
}

std::string IssuerKey::public_pem() const {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(memory, pkey(key_));
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory, &text);
  std::string pem(text, static_cast<std::size_t>(length));
  BIO_free(memory);
  return pem;
}

std::string signed_token(const nlohmann::json& header, const nlohmann::json& claims, const IssuerKey& key) {
  const std::string text = base64url(header.dump()) + '.' + base64url(claims.dump());
  return text + '.' + base64url(key.sign(text));
}

std::string signed_token(const nlohmann::json& claims, const IssuerKey& key) {
  return signed_token({{"alg", key.algorithm()}, {"kid", key.id()}, {"typ", "JWT"}}, claims, key);
}

TestIssuer::TestIssuer()
    : discovery({{"issuer", kIssuer},
                 {"authorization_endpoint", std::string(kIssuer) + "/authorize"},
                 {"token_endpoint", std::string(kIssuer) + "/token"},
                 {"jwks_uri", std::string(kIssuer) + "/keys"}}) {}

OutgoingReply TestIssuer::send(const OutgoingRequest& request) {
  asked.push_back(request);
  const std::string_view path = std::string_view(request.url).substr(kIssuer.size());
  if (path == "/.well-known/openid-configuration") return {200, discovery.dump()};
  if (path == "/keys") return {200, nlohmann::json({{"keys", keys}}).dump()};
  if (path == "/token" && token_status == 200) {
    return {200, nlohmann::json({{"access_token", "a"}, {"token_type", "Bearer"}, {"id_token", id_token}}).dump()};
  }
  return {path == "/token" ? token_status : 404, "{}"};
}

}  // namespace naru::server::test
