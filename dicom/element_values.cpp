#include "dicom/element_values.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>

namespace naru::dicom {

namespace {

constexpr std::string_view kPadding{" \0", 2};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kPadding);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kPadding) - first + 1);
}

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

std::string_view text_of(Bytes value) {
  // std::byte may be looked at as char: both may alias anything.
  return trimmed({reinterpret_cast<const char*>(value.data()), value.size()});
}

std::vector<std::string> texts_of(Bytes value) {
  std::vector<std::string> texts;
  std::string_view rest = text_of(value);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\\');
    texts.emplace_back(trimmed(rest.substr(0, end)));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return texts;
}

std::optional<double> decimal(std::string_view text) {
  const auto number = parsed<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<std::int64_t> integer(std::string_view text) { return parsed<std::int64_t>(text); }

std::optional<std::size_t> binary_size(Vr value_representation) {
  switch (value_representation) {
    case vr("US"):
    case vr("SS"): return 2;
    case vr("UL"):
    case vr("SL"):
    case vr("FL"): return 4;
    case vr("FD"): return 8;
    default: return std::nullopt;
  }
}

std::optional<double> binary_number(Bytes value, std::size_t n, Vr value_representation, bool is_big_endian) {
  const auto size = binary_size(value_representation);
  if (!size || value.size() / *size <= n) return std::nullopt;
  const std::size_t at = n * *size;
  if (value_representation == vr("US")) return read_u16(value, at, is_big_endian);
  if (value_representation == vr("SS")) return static_cast<std::int16_t>(read_u16(value, at, is_big_endian));
  const std::uint32_t first = read_u32(value, at, is_big_endian);
  if (value_representation == vr("UL")) return first;
  if (value_representation == vr("SL")) return static_cast<std::int32_t>(first);
  double number = std::bit_cast<float>(first);
  if (value_representation == vr("FD")) {
    const std::uint64_t second = read_u32(value, at + 4, is_big_endian);
    number = std::bit_cast<double>(is_big_endian ? std::uint64_t{first} << 32 | second : second << 32 | first);
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<double> seconds_of_day(std::string_view text) {
  constexpr std::size_t kDateDigits = 8, kTimeDigits = 6;
  std::string digits(trimmed(text.substr(0, text.find_first_of("&+-"))));
  std::erase(digits, ':');
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  if (whole > kDateDigits) digits.erase(0, kDateDigits);
  const std::size_t time = std::min(digits.find('.'), digits.size());
  if (time < 2 || time > kTimeDigits || time % 2 != 0) return std::nullopt;
  if (time < kTimeDigits && time < digits.size()) return std::nullopt;  // a fraction of something but seconds
  const auto part = [&](std::size_t at) {
    return at < time ? integer(digits.substr(at, 2)) : std::optional<std::int64_t>(0);
  };
  const auto hours = part(0), minutes = part(2);
  const auto seconds = time == kTimeDigits ? decimal(digits.substr(4)) : std::optional(0.0);
  if (!hours || !minutes || !seconds || *hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59) return std::nullopt;
  if (*seconds < 0 || *seconds >= 61) return std::nullopt;
  return static_cast<double>(*hours * 3600 + *minutes * 60) + *seconds;
}

std::optional<std::int64_t> days_of_date(std::string_view text) {
  using namespace std::chrono;
  constexpr std::size_t kDigits = 8;
  text = trimmed(text).substr(0, kDigits);
  if (text.size() != kDigits || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t count) { return integer(text.substr(at, count)).value_or(0); };
  const year_month_day date{year(static_cast<int>(part(0, 4))), month(static_cast<unsigned>(part(4, 2))),
                            day(static_cast<unsigned>(part(6, 2)))};
  return date.ok() ? std::optional<std::int64_t>(sys_days(date).time_since_epoch().count()) : std::nullopt;
}

std::optional<std::uint16_t> unsigned_short(Bytes value, bool is_big_endian) {
  if (value.size() < 2) return std::nullopt;
  return read_u16(value, 0, is_big_endian);
}

}  // namespace naru::dicom
