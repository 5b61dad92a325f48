/// Warnings that would come again and again while something is away: said at once, then once a minute with their count.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace naru::server {

class TroubleLog {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit TroubleLog(std::chrono::seconds period) : period_(period) {}

  /// @param text one of few: no ids, no counts. @return what to say now, if anything
  std::optional<std::string> line(const std::string& text, Time now);

 private:
  struct Said {
    Time at;
    std::uint64_t unsaid_count = 0;
  };
  std::chrono::seconds period_;
  std::map<std::string, Said> said_;
};

/// As log::warning for a text without patient data, through one TroubleLog of the process. Safe from any thread.
void warn_at_times(const std::string& text);

}  // namespace naru::server
