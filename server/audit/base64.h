/// Base64 (RFC 4648) by libsodium: strict, one text for each sequence of bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

/// The standard alphabet, padded (section 4).
std::string to_base64(std::span<const std::byte> bytes);
std::string to_base64(std::string_view bytes);
/// Empty where `text` is not what to_base64 gives for some bytes.
std::optional<std::string> from_base64(std::string_view text);

/// The alphabet for URLs and file names, without padding (section 5).
std::string to_base64url(std::span<const std::byte> bytes);
std::string to_base64url(std::string_view bytes);
/// Empty where `text` is not what to_base64url gives for some bytes.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace naru::server
