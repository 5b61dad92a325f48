#include "core/pseudonym.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cassert>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "core/digest.h"

namespace naru {

namespace {

using Bytes = PseudonymKey::Bytes;
__extension__ typedef unsigned __int128 Uint128;

/// OpenSSL's HMAC-SHA-256, whose context is made once a thread: every UID of every file comes through here.
class Hmac {
 public:
  Hmac() {
    EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_ = EVP_MAC_CTX_new(algorithm);  // keeps the algorithm
    EVP_MAC_free(algorithm);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    require(context_ != nullptr && EVP_MAC_CTX_set_params(context_, parameters) == 1);
  }
  ~Hmac() { EVP_MAC_CTX_free(context_); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  void start(const Bytes& key) {
    require(EVP_MAC_init(context_, reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr) == 1);
  }
  void add(std::string_view text) {
    require(EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  }
  Bytes finish() {
    Bytes tag;
    std::size_t size = 0;
    require(EVP_MAC_final(context_, reinterpret_cast<unsigned char*>(tag.data()), &size, tag.size()) == 1 &&
            size == tag.size());
    return tag;
  }

 private:
  static void require(bool is_done) {
    if (!is_done) throw std::runtime_error("HMAC-SHA-256 failed");
  }

  EVP_MAC_CTX* context_ = nullptr;
};

/// The first `count` bytes as a big-endian number.
Uint128 number(const Bytes& bytes, std::size_t count) {
  Uint128 value = 0;
  for (std::size_t n = 0; n < count; ++n) value = value << 8 | std::to_integer<unsigned>(bytes[n]);
  return value;
}

std::string decimal(Uint128 value) {
  constexpr std::size_t kMostDigits = 39;
  std::array<char, kMostDigits> digits;
  std::size_t first = digits.size();
  do {
    digits[--first] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  return {digits.data() + first, digits.size() - first};
}

}  // namespace

PseudonymKey::~PseudonymKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

PseudonymKey::Bytes PseudonymKey::tag(std::string_view kind, std::string_view identifier) const {
  thread_local Hmac hmac;
  hmac.start(bytes_);
  hmac.add(kind);
  hmac.add(std::string_view("\0", 1));
  hmac.add(identifier);
  return hmac.finish();
}

std::string PseudonymKey::pseudonym(std::string_view kind, std::string_view identifier) const {
  const Bytes value = tag(kind, identifier);
  return fmt::format("{}-{}", kind, to_hex(std::span(value).first(8)));
}

std::string PseudonymKey::uid(std::string_view uid) const {
  const std::size_t last = uid.find_last_not_of(std::string_view("\0 ", 2));
  Bytes value = tag("uid", uid.substr(0, last + 1));
  constexpr std::byte kVersion{0x80}, kVariant{0x80};  // version 8; variant 10 in the upper two bits
  value[6] = kVersion | (value[6] & std::byte{0x0F});
  value[8] = kVariant | (value[8] & std::byte{0x3F});
  return "2.25." + decimal(number(value, 16));
}

int PseudonymKey::date_shift_days(std::string_view patient_identifier, int bound) const {
  assert(bound > 0);
  // 2^64 is so much larger than any bound that the remainders are even to 1 in 10^12.
  const auto bits = static_cast<std::uint64_t>(number(tag("date-shift", patient_identifier), 8));
  return -1 - static_cast<int>(bits % static_cast<std::uint64_t>(bound));
}

}  // namespace naru
