/// Renews a lease from a thread of its own, while the one that has it reads a whole dataset or waits for a disk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "core/cancel.h"

namespace naru::server {

/// Beats at once and then every `interval`, until it is destroyed or told to stop.
class LeaseKeeper {
 public:
  /// @param beat one heartbeat; false where the work is to stop: the lease was lost, or the job is not wanted any more.
  /// Must not throw
  LeaseKeeper(std::chrono::milliseconds interval, std::function<bool()> beat);
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  /// Set once a beat said so.
  const CancelToken& cancel() const { return cancel_; }

 private:
  void loop(const std::stop_token& stop, std::chrono::milliseconds interval);

  std::function<bool()> beat_;
  CancelToken cancel_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses all the others
};

}  // namespace naru::server
