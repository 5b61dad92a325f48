/// Text for people, on stdout or stderr.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

namespace naru::cli {

/// errno of the first write to stdout that failed, else 0: a later one that works says nothing of it.
inline int stdout_problem = 0;

/// As fmt::print, but never throws for what cannot be written: a reader that went away (`naru ... | head -1`) must not
/// end the work.
template <class... Args>
void print(std::FILE* stream, fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (!is_written && stream == stdout && stdout_problem == 0) stdout_problem = errno;
}

template <class... Args>
void print(fmt::format_string<Args...> format, Args&&... args) {
  cli::print(stdout, format, std::forward<Args>(args)...);
}

}  // namespace naru::cli
