#include "server/store/shared_writes.h"

#include <algorithm>

namespace naru::server {

namespace {
constexpr std::size_t kMaxTogether = 64;  // so that nobody waits for long
}

void SharedWrites::run(Database& database, const std::function<void(Transaction&)>& work) {
  Caller caller{work};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&caller);
  while (!caller.is_done) {
    if (is_committing_) {
      finished_.wait(lock);
      continue;
    }
    // Whoever finds nobody at work does it for all that wait.
    is_committing_ = true;
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(kMaxTogether, waiting_.size()));
    const std::vector<Caller*> taken(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    lock.unlock();
    commit(database, taken);
    lock.lock();
    for (Caller* done : taken) done->is_done = true;
    is_committing_ = false;
    finished_.notify_all();
  }
  lock.unlock();
  if (caller.error) std::rethrow_exception(caller.error);
}

/// All in one; where one of them fails, each alone: it fails alone, and the others do not.
void SharedWrites::commit(Database& database, const std::vector<Caller*>& callers) {
  try {
    in_transaction(database, Access::write, [&](Transaction& transaction) {
      for (const Caller* caller : callers) caller->work(transaction);
    });
    return;
  } catch (...) {
    if (callers.size() == 1) callers[0]->error = std::current_exception();
  }
  if (callers.size() == 1) return;
  for (Caller* caller : callers) commit(database, {caller});
}

}  // namespace naru::server
