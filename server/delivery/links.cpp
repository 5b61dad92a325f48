#include "server/delivery/links.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <charconv>

#include "core/error.h"
#include "server/audit/key_store.h"

namespace naru::server {

namespace {

constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
using Tag = std::array<unsigned char, crypto_auth_BYTES>;

Tag tag_of(const KeyStore& keys, const Link& link) {
  // The parts hold no newline: ids are ours, or come decoded from a query and then fit no row.
  const std::string text = fmt::format("{}\n{}\n{}\n{}", link.object_id, link.user_id, link.grant_id, link.expires_ms);
  const std::string key = keys.derived("link");
  static_assert(crypto_auth_KEYBYTES == 32);
  if (key.size() != crypto_auth_KEYBYTES) throw Error(ErrorCode::internal, "the key of links has another size");
  Tag tag;
  crypto_auth(tag.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
              reinterpret_cast<const unsigned char*>(key.data()));
  return tag;
}

std::string to_base64(const Tag& tag) {
  std::string text(sodium_base64_ENCODED_LEN(tag.size(), kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), tag.data(), tag.size(), kBase64);
  text.pop_back();
  return text;
}

bool is_tag(std::string_view text, const Tag& tag) {
  Tag given;
  std::size_t size = 0;
  return sodium_base642bin(given.data(), given.size(), text.data(), text.size(), nullptr, &size, nullptr, kBase64) ==
             0 &&
         size == tag.size() && sodium_memcmp(given.data(), tag.data(), tag.size()) == 0;
}

}  // namespace

std::string signed_path(const KeyStore& keys, const Link& link) {
  return fmt::format("/api/v1/data/{}?user={}&grant={}&expires={}&signature={}", link.object_id, link.user_id,
                     link.grant_id, link.expires_ms, to_base64(tag_of(keys, link)));
}

std::optional<Link> link_of(const KeyStore& keys, const Request& request, const std::string& object_id,
                            std::int64_t now_ms) {
  const auto signature = request.query_value("signature");
  if (!signature) return std::nullopt;
  const auto value = [&](std::string_view name) { return std::string(request.query_value(name).value_or("")); };
  Link link{object_id, value("user"), value("grant"), 0};
  const std::string expires = value("expires");
  std::from_chars(expires.data(), expires.data() + expires.size(), link.expires_ms);
  if (!is_tag(*signature, tag_of(keys, link))) {
    throw Error(ErrorCode::unauthenticated, "this link was not made by this server, or was changed");
  }
  if (now_ms >= link.expires_ms) {
    throw Error(ErrorCode::unauthenticated, "this link is too old; ask for a new one and resume");
  }
  return link;
}

}  // namespace naru::server
