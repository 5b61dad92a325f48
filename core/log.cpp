#include "core/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace naru::log {

namespace {
spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_logger_mt("naru");
    // On a terminal a progress bar may stand in the line: it is drawn again below.
    made->set_pattern(::isatty(STDERR_FILENO) == 1 ? "\r\x1b[Knaru: %v" : "naru: %v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::quiet: return spdlog::level::warn;
    case LogLevel::normal: return spdlog::level::info;
    case LogLevel::verbose: return spdlog::level::debug;
  }
  return spdlog::level::info;
}
}  // namespace

void set_level(LogLevel level) { logger().set_level(spdlog_level(level)); }

void write(LogLevel level, std::string_view line) { logger().log(spdlog_level(level), line); }

}  // namespace naru::log
