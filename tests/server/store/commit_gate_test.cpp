#include "server/store/commit_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace naru::server {
namespace {

using namespace std::chrono_literals;

/// Who did what, in the order in which it happened; only who is in adds to it.
class CommitGateTest : public testing::Test {
 protected:
  enum class End { commits, leaves, loses };

  void enter(Access access) { ASSERT_TRUE(gate.enter(access, 1h)); }
  CommitGate::Commit commit() {
    return [this] {
      if (commit_fails) throw std::runtime_error("the disk is full");
      happened += "! ";
    };
  }

  /// A thread that waits to be let in, after all that were started before.
  void start(const std::string& name, Access access, End end = End::commits) {
    const std::size_t before = gate.waiting_count();
    threads.emplace_back([this, name, access, end] {
      enter(access);
      happened += name + " ";
      go(name, access, end);
    });
    while (gate.waiting_count() == before) std::this_thread::yield();
  }

  void go(const std::string& name, Access access, End end) {
    if (access == Access::read || end == End::leaves) return gate.leave(commit());
    if (end == End::loses) return gate.lose(std::make_exception_ptr(std::runtime_error("the disk failed")));
    try {
      gate.commit(commit());
      const std::lock_guard lock(mutex);
      stored.push_back(name);
    } catch (const std::runtime_error&) {
      const std::lock_guard lock(mutex);
      failed.push_back(name);
    }
  }

  CommitGate gate;
  bool commit_fails = false;
  std::string happened;  ///< names of those who were in; "!" is a commit
  std::mutex mutex;
  std::vector<std::string> stored, failed;
  std::vector<std::jthread> threads;
};

TEST_F(CommitGateTest, WithoutOthersEachCommitsAtOnce) {
  for (const char* name : {"a", "b"}) {
    enter(Access::write);
    EXPECT_FALSE(gate.has_group());
    happened += name + std::string(" ");
    go(name, Access::write, End::commits);
  }
  EXPECT_EQ(happened, "a ! b ! ");
  EXPECT_EQ(stored.size(), 2U);
}

TEST_F(CommitGateTest, WritersWhoWaitShareOneCommitAndReadersSeeItDone) {
  enter(Access::write);
  start("r", Access::read);
  start("b", Access::write);
  start("s", Access::read);
  start("c", Access::write);
  go("a", Access::write, End::commits);
  threads.clear();
  EXPECT_EQ(happened, "b c ! r s ");
  EXPECT_EQ(stored.size(), 3U);
}

TEST_F(CommitGateTest, WhoComesAfterAReaderIsServedInOrder) {
  enter(Access::read);
  start("r", Access::read);
  start("b", Access::write);
  start("s", Access::read);
  go("q", Access::read, End::commits);
  threads.clear();
  EXPECT_EQ(happened, "r b ! s ");
}

TEST_F(CommitGateTest, WhoUndoesItsWorkLetsTheOthersGoOn) {
  enter(Access::write);
  start("b", Access::write, End::leaves);
  start("c", Access::write);
  go("a", Access::write, End::commits);
  threads.clear();
  EXPECT_EQ(happened, "b c ! ");
  EXPECT_EQ(stored.size(), 2U);
}

TEST_F(CommitGateTest, TheLastCommitsForTheOthersEvenWhereItsOwnWorkIsUndone) {
  enter(Access::write);
  start("b", Access::write, End::leaves);
  go("a", Access::write, End::commits);
  threads.clear();
  EXPECT_EQ(happened, "b ! ");
  EXPECT_EQ(stored, std::vector<std::string>{"a"});
}

TEST_F(CommitGateTest, WhoLeavesAloneCommitsNothing) {
  enter(Access::write);
  go("a", Access::write, End::leaves);
  EXPECT_EQ(happened, "");
  EXPECT_TRUE(gate.enter(Access::read, 0ms)) << "the next may come";
}

TEST_F(CommitGateTest, ACommitThatFailsIsToldToAllAndTheNextIsItsOwn) {
  commit_fails = true;
  enter(Access::write);
  start("b", Access::write);
  start("c", Access::write, End::leaves);
  go("a", Access::write, End::commits);
  threads.clear();
  EXPECT_EQ(failed.size(), 2U);
  commit_fails = false;
  enter(Access::write);
  EXPECT_FALSE(gate.has_group());
  go("d", Access::write, End::commits);
  EXPECT_EQ(stored, std::vector<std::string>{"d"});
}

TEST_F(CommitGateTest, WorkThatIsLostIsToldToAllWhoLeftIt) {
  enter(Access::write);
  start("b", Access::write);
  start("c", Access::write, End::loses);
  go("a", Access::write, End::commits);
  threads.clear();
  EXPECT_EQ(happened, "b c ");
  EXPECT_EQ(failed.size(), 2U);
  EXPECT_TRUE(gate.enter(Access::read, 0ms));
}

TEST_F(CommitGateTest, AGroupIsBoundedSoThatAReaderWaitsForOne) {
  enter(Access::write);
  start("r", Access::read);
  for (std::size_t n = 0; n < CommitGate::kMaxGroup + 5; ++n) start("w", Access::write);
  go("a", Access::write, End::commits);
  threads.clear();
  EXPECT_EQ(happened.find('!'), 2 * (CommitGate::kMaxGroup - 1));
  EXPECT_EQ(happened.find('r'), 2 * CommitGate::kMaxGroup) << "right after the first commit";
  EXPECT_EQ(stored.size(), CommitGate::kMaxGroup + 6);
}

TEST_F(CommitGateTest, WhoGivesUpIsNotWaitedFor) {
  enter(Access::write);
  std::jthread([&] { EXPECT_FALSE(gate.enter(Access::write, 1ms)); }).join();
  go("a", Access::write, End::commits);
  EXPECT_EQ(happened, "! ");
  enter(Access::read);
  std::jthread([&] { EXPECT_FALSE(gate.enter(Access::read, 1ms)); }).join();
  go("r", Access::read, End::commits);
  EXPECT_TRUE(gate.enter(Access::write, 0ms));
}

TEST_F(CommitGateTest, OfManyAtOnceNoneIsLostAndOneIsIn) {
  constexpr int kThreads = 8, kRuns = 300;
  std::atomic<int> inside = 0, told = 0;
  int open = 0, durable = 0;  // guarded by the gate
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const CommitGate::Commit commit_all = [&] { durable += std::exchange(open, 0); };
      for (int run = 0; run < kRuns; ++run) {
        const Access access = (t + run) % 3 == 0 ? Access::read : Access::write;
        ASSERT_TRUE(gate.enter(access, 1h));
        EXPECT_EQ(++inside, 1);
        if (access == Access::read) {
          EXPECT_EQ(open, 0) << "what is not durable is not seen";
        }
        const bool commits = access == Access::write && run % 5 != 0;
        if (commits) ++open;
        --inside;
        if (!commits) {
          gate.leave(commit_all);
          continue;
        }
        gate.commit(commit_all);
        ++told;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(durable, told);
  EXPECT_EQ(open, 0);
}

}  // namespace
}  // namespace naru::server
