/// The threads on which handlers run: they may wait, the threads of the sockets may not.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace naru::server {

class HandlerPool {
 public:
  using Task = std::function<void()>;  ///< must not throw

  HandlerPool(int thread_count, std::size_t max_waiting);
  ~HandlerPool();  ///< does what waits, then ends
  HandlerPool(const HandlerPool&) = delete;

  /// Begins something new. False, and nothing is done, where `max_waiting` tasks wait.
  bool try_submit(Task task);
  /// Goes on with what was begun: never refused, and bounded by the number of connections, since each has one task.
  void submit(Task task);
  std::size_t waiting_count() const;

 private:
  void work();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool is_ending_ = false;
  const std::size_t max_waiting_;
  std::vector<std::thread> threads_;
};

}  // namespace naru::server
