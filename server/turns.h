/// Turns at something slow that strangers may ask for: few at a time, and fewer of one address, so that it holds
/// neither all threads nor everybody else.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

namespace naru::server {

struct TurnLimits {
  int at_once = 4, of_one_address = 2;
  int waiting = 4;  ///< more are refused at once
  std::chrono::milliseconds patience{1000};
};

/// Safe to use from any thread.
class Turns {
 public:
  explicit Turns(TurnLimits limits = {}) : limits_(limits) {}

  /// Held as long as it lives.
  class Turn {
   public:
    /// Waits for a turn, no longer than `patience`. An empty address is nobody's: it counts among all alone.
    /// @throws Error{rate_limited}
    Turn(Turns& turns, const std::string& address);
    ~Turn();
    Turn(const Turn&) = delete;

   private:
    Turns& turns_;
    std::string client_;
  };

 private:
  bool is_free(const std::string& client) const;

  const TurnLimits limits_;
  std::mutex mutex_;
  std::condition_variable ended_;
  int running_ = 0, waiting_ = 0;
  std::map<std::string, int> running_of_;  ///< of those that have a turn
};

}  // namespace naru::server
