/// Sizes in bytes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace naru {

/// Parses "512MiB", "24G", "1.5 GB", "4096": binary units for both spellings (K = KiB = KB = 1024).
/// Empty where the text is no size, is negative, or exceeds 2^62 bytes.
std::optional<std::uint64_t> parse_size_bytes(std::string_view text);

/// "1.5 GiB", "612 MiB", "37 B": three significant digits.
std::string format_size_bytes(std::uint64_t size_bytes);

}  // namespace naru
