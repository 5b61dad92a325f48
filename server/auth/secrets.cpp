#include "server/auth/secrets.h"

#include <sodium.h>

#include <array>
#include <span>

#include "core/digest.h"
#include "core/error.h"

namespace naru::server {

namespace {

void require_sodium() {
  if (sodium_init() < 0) throw Error(ErrorCode::internal, "libsodium does not start");
}

}  // namespace

std::string sha256_of(std::string_view secret) { return sha256_hex(secret); }

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

}  // namespace naru::server
