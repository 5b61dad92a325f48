#include "pipeline/toml_value.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace naru {

std::string place_text(const TomlOrigin& origin, const toml::source_region& where) {
  return fmt::format("{}:{}:{}", origin.name, where.begin.line, where.begin.column);
}

void fail_at(const TomlOrigin& origin, const toml::source_region& where, const std::string& problem) {
  throw Error(origin.code, fmt::format("{}: {}", place_text(origin, where), problem));
}

toml::table parse_toml(std::string_view text, const TomlOrigin& origin) {
  constexpr std::ptrdiff_t kMostDots = 256;  // of a line, where all of a key stands
  toml::source_index line = 1;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1, ++line) {
    end = std::min(text.find('\n', begin), text.size());
    if (std::ranges::count(text.substr(begin, end - begin), '.') <= kMostDots) continue;
    const toml::source_position place{line, 1};
    fail_at(origin, {place, place, {}}, fmt::format("a line may have at most {} dots", kMostDots));
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& problem) {
    const std::string said(problem.description());
    const bool may_lack_a_quote = said.find("control characters") != std::string::npos ||
                                  said.find("could not determine value type") != std::string::npos;
    fail_at(origin, problem.source(), said + (may_lack_a_quote ? "; a quote may be missing" : ""));
  }
}

bool is_date(const std::string& text) {
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = c >= '0' && c <= '9' ? 10 * value + (c - '0') : -100000;
    return value;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  return year > 0 && month > 0 && day > 0 &&
         std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
             .ok();
}

std::string TomlValue::string() const {
  if (const auto text = node_.value_exact<std::string>()) return *text;
  fail("must be a string");
}

bool TomlValue::boolean() const {
  if (const auto value = node_.value_exact<bool>()) return *value;
  fail("must be true or false");
}

double TomlValue::number() const { return number_of(node_); }

std::int64_t TomlValue::count() const {
  const auto value = node_.value_exact<std::int64_t>();
  if (!value || *value < 0) fail("must be a whole number, 0 or more");
  return *value;
}

std::vector<std::string> TomlValue::strings() const {
  std::vector<std::string> result;
  for (const toml::node& item : array()) {
    const auto text = item.value_exact<std::string>();
    if (!text) fail("must be a list of strings");
    result.push_back(*text);
  }
  return result;
}

std::vector<double> TomlValue::numbers(std::size_t size) const {
  std::vector<double> result;
  for (const toml::node& item : array()) result.push_back(number_of(item));
  if (result.size() != size) fail(fmt::format("must be a list of {} numbers", size));
  return result;
}

std::vector<TomlTable> TomlValue::tables(std::span<const std::string_view> known) const {
  std::vector<TomlTable> result;
  for (const toml::node& item : array()) {
    const toml::table* table = item.as_table();
    if (table == nullptr) fail(fmt::format("must be a list of tables with the keys {}", fmt::join(known, ", ")));
    for (const auto& [name, node] : *table) {
      if (std::ranges::find(known, name.str()) == known.end()) {
        fail_at(origin_, name.source(),
                fmt::format("unknown key \"{}\" in {}; known: {}", name.str(), key_, fmt::join(known, ", ")));
      }
    }
    result.emplace_back(origin_, key_, *table);
  }
  return result;
}

std::size_t TomlValue::one_of(std::span<const std::string_view> known, std::span<const std::string_view> later) const {
  const std::string text = string();
  const auto found = std::ranges::find(known, text);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  const bool is_later = std::ranges::find(later, text) != later.end();
  fail(is_later ? fmt::format("= \"{}\" is not available in this version; use one of: {}", text, fmt::join(known, ", "))
                : fmt::format("must be one of: {}", fmt::join(known, ", ")));
}

std::string TomlValue::word(std::initializer_list<std::string_view> known,
                            std::initializer_list<std::string_view> later) const {
  one_of({known.begin(), known.size()}, {later.begin(), later.size()});
  return string();
}

double TomlValue::number_of(const toml::node& node) const {
  const auto value = node.value<double>();
  if (!node.is_number() || !value || !std::isfinite(*value)) fail("must be a finite number");
  return *value;
}

const toml::array& TomlValue::array() const {
  const toml::array* list = node_.as_array();
  if (list == nullptr) fail("must be a list");
  return *list;
}

TomlValue TomlTable::at(std::string_view name) const {
  const toml::node* node = table_.get(name);
  if (node == nullptr) fail(fmt::format("lacks the key \"{}\"", name));
  return {origin_, fmt::format("{} {}", key_, name), *node};
}

}  // namespace naru
