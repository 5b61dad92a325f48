/// Keeps what many threads hold in memory at once below a bound.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

namespace naru {

class MemoryBudget {
 public:
  /// @param on_room told, whenever a share is taken or given back, how many bytes are in no share
  explicit MemoryBudget(std::uint64_t limit_bytes, std::function<void(std::uint64_t)> on_room = {})
      : limit_bytes_(limit_bytes), on_room_(std::move(on_room)) {}

  std::uint64_t limit_bytes() const { return limit_bytes_; }

  /// The most that was held at once.
  std::uint64_t peak_bytes() const {
    const std::lock_guard lock(mutex_);
    return peak_bytes_;
  }

  bool can_ever_hold(std::uint64_t bytes) const { return bytes <= limit_bytes_; }

  /// A part of the budget, given back when it goes out of scope. Waits until there is room.
  /// @pre can_ever_hold(bytes); the thread holds no other share
  class Share {
   public:
    Share(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {
      std::unique_lock lock(budget_.mutex_);
      budget_.room_.wait(lock, [&] { return budget_.used_bytes_ + bytes_ <= budget_.limit_bytes_; });
      budget_.change_used(budget_.used_bytes_ + bytes_);
      budget_.peak_bytes_ = std::max(budget_.peak_bytes_, budget_.used_bytes_);
    }
    ~Share() {
      {
        const std::lock_guard lock(budget_.mutex_);
        budget_.change_used(budget_.used_bytes_ - bytes_);
      }
      budget_.room_.notify_all();
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    MemoryBudget& budget_;
    std::uint64_t bytes_;
  };

 private:
  void change_used(std::uint64_t bytes) {
    used_bytes_ = bytes;
    if (on_room_) on_room_(limit_bytes_ - used_bytes_);
  }

  const std::uint64_t limit_bytes_;
  const std::function<void(std::uint64_t)> on_room_;
  std::uint64_t used_bytes_ = 0, peak_bytes_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable room_;
};

}  // namespace naru
