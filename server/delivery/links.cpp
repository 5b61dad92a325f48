#include "server/delivery/links.h"

#include <fmt/format.h>

#include <charconv>

#include "core/error.h"
#include "server/audit/key_store.h"
#include "server/auth/secrets.h"

namespace naru::server {

namespace {

std::string signature_of(const KeyStore& keys, const Link& link) {
  // The parts hold no newline: ids are ours, or come decoded from a query and then fit no row.
  return hmac_sha256(keys.derived("link"),
                     fmt::format("{}\n{}\n{}\n{}", link.object_id, link.credential, link.grant_id, link.expires_ms));
}

}  // namespace

std::string signed_path(const KeyStore& keys, const Link& link) {
  return fmt::format("/api/v1/data/{}?credential={}&grant={}&expires={}&signature={}", link.object_id, link.credential,
                     link.grant_id, link.expires_ms, signature_of(keys, link));
}

std::optional<Link> link_of(const KeyStore& keys, const Request& request, const std::string& object_id,
                            std::int64_t now_ms) {
  const auto signature = request.query_value("signature");
  if (!signature) return std::nullopt;
  const auto value = [&](std::string_view name) { return std::string(request.query_value(name).value_or("")); };
  Link link{object_id, value("credential"), value("grant"), 0};
  const std::string expires = value("expires");
  std::from_chars(expires.data(), expires.data() + expires.size(), link.expires_ms);
  if (!is_same_secret(*signature, signature_of(keys, link))) {
    throw Error(ErrorCode::unauthenticated, "this link was not made by this server, or was changed");
  }
  if (now_ms >= link.expires_ms) {
    throw Error(ErrorCode::unauthenticated, "this link is too old; ask for a new one and resume");
  }
  return link;
}

}  // namespace naru::server
