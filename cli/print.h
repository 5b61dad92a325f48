/// Text for people, on stdout or stderr.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace naru::cli {

/// As fmt::print, but never throws for what cannot be written: a reader that went away (`naru ... | head -1`) must not
/// end the work.
template <class... Args>
void print(std::FILE* stream, fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  std::fwrite(text.data(), 1, text.size(), stream);
}

template <class... Args>
void print(fmt::format_string<Args...> format, Args&&... args) {
  cli::print(stdout, format, std::forward<Args>(args)...);
}

}  // namespace naru::cli
