/// Small operations on secrets that every part of `auth` needs.
#pragma once

#include <string>
#include <string_view>

namespace naru::server {

/// As OpenSSL and libsodium want them.
inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// What is stored of a secret: its SHA-256 in hexadecimal. Enough for secrets of 256 random bits, not for passwords.
std::string sha256_of(std::string_view secret);

/// Whether two texts are the same, in a time that depends on their lengths alone.
bool is_same_secret(std::string_view a, std::string_view b);

/// HMAC-SHA256 of `text`, in hexadecimal.
std::string hmac_sha256(std::string_view key, std::string_view text);

}  // namespace naru::server
