/// Places where a test may end the server as a power cut would.
#pragma once

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace naru::server {

/// Ends the process by SIGKILL where the environment variable NARU_CRASH_AT, read once, is `name`. Between any two of
/// these stands one step that the disk or the database keeps.
inline void crash_point(std::string_view name) {
  static const char* const wanted = std::getenv("NARU_CRASH_AT");
  if (wanted != nullptr && name == wanted) ::raise(SIGKILL);
}

}  // namespace naru::server
