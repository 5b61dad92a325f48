#include "core/text.h"

#include <fmt/format.h>

#include <cstdint>

namespace naru {

namespace {

/// One character: its code point and length in bytes; length 0 where the text does not begin with a valid one.
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code < 0xE000;
  return is_overlong || is_surrogate || code > 0x10FFFF ? Character{} : Character{code, length};
}

bool steers_terminal(std::uint32_t code) {
  const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool is_direction = code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
                            (code >= 0x2066 && code <= 0x2069);
  return is_control || is_direction;
}

template <class Replace>
std::string each_character(std::string_view text, Replace replace) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto [code, length] = first_character(text);
    if (length == 0) {
      result += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    result += replace(code, text.substr(0, length));
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  return each_character(text, [](std::uint32_t, std::string_view character) { return character; });
}

std::string printable(std::string_view text) {
  return each_character(text, [](std::uint32_t code, std::string_view character) -> std::string_view {
    return steers_terminal(code) ? "?" : character;
  });
}

}  // namespace naru
