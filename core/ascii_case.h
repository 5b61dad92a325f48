/// Text of ASCII without its case: names of files, of fields and of devices, which writers spell as they like.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace naru {

/// Whatever the locale; all other bytes stay as they are.
constexpr char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string in_small_letters(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), small_letter);
  return result;
}

constexpr bool is_equal_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, small_letter, small_letter);
}

}  // namespace naru
