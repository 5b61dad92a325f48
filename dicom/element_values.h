/// Values of elements as text and numbers (PS3.5 section 6.2). Every function takes what it finds: garbage gives empty.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// The value's characters without padding: spaces and NULs at both ends.
std::string_view text_of(Bytes value);

/// The values between backslashes, each without padding.
std::vector<std::string> texts_of(Bytes value);

/// A decimal string (DS): finite, and nothing after it.
std::optional<double> decimal(std::string_view text);

/// An integer string (IS).
std::optional<std::int64_t> integer(std::string_view text);

/// Exactly N decimals between backslashes.
template <std::size_t N>
std::optional<std::array<double, N>> decimals(Bytes value) {
  std::array<double, N> numbers{};
  std::string_view rest = text_of(value);
  for (std::size_t n = 0; n < N; ++n) {
    const std::size_t end = rest.find('\\');
    if ((end == std::string_view::npos) != (n + 1 == N)) return std::nullopt;
    const auto number = decimal(rest.substr(0, end));
    if (!number) return std::nullopt;
    numbers[n] = *number;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return numbers;
}

/// Bytes of one number of a binary VR; empty for text.
std::optional<std::size_t> binary_size(Vr value_representation);

/// The n-th binary number of a value of FL, FD, US, SS, UL or SL; empty where the value is too short or of another VR.
std::optional<double> binary_number(Bytes value, std::size_t n, Vr value_representation, bool is_big_endian);

/// Exactly N numbers, of text or binary as the VR says.
template <std::size_t N>
std::optional<std::array<double, N>> numbers(Bytes value, Vr value_representation, bool is_big_endian) {
  if (!binary_size(value_representation)) return decimals<N>(value);
  if (value.size() / *binary_size(value_representation) != N) return std::nullopt;
  std::array<double, N> found{};
  for (std::size_t n = 0; n < N; ++n) {
    const auto number = binary_number(value, n, value_representation, is_big_endian);
    if (!number) return std::nullopt;
    found[n] = *number;
  }
  return found;
}

/// Seconds since midnight of a time (TM: HH, HHMM or HHMMSS with a fraction, or the retired HH:MM:SS) or of a date and
/// time (DT: 14 digits with a fraction and an offset from UTC, which is left out of account).
std::optional<double> seconds_of_day(std::string_view text);

/// Days since 1970 of a date (DA) or of the date of a DT: YYYYMMDD, with anything behind it.
std::optional<std::int64_t> days_of_date(std::string_view text);

/// The first unsigned short (US).
std::optional<std::uint16_t> unsigned_short(Bytes value, bool is_big_endian);

}  // namespace naru::dicom
