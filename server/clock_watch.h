/// Notices that the wall clock was moved, so that what waits by it (quiet studies, retention) does not act at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace naru::server {

/// Used by one thread.
class ClockWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Compares both clocks with the last look. @return by how many milliseconds the wall clock was moved: 0 for less
  /// than 10 s
  std::int64_t look(std::int64_t wall_ms, Time now);

  /// Whether the wall clock was not moved for `least` of real time, as far as the looks saw.
  bool is_settled_for(std::chrono::seconds least, Time now) const { return !moved_ || now - *moved_ >= least; }

 private:
  struct Look {
    std::int64_t wall_ms;
    Time at;
  };
  std::optional<Look> last_;
  std::optional<Time> moved_;
};

}  // namespace naru::server
