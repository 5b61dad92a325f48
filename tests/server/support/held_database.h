/// A database whose write transactions begin when the test lets them: so it is known who waits for whom.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "server/store/database.h"

namespace naru::server::test {

class HeldDatabase final : public Database {
 public:
  explicit HeldDatabase(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  /// From now on those that want to write wait. They are counted from here.
  void hold() {
    const std::lock_guard lock(mutex_);
    is_held_ = true;
    write_count_ = 0;
  }
  void wait_for_writer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return write_count_ > 0; });
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    is_held_ = false;
    changed_.notify_all();
  }
  int write_count() const {
    const std::lock_guard lock(mutex_);
    return write_count_;
  }

  std::unique_ptr<Transaction> begin(Access access, Company company) override {
    if (access == Access::write) {
      std::unique_lock lock(mutex_);
      ++write_count_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !is_held_; });
    }
    return database_->begin(access, company);
  }
  std::string_view engine() const override { return database_->engine(); }
  void exclusively(const std::function<void()>& work) override { database_->exclusively(work); }
  void backup(const std::string& file) override { database_->backup(file); }

 private:
  std::unique_ptr<Database> database_;
  mutable std::mutex mutex_;  // of the rest
  std::condition_variable changed_;
  bool is_held_ = false;
  int write_count_ = 0;
};

}  // namespace naru::server::test
