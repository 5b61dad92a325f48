#include "pipeline/stream_order.h"

namespace naru {

StreamOrder::Task StreamOrder::next() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto task = find()) return *task;
    changed_.wait(lock);
  }
}

std::optional<StreamOrder::Task> StreamOrder::find() {
  if (!failure_ && written_ == failed_slab_) failure_ = failure_of_slab_;
  if (failure_ || (written_ == made_.size() && is_completed_)) return Task{Work::end, 0};
  if (!is_writing_ && written_ < made_.size() && made_[written_] == State::made) {
    is_writing_ = true;
    return Task{Work::write, written_};
  }
  if (begun_ < made_.size() && begun_ < written_ + slot_count_) return Task{Work::make, begun_++};
  if (made_count_ == made_.size() && !is_completed_) {
    is_completed_ = true;
    return Task{Work::complete, 0};
  }
  return std::nullopt;
}

void StreamOrder::finish(const Task& task) {
  const std::lock_guard lock(mutex_);
  if (task.work == Work::make) {
    made_[task.slab] = State::made;
    ++made_count_;
  } else if (task.work == Work::write) {
    ++written_;
    is_writing_ = false;
  }
  changed_.notify_all();
}

void StreamOrder::fail(const Task& task) {
  const std::lock_guard lock(mutex_);
  if (task.work != Work::make) {
    failure_ = std::current_exception();
  } else {
    made_[task.slab] = State::failed;
    if (task.slab < failed_slab_) {
      failed_slab_ = task.slab;
      failure_of_slab_ = std::current_exception();
    }
  }
  changed_.notify_all();
}

void StreamOrder::throw_if_failed() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace naru
