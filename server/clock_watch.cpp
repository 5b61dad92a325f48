#include "server/clock_watch.h"

#include <cstdlib>

namespace naru::server {

std::int64_t ClockWatch::look(std::int64_t wall_ms, Time now) {
  constexpr std::int64_t kLeastMs = 10'000;  // clocks that are kept right are nudged by less
  std::int64_t moved_ms = 0;
  if (last_) {
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_->at).count();
    moved_ms = wall_ms - last_->wall_ms - passed;
  }
  last_ = Look{wall_ms, now};
  if (std::abs(moved_ms) < kLeastMs) return 0;
  moved_ = now;
  return moved_ms;
}

}  // namespace naru::server
