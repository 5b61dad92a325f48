#include "server/maintenance.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "server/trouble_log.h"

namespace naru::server {

Maintenance::Maintenance(std::vector<MaintenanceTask> tasks) {
  for (MaintenanceTask& task : tasks) entries_.push_back({std::move(task), Clock::now()});
  thread_ = std::thread([this] { work(); });
}

Maintenance::~Maintenance() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Maintenance::work() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    const auto next = std::ranges::min_element(entries_, {}, &Entry::due);
    if (next == entries_.end()) break;
    if (changed_.wait_until(lock, next->due, [this] { return is_ending_; })) break;
    lock.unlock();
    run(*next);
    next->due = Clock::now() + next->task.period;
    lock.lock();
  }
}

void Maintenance::run(Entry& entry) {
  std::string_view code;
  try {
    entry.task.run();
  } catch (const Error& error) {
    code = name(error.code());
  } catch (const std::exception&) {
    code = name(ErrorCode::internal);
  }
  // At times, since on a full disk a task may work and not work in turns.
  if (!code.empty() && !entry.has_failed) warn_at_times(fmt::format("{} does not work now: {}", entry.task.name, code));
  if (code.empty() && entry.has_failed) warn_at_times(fmt::format("{} works again", entry.task.name));
  entry.has_failed = !code.empty();
}

}  // namespace naru::server
