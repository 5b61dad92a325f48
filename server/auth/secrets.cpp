#include "server/auth/secrets.h"

#include <sodium.h>

#include <array>
#include <span>

#include "core/digest.h"
#include "core/error.h"

namespace naru::server {

namespace {

constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

void require_sodium() {
  if (sodium_init() < 0) throw Error(ErrorCode::internal, "libsodium does not start");
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string sha256_of(std::string_view secret) { return sha256_hex(std::as_bytes(std::span(secret))); }

bool is_same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  require_sodium();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(text), text.size());
  std::array<std::byte, crypto_auth_hmacsha256_BYTES> tag;
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(tag.data()));
  return to_hex(tag);
}

std::string to_base64url(std::string_view bytes) {
  require_sodium();
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), kVariant);
  text.pop_back();  // the terminating zero
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  require_sodium();
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size_bytes = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &size_bytes, &end, kVariant) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  bytes.resize(size_bytes);
  return bytes;
}

}  // namespace naru::server
