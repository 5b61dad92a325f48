/// A clock that tests move.
#pragma once

#include <atomic>

#include "server/clock.h"

namespace naru::server::test {

/// Starts at 2026-01-01 00:00:00 UTC.
class FakeClock final : public Clock {
 public:
  std::int64_t now_ms() const override { return now_ms_; }
  void set(std::int64_t now_ms) { now_ms_ = now_ms; }
  void advance(std::int64_t by_ms) { now_ms_ += by_ms; }  ///< backwards as well: clocks are set

 private:
  std::atomic<std::int64_t> now_ms_ = 1767225600000;
};

}  // namespace naru::server::test
