/// Whether the server can do its work, looked at again and again on a thread of its own: who asks waits for nothing,
/// though the database hangs and all handlers wait for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/error.h"

namespace naru::server {

struct Services;

/// That the database answers, and that the data may be written. May wait.
/// @throws Error{store_unavailable, output_unwritable, disk_full}
void require_able(const Services& services);

class Readiness {
 public:
  /// @param look throws where the server cannot do its work; may wait
  /// @param patience how long a look may take until it counts as a no
  explicit Readiness(std::function<void()> look, std::chrono::milliseconds period = std::chrono::seconds(1),
                     std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~Readiness();  ///< waits for the look under way
  Readiness(const Readiness&) = delete;

  /// Does not wait. @throws what the last look threw; Error{store_unavailable} before the first look has ended, or
  /// where the one under way takes too long
  void require() const;

 private:
  using Clock = std::chrono::steady_clock;
  void work(const std::stop_token& stop);

  const std::function<void()> look_;
  const std::chrono::milliseconds period_, patience_;
  mutable std::mutex mutex_;  ///< of what follows
  std::condition_variable_any changed_;
  std::optional<Error> trouble_;
  std::optional<Clock::time_point> began_;  ///< of the look under way
  std::jthread thread_;                     ///< last: it uses the rest
};

}  // namespace naru::server
