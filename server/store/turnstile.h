/// Lets a bounded number in at a time, in the order in which they came, but for a few: until a thread that may go in
/// has woken up, one that runs already may pass in its place, so that a busy turnstile does not wait for the scheduler
/// at every turn. Nobody is passed for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>

namespace naru::server {

class Turnstile {
 public:
  static constexpr int kMaxPassing = 16;  ///< in a row, before the one who waits longest

  explicit Turnstile(int places) : free_(places) {}

  /// Takes `places`, once they are free; for none it does not wait. @return false where `patience` ended before
  [[nodiscard]] bool enter(int places, std::chrono::milliseconds patience);
  void leave(int places);

 private:
  struct Waiter {
    int places = 0;
    bool is_woken = false;
    std::condition_variable changed;
  };
  void wake_first();

  std::mutex mutex_;
  std::list<Waiter> waiters_;
  int free_, passing_ = 0;
};

}  // namespace naru::server
