/// Values of a TOML document that people write (recipes, job records), each with its place for messages.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace naru {

/// The document that values stand in.
struct TomlOrigin {
  std::string_view name;  ///< what it is and where it comes from, e.g. "recipe my.toml"
  ErrorCode code;         ///< of an error in it
};

/// "recipe my.toml:4:3"
std::string place_text(const TomlOrigin& origin, const toml::source_region& where);

/// Names the document and the place in it: "recipe my.toml:4:3: PROBLEM".
[[noreturn]] void fail_at(const TomlOrigin& origin, const toml::source_region& where, const std::string& problem);

/// Refuses what is no TOML, and keys so deep that the program would run out of stack: toml++ takes a frame for each
/// level of a dotted key, and bounds only what stands in lists and tables. @throws Error{origin.code}
toml::table parse_toml(std::string_view text, const TomlOrigin& origin);

/// YYYY-MM-DD, a day of the calendar.
bool is_date(const std::string& text);

class TomlTable;

/// One value. Every function throws Error{origin.code} where the value is not what it asks for.
class TomlValue {
 public:
  /// @param key how messages call it, e.g. "[resample] spacing_mm"
  TomlValue(const TomlOrigin& origin, std::string key, const toml::node& node)
      : origin_(origin), key_(std::move(key)), node_(node) {}

  [[noreturn]] void fail(const std::string& problem) const {
    fail_at(origin_, node_.source(), fmt::format("{} {}", key_, problem));
  }

  std::string string() const;
  bool boolean() const;
  double number() const;
  std::int64_t count() const;
  std::vector<std::string> strings() const;
  std::vector<double> numbers(std::size_t size) const;
  bool is_string() const { return node_.is_string(); }

  /// A list of tables with no other keys than these.
  std::vector<TomlTable> tables(std::span<const std::string_view> known) const;

  /// The index of the string value in `known`; `later` are words of the contract that this version cannot do.
  std::size_t one_of(std::span<const std::string_view> known, std::span<const std::string_view> later = {}) const;

  /// As one_of, but the word itself.
  std::string word(std::initializer_list<std::string_view> known,
                   std::initializer_list<std::string_view> later = {}) const;

 private:
  double number_of(const toml::node& node) const;
  const toml::array& array() const;

  TomlOrigin origin_;
  std::string key_;
  const toml::node& node_;
};

/// One table of a list of tables.
class TomlTable {
 public:
  TomlTable(const TomlOrigin& origin, std::string key, const toml::table& table)
      : origin_(origin), key_(std::move(key)), table_(table) {}

  bool has(std::string_view name) const { return table_.contains(name); }
  /// @throws Error{origin.code} where it is not there
  TomlValue at(std::string_view name) const;

  [[noreturn]] void fail(const std::string& problem) const {
    fail_at(origin_, table_.source(), fmt::format("{} {}", key_, problem));
  }

 private:
  TomlOrigin origin_;
  std::string key_;
  const toml::table& table_;
};

}  // namespace naru
