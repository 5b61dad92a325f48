#include "server/random_id.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "core/digest.h"
#include "core/error.h"
#include "server/audit/base64.h"

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

std::string random_id(std::string_view prefix) { return fmt::format("{}-{}", prefix, naru::to_hex(random_bytes<16>())); }

std::string random_secret() {
  auto bytes = random_bytes<32>();
  std::string text = to_base64url(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return text;
}

}  // namespace naru::server
