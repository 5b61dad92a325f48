#include "server/store/commit_gate.h"

#include <algorithm>

namespace naru::server {

bool CommitGate::enter(Access access, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!is_taken_) return is_taken_ = true;
  const auto self = waiters_.emplace(waiters_.end());
  self->access = access;
  self->admitted.wait_for(lock, patience, [&] { return self->is_admitted; });
  const bool is_admitted = self->is_admitted;
  waiters_.erase(self);
  return is_admitted;
}

bool CommitGate::has_group() const {
  const std::lock_guard lock(mutex_);
  return !group_.empty();
}

std::size_t CommitGate::waiting_count() const {
  const std::lock_guard lock(mutex_);
  return waiters_.size();
}

/// Whose turn it is: of all, or of those who write where a group is open.
CommitGate::Waiters::iterator CommitGate::next() {
  return std::ranges::find_if(waiters_, [this](const Waiter& waiter) {
    return !waiter.is_admitted && (group_.empty() || waiter.access == Access::write);
  });
}

void CommitGate::pass_on() {
  const auto waiter = next();
  is_taken_ = waiter != waiters_.end();
  if (!is_taken_) return;
  waiter->is_admitted = true;
  waiter->admitted.notify_one();
}

/// Whether a writer waits who can go on with the group.
bool CommitGate::can_join() {
  return group_.size() < kMaxGroup && std::ranges::any_of(waiters_, [](const Waiter& waiter) {
           return !waiter.is_admitted && waiter.access == Access::write;
         });
}

void CommitGate::commit(const Commit& commit) {
  Member self;
  std::unique_lock lock(mutex_);
  group_.push_back(&self);
  if (can_join()) {
    pass_on();
    self.told.wait(lock, [&] { return self.is_told; });
  } else {
    lock.unlock();
    self.error = commit_for_all(commit);
  }
  if (self.error) std::rethrow_exception(self.error);
}

void CommitGate::leave(const Commit& commit) {
  {
    const std::lock_guard lock(mutex_);
    if (group_.empty() || can_join()) return pass_on();
  }
  commit_for_all(commit);
}

void CommitGate::lose(const std::exception_ptr& error) { end_group(error); }

std::exception_ptr CommitGate::commit_for_all(const Commit& commit) {
  std::exception_ptr error;
  try {
    commit();
  } catch (...) {
    error = std::current_exception();
  }
  end_group(error);
  return error;
}

void CommitGate::end_group(const std::exception_ptr& error) {
  const std::lock_guard lock(mutex_);
  for (Member* member : group_) {
    member->error = error;
    member->is_told = true;
    member->told.notify_one();
  }
  group_.clear();
  pass_on();
}

}  // namespace naru::server
