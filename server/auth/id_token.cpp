#include "server/auth/id_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "server/audit/base64.h"
#include "server/auth/secrets.h"

namespace naru::server {

namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(std::string_view reason) {
  throw Error(ErrorCode::unauthenticated, fmt::format("the identity provider's token is refused: {}", reason));
}

struct Parts {
  std::string_view signed_text;
  Json header, claims;
  std::string signature;
};

Json object_of(std::string_view base64url, std::string_view what) {
  const auto bytes = from_base64url(base64url);
  Json json = bytes ? Json::parse(*bytes, nullptr, false) : Json();
  if (!json.is_object()) refuse(fmt::format("its {} is no JSON object", what));
  return json;
}

Parts parts_of(std::string_view token) {
  if (token.size() > kMaxIdTokenBytes) refuse("it is too long");
  const std::size_t first = token.find('.'), second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) refuse("it has no three parts");
  auto signature = from_base64url(token.substr(second + 1));
  if (!signature) refuse("its signature is no base64url");
  return {token.substr(0, second), object_of(token.substr(0, first), "header"),
          object_of(token.substr(first + 1, second - first - 1), "payload"), *std::move(signature)};
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A time in whole seconds; a NumericDate may have a fraction.
std::optional<std::int64_t> time_of(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::nullopt;
  constexpr double kLatest = 1e12;
  if (!found->is_number() || !(std::abs(found->get<double>()) < kLatest)) refuse(fmt::format("{} is no time", name));
  return static_cast<std::int64_t>(found->get<double>());
}

const Jwk& key_for(const Json& header, SignatureAlgorithm algorithm, std::span<const Jwk> keys) {
  const std::string id = text_of(header, "kid");
  if (header.contains("kid") && id.empty()) refuse("kid is no text");
  const Jwk* found = nullptr;
  bool is_id_known = false;
  for (const Jwk& key : keys) {
    if (!id.empty() && key.id() != id) continue;
    is_id_known = true;
    if (key.algorithm() != algorithm) continue;
    if (found != nullptr) refuse("it does not say which key signed it");
    found = &key;
  }
  if (found != nullptr) return *found;
  if (is_id_known) refuse("its algorithm does not fit the key");
  throw UnknownKey();
}

void check_signature(const Parts& parts, std::span<const Jwk> keys) {
  // RFC 8725: the algorithm is one that we chose, and the key says which one it serves.
  const auto algorithm = signature_algorithm_from_name(text_of(parts.header, "alg"));
  if (!algorithm) refuse("its algorithm is not RS256, ES256 or EdDSA");
  if (parts.header.contains("crit")) refuse("it has critical extensions");
  if (!key_for(parts.header, *algorithm, keys).has_signed(parts.signed_text, parts.signature)) {
    refuse("its signature is wrong");
  }
}

void check_audience(const Json& claims, const std::string& client_id) {
  const auto audience = claims.find("aud");
  if (audience == claims.end()) refuse("aud is missing");
  const bool is_list = audience->is_array();
  const bool is_ours =
      is_list ? std::ranges::find(*audience, Json(client_id)) != audience->end() : *audience == Json(client_id);
  if (!is_ours) refuse("aud is another client");
  const bool has_party = claims.contains("azp");
  if (is_list && audience->size() > 1 && !has_party) refuse("azp is missing");
  if (has_party && text_of(claims, "azp") != client_id) refuse("azp is another client");
}

void check_times(const Json& claims, std::int64_t now_s) {
  const auto expires = time_of(claims, "exp"), issued = time_of(claims, "iat"), not_before = time_of(claims, "nbf");
  if (!expires) refuse("exp is missing");
  if (now_s >= *expires + kClockSkewS) refuse("it expired");
  if (!issued) refuse("iat is missing");
  if (*issued > now_s + kClockSkewS) refuse("iat lies in the future");
  if (*issued < now_s - kOldestIssueS - kClockSkewS) refuse("iat is too long ago");
  if (not_before && *not_before > now_s + kClockSkewS) refuse("nbf lies in the future");
}

}  // namespace

std::string checked_subject(std::string_view token, std::span<const Jwk> keys, const ExpectedClaims& expected) {
  const Parts parts = parts_of(token);
  check_signature(parts, keys);
  if (text_of(parts.claims, "iss") != expected.issuer) refuse("iss is another issuer");
  check_audience(parts.claims, expected.client_id);
  check_times(parts.claims, expected.now_s);
  if (!is_same_secret(text_of(parts.claims, "nonce"), expected.nonce)) refuse("nonce is not the one that was sent");
  std::string subject = text_of(parts.claims, "sub");
  if (subject.empty() || subject.size() > 255) refuse("sub is missing or too long");
  return subject;
}

}  // namespace naru::server
