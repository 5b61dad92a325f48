/// What the server does now and then, on a thread of its own, one task after the other.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace naru::server {

struct MaintenanceTask {
  std::string_view name;  ///< for the log
  std::chrono::milliseconds period;
  std::function<void()> run;  ///< may throw: it is logged, once until it works again, and tried again after its period
};

class Maintenance {
 public:
  explicit Maintenance(std::vector<MaintenanceTask> tasks);
  ~Maintenance();  ///< waits for the task that runs
  Maintenance(const Maintenance&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    MaintenanceTask task;
    Clock::time_point due;
    bool has_failed = false;
  };
  void work();
  void run(Entry& entry);

  std::vector<Entry> entries_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace naru::server
