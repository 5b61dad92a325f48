/// Public keys of an issuer, as JSON Web Keys (RFC 7517, 7518, 8037); the arithmetic is OpenSSL's.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

/// The signatures that we accept: of keys that come in public and private halves alone, so that what an issuer
/// publishes can never be taken for a shared secret.
enum class SignatureAlgorithm : std::uint8_t { rs256, es256, eddsa };
std::optional<SignatureAlgorithm> signature_algorithm_from_name(std::string_view name);  ///< "RS256", "ES256", "EdDSA"

/// One key, fit for one algorithm. Immutable; safe to use from any thread.
class Jwk {
 public:
  /// RSA of 2048 to 8192 bits, P-256 or Ed25519, for signatures; empty for any other or malformed key.
  static std::optional<Jwk> from_json(const nlohmann::json& json);

  const std::string& id() const { return id_; }  ///< "kid"; may be empty
  SignatureAlgorithm algorithm() const { return algorithm_; }
  /// Whether `signature` (in JWS form) over `text` was made by this key's other half.
  bool has_signed(std::string_view text, std::string_view signature) const;

 private:
  Jwk(std::string id, SignatureAlgorithm algorithm, std::shared_ptr<void> key)
      : id_(std::move(id)), algorithm_(algorithm), key_(std::move(key)) {}

  std::string id_;
  SignatureAlgorithm algorithm_;
  std::shared_ptr<void> key_;  ///< EVP_PKEY
};

inline constexpr std::size_t kMaxKeysOfIssuer = 64;

/// The usable keys of a JWK set; others are passed over. @throws Error{store_unavailable} where it is none
std::vector<Jwk> keys_from_json(std::string_view json);

}  // namespace naru::server
