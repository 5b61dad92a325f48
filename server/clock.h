/// The time of day, as an argument: tests move it, and the server's clock may be moved by others.
#pragma once

#include <chrono>
#include <cstdint>

namespace naru::server {

/// Milliseconds since 1970-01-01 UTC. What must never go backwards (leases, timeouts within the process) uses
/// std::chrono::steady_clock instead; what is stored or shown uses this.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t now_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t now_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
};

}  // namespace naru::server
