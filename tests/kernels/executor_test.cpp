#include "kernels/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "tests/support/executors.h"

namespace naru::test {
namespace {

TEST(Executor, UsesTheThreadsItWasGiven) {
  EXPECT_EQ(Executor::cpu(1).thread_count(), 1);
  EXPECT_EQ(Executor::cpu(100000).thread_count(), Executor::cpu(0).thread_count());
  EXPECT_GE(Executor::cpu(0).thread_count(), 1);
  EXPECT_EQ(Executor::cpu(1).description(), "cpu");
}

TEST(Executor, CoversEveryIndexOnceInPiecesOfTheGrain) {
  for (Executor& executor : executors_under_test()) {
    for (const std::int64_t count : {0, 1, 9, 10, 11, 1000}) {
      std::mutex mutex;
      std::set<std::pair<std::int64_t, std::int64_t>> pieces;
      executor.parallel_for(count, 10, [&](std::int64_t begin, std::int64_t end) {
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(pieces.emplace(begin, end).second);
      });
      std::int64_t covered = 0;
      for (const auto& [begin, end] : pieces) {
        EXPECT_EQ(begin, covered);
        EXPECT_EQ(end, std::min(begin + 10, count));
        covered = end;
      }
      EXPECT_EQ(covered, count);
    }
  }
}

TEST(Executor, PassesExceptionsOn) {
  for (Executor& executor : executors_under_test()) {
    const auto fail_late = [](std::int64_t begin, std::int64_t) {
      if (begin == 90) throw Error(ErrorCode::canceled, "stop");
    };
    EXPECT_THROW(executor.parallel_for(100, 10, fail_late), Error);
    executor.parallel_for(100, 10, [](std::int64_t, std::int64_t) {});  // and can be used again
  }
}

TEST(Executor, MayBeMoved) {
  Executor executor = Executor::cpu(2);
  Executor moved = std::move(executor);
  std::atomic<int> calls = 0;
  moved.parallel_for(4, 1, [&](std::int64_t, std::int64_t) { ++calls; });
  moved.wait();
  EXPECT_EQ(calls, 4);
}

TEST(Executor, RefusesADeviceThatIsNotThere) {
  const int beyond = static_cast<int>(cuda_status().devices.size());
  try {
    Executor::cuda(beyond, 1);
    FAIL() << "there is no such device";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::device_unavailable);
  }
}

TEST(Executor, NamesTheInstructionSet) {
  const std::string chosen = cpu_dispatch();
  EXPECT_TRUE(chosen == "avx512" || chosen == "avx2" || chosen == "baseline") << chosen;
}

}  // namespace
}  // namespace naru::test
