/// One at a time into a database, first come first served; those who write are committed together.
///
/// A commit waits for the disk, so writers share one: who is done leaves its work uncommitted where another writer
/// waits, and waits itself. That one goes on in the same transaction of the database; the last commits for all, and
/// each is told only then. Nobody who reads gets in between, so nobody sees what is not durable yet. Where a group is
/// open, writers who wait go before readers who wait; it takes kMaxGroup and is then committed, so nobody waits for
/// more than one group.
///
/// So a transaction may end later than its work: who takes a lock within it must let it go within it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <vector>

#include "server/store/database.h"

namespace naru::server {

class CommitGate {
 public:
  static constexpr std::size_t kMaxGroup = 64;
  using Commit = std::function<void()>;  ///< makes durable what all have left; throws where it cannot

  /// @return false where `patience` ended before it was let in
  [[nodiscard]] bool enter(Access access, std::chrono::milliseconds patience);

  // The rest is for the one who is in.

  /// Whether others have left work that is not committed.
  bool has_group() const;
  /// Out, with the own work done: durable on return. @throws what `commit` threw, whoever called it
  void commit(const Commit& commit);
  /// Out, with nothing done, or what was done undone. Where nobody else would, commits for the others, who are told;
  /// does not throw.
  void leave(const Commit& commit);
  /// Out, where the work of all who are in the group is lost: they are told `error`.
  void lose(const std::exception_ptr& error);

  /// How many wait to be let in.
  std::size_t waiting_count() const;

 private:
  struct Waiter {
    Access access = Access::read;
    bool is_admitted = false;
    std::condition_variable admitted;
  };
  struct Member {
    bool is_told = false;
    std::exception_ptr error;
    std::condition_variable told;
  };
  using Waiters = std::list<Waiter>;

  Waiters::iterator next();
  bool can_join();
  void pass_on();
  void end_group(const std::exception_ptr& error);
  std::exception_ptr commit_for_all(const Commit& commit);

  mutable std::mutex mutex_;
  bool is_taken_ = false;
  Waiters waiters_;
  std::vector<Member*> group_;  // those who have left their work
};

}  // namespace naru::server
