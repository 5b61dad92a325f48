/// Loads things one after the other, the next ones while the present one is used.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <future>

#include "core/trace.h"

namespace naru {

/// `load(n)` for n = 0, 1, ... count - 1, begun in order, each on a thread of its own that works for the same trace as
/// the one that calls `next()`. At most `ahead` things are loaded or being loaded beyond those that `next()` has
/// returned; things come out in order. Exceptions come out of the `next()` whose thing they belong to; nothing more is
/// begun then. With `ahead` 0 everything happens in `next()`.
template <class T>
class ReadAhead {
 public:
  /// @param role of the threads in a trace
  ReadAhead(std::size_t count, std::size_t ahead, std::function<T(std::size_t)> load, std::string_view role = "reader")
      : count_(count), ahead_(ahead), load_(std::move(load)), role_(role) {}

  /// @pre called at most `count` times, and not after it threw
  T next() {
    if (ahead_ == 0) return load_(begun_++);
    begin_more();
    T thing = pending_.front().get();
    pending_.pop_front();
    begin_more();
    return thing;
  }

 private:
  void begin_more() {
    while (pending_.size() < ahead_ && begun_ < count_) {
      pending_.push_back(std::async(std::launch::async, [this, n = begun_++, context = trace_context()] {
        const TraceScope scope(context, role_);
        return load_(n);
      }));
    }
  }

  std::size_t count_, ahead_, begun_ = 0;
  std::function<T(std::size_t)> load_;
  std::string_view role_;
  std::deque<std::future<T>> pending_;  ///< their destructors wait
};

}  // namespace naru
