/// Host memory that is used again, for work that goes through many pieces of one size.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "kernels/buffer.h"

namespace naru {

/// Hands out buffers and takes them back: memory that was touched before costs no page faults. Thread-safe.
template <class T>
class BufferPool {
 public:
  explicit BufferPool(Executor& executor) : executor_(executor) {}

  /// `count` values or more, uninitialised. @throws Error{memory_exceeded}
  Buffer<T> take(std::size_t count) {
    {
      const std::lock_guard lock(mutex_);
      const auto fits = std::ranges::find_if(free_, [&](const Buffer<T>& buffer) { return buffer.size() >= count; });
      if (fits != free_.end()) {
        Buffer<T> buffer = std::move(*fits);
        free_.erase(fits);
        return buffer;
      }
    }
    return Buffer<T>::on_host(count, executor_);
  }

  void give_back(Buffer<T> buffer) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  Executor& executor_;
  std::mutex mutex_;
  std::vector<Buffer<T>> free_;
};

}  // namespace naru
