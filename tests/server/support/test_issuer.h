/// An OpenID provider without sockets, that signs whatever a test tells it to.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/https_client.h"

namespace naru::server::test {

inline constexpr std::string_view kIssuer = "https://issuer.example";

/// A key pair made by OpenSSL. Its JWK is written here from OpenSSL's numbers, not by the code under test.
class IssuerKey {
 public:
  enum class Kind { rsa, p256, ed25519 };
  IssuerKey(Kind kind, std::string id, int rsa_bits = 2048);

  nlohmann::json jwk() const;
  std::string algorithm() const;                  ///< "RS256", ...
  std::string sign(std::string_view text) const;  ///< in JWS form
  std::string public_pem() const;
  const std::string& id() const { return id_; }

 private:
  Kind kind_;
  std::string id_;
  std::shared_ptr<void> key_;
};

std::string base64url(std::string_view bytes);  ///< OpenSSL's base64, not libsodium's

/// HEADER.CLAIMS.SIGNATURE
std::string signed_token(const nlohmann::json& header, const nlohmann::json& claims, const IssuerKey& key);
/// The same, with the key's own header.
std::string signed_token(const nlohmann::json& claims, const IssuerKey& key);

/// Answers what an issuer answers, and remembers what it was asked.
class TestIssuer final : public HttpsClient {
 public:
  OutgoingReply send(const OutgoingRequest& request) override;

  nlohmann::json discovery;
  std::vector<nlohmann::json> keys;
  std::string id_token;  ///< what the token endpoint gives
  int token_status = 200;
  std::vector<OutgoingRequest> asked;
  TestIssuer();
};

}  // namespace naru::server::test
