#include "core/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "core/ascii_case.h"

namespace naru {

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || !(value >= 0)) return std::nullopt;
  std::string unit;
  for (const char* c = rest; c != end; ++c) {
    if (*c != ' ') unit += small_letter(*c);
  }
  if (!unit.empty() && unit.back() == 'b') unit.pop_back();
  if (unit.size() == 2 && unit[1] == 'i') unit.pop_back();
  constexpr std::string_view kUnits = "kmgt";
  const auto found = unit.empty() ? 0 : kUnits.find(unit[0]);
  if (unit.size() > 1 || found == std::string_view::npos) return std::nullopt;
  const int power = unit.empty() ? 0 : static_cast<int>(found) + 1;
  const double bytes = std::ldexp(value, 10 * power);
  if (bytes > std::ldexp(1.0, 62)) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::string format_size_bytes(std::uint64_t size_bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

}  // namespace naru
