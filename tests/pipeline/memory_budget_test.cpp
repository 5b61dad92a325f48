#include "pipeline/memory_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace naru {
namespace {

TEST(MemoryBudget, KeepsTheSumOfAllSharesBelowItsLimit) {
  MemoryBudget budget(100);
  std::atomic<int> held{0}, most{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 1; t <= 8; ++t) {
      threads.emplace_back([&, size = 10 * t] {
        for (int n = 0; n < 200; ++n) {
          const MemoryBudget::Share share(budget, static_cast<std::uint64_t>(size));
          const int now = held += size;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
          held -= size;
        }
      });
    }
  }
  EXPECT_LE(most, 100);
  EXPECT_GT(most, 0);
  EXPECT_EQ(held, 0);
}

TEST(MemoryBudget, RemembersTheMostThatWasHeldAtOnce) {
  MemoryBudget budget(100);
  EXPECT_EQ(budget.peak_bytes(), 0u);
  {
    const MemoryBudget::Share first(budget, 30);
    std::jthread([&] { const MemoryBudget::Share second(budget, 40); }).join();
  }
  { const MemoryBudget::Share third(budget, 50); }
  EXPECT_EQ(budget.peak_bytes(), 70u);
}

TEST(MemoryBudget, TellsHowMuchIsLeft) {
  std::vector<std::uint64_t> told;
  MemoryBudget budget(100, [&](std::uint64_t room) { told.push_back(room); });
  {
    const MemoryBudget::Share first(budget, 30);
    std::jthread([&] { const MemoryBudget::Share second(budget, 40); }).join();
  }
  EXPECT_EQ(told, (std::vector<std::uint64_t>{70, 30, 70, 100}));
}

TEST(MemoryBudget, KnowsWhatItCanNeverHold) {
  const MemoryBudget budget(100);
  EXPECT_TRUE(budget.can_ever_hold(100));
  EXPECT_FALSE(budget.can_ever_hold(101));
}

}  // namespace
}  // namespace naru
