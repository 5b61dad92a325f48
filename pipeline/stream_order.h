/// Who does what next where some threads make slabs of one file, which are written in order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

namespace naru {

/// Slabs are begun in order, made side by side, and written in order, by one thread at a time. What can be written is
/// written first: no two threads can do that at once, so nothing may keep it waiting. A slab is begun only where less
/// than `slot_count` are begun and not written. Once all are made there is one more task, `complete`, for what is left
/// to do beside the last writing. Thread-safe.
class StreamOrder {
 public:
  enum class Work { make, write, complete, end };
  struct Task {
    Work work;
    std::size_t slab;
  };

  /// @pre slot_count > 0
  StreamOrder(std::size_t slab_count, std::size_t slot_count) : made_(slab_count), slot_count_(slot_count) {}

  /// Waits until there is something to do. `end` once all is written and completed by some thread, or something failed.
  Task next();

  void finish(const Task& task);

  /// The present exception is why a task failed. Slabs before one that was not made are still made and written: so
  /// which failure counts does not depend on which thread was first.
  void fail(const Task& task);

  /// @pre every thread has come to its end. @throws the failure that counts
  void throw_if_failed() const;

 private:
  enum class State { open, made, failed };

  std::optional<Task> find();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<State> made_;
  std::size_t slot_count_, begun_ = 0, made_count_ = 0, written_ = 0;
  bool is_writing_ = false, is_completed_ = false;
  std::size_t failed_slab_ = std::numeric_limits<std::size_t>::max();  ///< the first
  std::exception_ptr failure_of_slab_, failure_;
};

}  // namespace naru
