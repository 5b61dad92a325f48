/// Asking work to stop, from a signal handler or another thread.
#pragma once

#include <atomic>

#include "core/error.h"

namespace naru {

/// Set once, read often. `cancel()` may be called from a signal handler.
class CancelToken {
 public:
  void cancel() { canceled_.store(true, std::memory_order_relaxed); }
  bool is_canceled() const { return canceled_.load(std::memory_order_relaxed); }

  /// @throws Error{canceled} once `cancel()` was called
  void throw_if_canceled() const {
    if (is_canceled()) throw Error(ErrorCode::canceled, "stopped on request");
  }

 private:
  std::atomic<bool> canceled_{false};
};

}  // namespace naru
