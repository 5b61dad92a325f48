#include "dicom/element_values.h"

#include <charconv>
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

std::optional<std::uint16_t> unsigned_short(Bytes value, bool is_big_endian) {
  if (value.size() < 2) return std::nullopt;
  return read_u16(value, 0, is_big_endian);
}

}  // namespace naru::dicom
