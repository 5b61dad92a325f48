/// Text of ASCII compared without its case: terms and names of devices, which writers spell as they like.
#pragma once

#include <algorithm>
#include <string_view>

namespace naru::dicom {

/// Whatever the locale; all other bytes must be the same.
constexpr bool is_equal_but_for_case(std::string_view a, std::string_view b) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, small, small);
}

}  // namespace naru::dicom
