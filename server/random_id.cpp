#include "server/random_id.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "core/digest.h"
#include "core/error.h"

namespace naru::server {

namespace {

template <std::size_t Size>
std::array<std::byte, Size> random_bytes() {
  if (sodium_init() < 0) throw Error(ErrorCode::internal, "libsodium does not start");
  std::array<std::byte, Size> bytes;
  randombytes_buf(bytes.data(), Size);
  return bytes;
}

}  // namespace

std::string random_id(std::string_view prefix) { return fmt::format("{}-{}", prefix, to_hex(random_bytes<16>())); }

std::string random_secret() {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  auto bytes = random_bytes<32>();
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    kVariant);
  text.pop_back();  // the terminating zero
  sodium_memzero(bytes.data(), bytes.size());
  return text;
}

}  // namespace naru::server
