/// Lets a bounded number in at a time, first come first served: nobody is overtaken, however busy it is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>

namespace naru::server {

class Turnstile {
 public:
  explicit Turnstile(int places) : free_(places) {}

  /// Takes `places`, once they are free; for none it does not wait. @return false where `patience` ended before
  [[nodiscard]] bool enter(int places, std::chrono::milliseconds patience);
  void leave(int places);

 private:
  struct Waiter {
    int places = 0;
    bool is_admitted = false;
    std::condition_variable admitted;
  };
  void admit();

  std::mutex mutex_;
  std::list<Waiter> waiters_;
  int free_;
};

}  // namespace naru::server
