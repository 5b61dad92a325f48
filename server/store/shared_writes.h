/// Small write transactions of callers that come at the same time, made one: a commit waits for the disk, and eight
/// that wait together cost little more than one.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include "server/store/database.h"

namespace naru::server {

/// Safe to use from any thread.
class SharedWrites {
 public:
  /// Runs `work` in a write transaction, maybe with that of other callers before and behind it, by the thread of one of
  /// them; durable on return. As with in_transaction it may run more than once and counts once.
  /// @throws what `work` throws; others are not concerned by it. Error{store_unavailable}
  void run(Database& database, const std::function<void(Transaction&)>& work);

 private:
  struct Caller {
    const std::function<void(Transaction&)>& work;
    std::exception_ptr error = {};
    bool is_done = false;
  };
  static void commit(Database& database, const std::vector<Caller*>& callers);

  std::mutex mutex_;
  std::condition_variable finished_;
  std::vector<Caller*> waiting_;
  bool is_committing_ = false;
};

}  // namespace naru::server
