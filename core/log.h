/// Log lines on stderr. A line carries ids, counts and codes only, and the compiler helps to keep it so: text arguments
/// must be wrapped in `Public`, which says "I have checked that this is no patient data".
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <type_traits>
#include <utility>

namespace naru {

enum class LogLevel { quiet, normal, verbose };

/// Marks text that was checked to hold no patient data: codes, pseudonyms, version strings, names chosen by us.
struct Public {
  std::string_view text;
};

namespace log {

void set_level(LogLevel level);
void write(LogLevel level, std::string_view line);  ///< internal: use the functions below

template <class T>
inline constexpr bool kMayBeLogged =
    std::is_arithmetic_v<std::remove_cvref_t<T>> || std::is_same_v<std::remove_cvref_t<T>, Public>;

/// One line at normal level. `fmt::format` syntax.
template <class... Args>
  requires(kMayBeLogged<Args> && ...)
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(LogLevel::normal, fmt::format(format, std::forward<Args>(args)...));
}

/// One line that only --verbose shows.
template <class... Args>
  requires(kMayBeLogged<Args> && ...)
void detail(fmt::format_string<Args...> format, Args&&... args) {
  write(LogLevel::verbose, fmt::format(format, std::forward<Args>(args)...));
}

/// One line that even --quiet shows.
template <class... Args>
  requires(kMayBeLogged<Args> && ...)
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(LogLevel::quiet, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace log
}  // namespace naru

template <>
struct fmt::formatter<naru::Public> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const naru::Public& value, Context& context) const {
    return fmt::formatter<std::string_view>::format(value.text, context);
  }
};
