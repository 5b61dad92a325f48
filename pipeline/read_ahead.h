/// Loads things one after the other, the next while the present one is used.
#pragma once

#include <cstddef>
#include <functional>
#include <future>

namespace naru {

/// `load(n)` for n = 0, 1, ... count - 1, in order, at most one ahead of what `next()` has returned, on a thread of its
/// own. Exceptions come out of the `next()` whose thing they belong to. Without `is_ahead` everything happens in
/// `next()`.
template <class T>
class ReadAhead {
 public:
  ReadAhead(std::size_t count, bool is_ahead, std::function<T(std::size_t)> load)
      : count_(count), is_ahead_(is_ahead), load_(std::move(load)) {}

  /// @pre called at most `count` times
  T next() {
    T thing = pending_.valid() ? pending_.get() : load_(next_);
    ++next_;
    if (is_ahead_ && next_ < count_) {
      pending_ = std::async(std::launch::async, [this, n = next_] { return load_(n); });
    }
    return thing;
  }

 private:
  std::size_t count_, next_ = 0;
  bool is_ahead_;
  std::function<T(std::size_t)> load_;
  std::future<T> pending_;  ///< its destructor waits
};

}  // namespace naru
