/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces; the arithmetic is OpenSSL's.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace naru {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);

  /// 64 lower-case hexadecimal digits. The object may not be used afterwards.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of one piece of memory, as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);

/// Lower-case hexadecimal digits of `bytes`.
std::string to_hex(std::span<const std::byte> bytes);

}  // namespace naru
