#include "dicom/deidentify/text_escapes.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace naru::dicom {

namespace {

/// All of `digits`.
std::optional<std::uint32_t> number(std::string_view digits, int base) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const bool is_whole = !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  return is_whole ? std::optional(value) : std::nullopt;
}

EscapedChar escaped(std::optional<std::uint32_t> code, std::size_t length) {
  const bool is_letter = code && ((*code >= 'A' && *code <= 'Z') || (*code >= 'a' && *code <= 'z'));
  if (is_letter) return {static_cast<char32_t>(*code), length};
  const bool is_one = code && *code >= 0x80 && utf8proc_codepoint_valid(static_cast<utf8proc_int32_t>(*code));
  return is_one ? EscapedChar{static_cast<char32_t>(*code), length} : EscapedChar{};
}

/// "&#252;", "&#xFC;", "&uuml;": of the latter the letter, since marks do not count.
EscapedChar entity(std::string_view text) {
  constexpr std::size_t kLongest = 10;
  constexpr std::array<std::string_view, 9> kMarks = {"uml",   "acute", "grave", "circ", "tilde",
                                                      "cedil", "ring",  "slash", "caron"};
  const std::size_t end = text.substr(0, kLongest).find(';');
  if (end == std::string_view::npos || end < 4) return {};
  const std::string_view name = text.substr(1, end - 1);
  if (name.starts_with("#x") || name.starts_with("#X")) return escaped(number(name.substr(2), 16), end + 1);
  if (name.starts_with('#')) return escaped(number(name.substr(1), 10), end + 1);
  if (name == "szlig") return {U'ß', end + 1};
  if (std::ranges::find(kMarks, name.substr(1)) == kMarks.end()) return {};
  return {static_cast<char32_t>(name[0]), end + 1};
}

/// "%46", "=46": one that can be read.
EscapedChar ascii_behind(std::string_view text) {
  if (text.size() < 3) return {};
  const auto code = number(text.substr(1, 2), 16);
  return code && *code >= ' ' && *code <= '~' ? EscapedChar{static_cast<char32_t>(*code), 3} : EscapedChar{};
}

/// Bytes of UTF-8, each behind `sign`.
EscapedChar bytes_behind(std::string_view text, char sign) {
  std::string bytes;
  constexpr std::size_t kMostBytes = 4;
  while (bytes.size() < kMostBytes && text.size() >= 3 && text[0] == sign) {
    const auto byte = number(text.substr(1, 2), 16);
    if (!byte || *byte < 0x80) break;
    bytes += static_cast<char>(*byte);
    text.remove_prefix(3);
  }
  utf8proc_int32_t code = 0;
  const auto count = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                                      static_cast<utf8proc_ssize_t>(bytes.size()), &code);
  return count > 1 ? EscapedChar{static_cast<char32_t>(code), 3 * static_cast<std::size_t>(count)} : EscapedChar{};
}

/// "\\u252?" of RTF, "\\u00fc" of JSON, "\\'fc" of RTF.
EscapedChar backslashed(std::string_view text) {
  constexpr std::size_t kMostDigits = 6;
  const std::size_t digits_end = std::min(text.find_first_not_of("0123456789", 2), text.size());
  if (text.starts_with("\\u") && digits_end > 2 && digits_end < text.size() && text[digits_end] == '?' &&
      digits_end - 2 <= kMostDigits) {
    return escaped(number(text.substr(2, digits_end - 2), 10), digits_end + 1);
  }
  if (text.starts_with("\\u") && text.size() >= 6) return escaped(number(text.substr(2, 4), 16), 6);
  if (text.starts_with("\\'") && text.size() >= 4) return escaped(number(text.substr(2, 2), 16), 4);
  return {};
}

}  // namespace

EscapedChar escape_at(std::string_view text, std::size_t begin, bool reads_ascii) {
  const std::string_view rest = text.substr(begin);
  const bool is_behind_sign = rest.front() == '%' || rest.front() == '=';
  if (is_behind_sign && reads_ascii) {
    if (const EscapedChar ascii = ascii_behind(rest); ascii.length > 0) return ascii;
  }
  switch (rest.front()) {
    case '&': return entity(rest);
    case '%':
    case '=': return bytes_behind(rest, rest.front());
    case '\\': return backslashed(rest);
    default: return {};
  }
}

bool may_escape_ascii(std::string_view text) {
  for (std::size_t n = text.find_first_of("%="); n != std::string_view::npos; n = text.find_first_of("%=", n + 1)) {
    if (ascii_behind(text.substr(n)).length > 0) return true;
  }
  return false;
}

}  // namespace naru::dicom
