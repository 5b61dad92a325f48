#include "server/audit/base64.h"

#include <sodium.h>

namespace naru::server {

namespace {

constexpr int kStandard = sodium_base64_VARIANT_ORIGINAL, kUrl = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string encoded(std::span<const std::byte> bytes, int variant) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    variant);
  text.pop_back();  // the terminating zero
  return text;
}

std::optional<std::string> decoded(std::string_view text, int variant) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, variant) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  // Compared as text: libsodium 1.0.18 takes the byte 0xAF for a '/' as well.
  return encoded(std::as_bytes(std::span(bytes)), variant) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace

std::string to_base64(std::span<const std::byte> bytes) { return encoded(bytes, kStandard); }
std::string to_base64(std::string_view bytes) { return to_base64(std::as_bytes(std::span(bytes))); }
std::optional<std::string> from_base64(std::string_view text) { return decoded(text, kStandard); }

std::string to_base64url(std::span<const std::byte> bytes) { return encoded(bytes, kUrl); }
std::string to_base64url(std::string_view bytes) { return to_base64url(std::as_bytes(std::span(bytes))); }
std::optional<std::string> from_base64url(std::string_view text) { return decoded(text, kUrl); }

}  // namespace naru::server
