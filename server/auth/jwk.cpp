#include "server/auth/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "server/audit/base64.h"
#include "server/auth/secrets.h"

namespace naru::server {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using Key = std::shared_ptr<EVP_PKEY>;

constexpr std::size_t kCoordinateBytes = 32;  // of P-256 and Ed25519
constexpr int kMinRsaBits = 2048, kMaxRsaBits = 8192;
constexpr std::size_t kMaxKeyTextBytes = 2048;

struct AlgorithmRow {
  std::string_view name, key_type, curve;
};
constexpr std::array kAlgorithms = {AlgorithmRow{"RS256", "RSA", ""}, AlgorithmRow{"ES256", "EC", "P-256"},
                                    AlgorithmRow{"EdDSA", "OKP", "Ed25519"}};

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::string key_text(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return {};
  auto text = found->get<std::string>();
  return text.size() <= kMaxKeyTextBytes ? text : std::string();
}

std::string bytes_at(const nlohmann::json& json, const char* name) {
  return from_base64url(key_text(json, name)).value_or("");
}

/// A public key of `type` with these numbers; null where OpenSSL refuses it.
Key key_of(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  Key key(made, &EVP_PKEY_free);
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr));
  return check && EVP_PKEY_public_check(check.get()) == 1 ? key : nullptr;
}

Key rsa_key(const nlohmann::json& json) {
  const Number modulus = number_of(bytes_at(json, "n")), exponent = number_of(bytes_at(json, "e"));
  if (!modulus || !exponent || BN_num_bits(modulus.get()) < kMinRsaBits || BN_num_bits(modulus.get()) > kMaxRsaBits ||
      BN_num_bits(exponent.get()) < 2 || BN_num_bits(exponent.get()) > 64 || !BN_is_odd(exponent.get())) {
    return nullptr;
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return key_of("RSA", builder.get());
}

Key p256_key(const nlohmann::json& json) {
  const std::string x = bytes_at(json, "x"), y = bytes_at(json, "y");
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return nullptr;
  const std::string point = '\x04' + x + y;  // uncompressed: SEC 1 section 2.3.3
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  return key_of("EC", builder.get());
}

Key ed25519_key(const nlohmann::json& json) {
  const std::string x = bytes_at(json, "x");
  if (x.size() != kCoordinateBytes) return nullptr;
  EVP_PKEY* made = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size());
  return made == nullptr ? nullptr : Key(made, &EVP_PKEY_free);
}

/// JWS holds r and s side by side (RFC 7518 section 3.4), OpenSSL wants DER.
std::string der_of(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return {};
  const Signature pair(ECDSA_SIG_new());
  Number r = number_of(signature.substr(0, kCoordinateBytes)), s = number_of(signature.substr(kCoordinateBytes));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  r.release();
  s.release();
  unsigned char* der = nullptr;
  const int size_bytes = i2d_ECDSA_SIG(pair.get(), &der);
  if (size_bytes <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size_bytes));
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::optional<SignatureAlgorithm> signature_algorithm_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kAlgorithms.size(); ++i) {
    if (kAlgorithms[i].name == name) return static_cast<SignatureAlgorithm>(i);
  }
  return std::nullopt;
}

std::optional<Jwk> Jwk::from_json(const nlohmann::json& json) {
  if (!json.is_object()) return std::nullopt;
  if (json.contains("use") && key_text(json, "use") != "sig") return std::nullopt;
  constexpr std::array kMakers = {&rsa_key, &p256_key, &ed25519_key};
  for (std::size_t i = 0; i < kAlgorithms.size(); ++i) {
    const AlgorithmRow& row = kAlgorithms[i];
    if (key_text(json, "kty") != row.key_type || key_text(json, "crv") != row.curve) continue;
    if (json.contains("alg") && key_text(json, "alg") != row.name) return std::nullopt;
    Key key = kMakers[i](json);
    if (!key) return std::nullopt;
    return Jwk(key_text(json, "kid"), static_cast<SignatureAlgorithm>(i), std::move(key));
  }
  return std::nullopt;
}

bool Jwk::has_signed(std::string_view text, std::string_view signature) const {
  auto* key = static_cast<EVP_PKEY*>(key_.get());
  std::string der;
  if (algorithm_ == SignatureAlgorithm::es256) {
    der = der_of(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const EVP_MD* digest = algorithm_ == SignatureAlgorithm::eddsa ? nullptr : EVP_sha256();  // EdDSA hashes itself
  const DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

std::vector<Jwk> keys_from_json(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  const auto found = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || found == document.end() || !found->is_array() || found->size() > kMaxKeysOfIssuer) {
    throw Error(ErrorCode::store_unavailable, "the identity provider's keys are no JWK set");
  }
  std::vector<Jwk> keys;
  for (const auto& entry : *found) {
    if (auto key = Jwk::from_json(entry)) keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace naru::server
