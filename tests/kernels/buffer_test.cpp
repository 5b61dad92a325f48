#include "kernels/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "kernels/executor_like.h"
#include "tests/support/executors.h"

// The sanitizers' allocators end the program where the system's would say no, unless told otherwise.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

namespace naru::test {
namespace {

TEST(Buffer, BringsValuesToTheExecutorAndBack) {
  for (Executor& executor : executors_under_test()) {
    for (const std::size_t count : {1u, 33u, 5'000'000u}) {  // the last one lies on huge pages
      auto host = Buffer<std::int32_t>::on_host(count, executor);
      std::iota(host.host().begin(), host.host().end(), 7);
      const auto back = to_host(to_executor(std::move(host), executor), executor);
      ASSERT_EQ(back.size(), count);
      EXPECT_EQ(back.data()[0], 7);
      EXPECT_EQ(back.data()[count - 1], static_cast<std::int32_t>(count) + 6);
    }
  }
}

TEST(Buffer, UsesPinnedMemoryAgainOnceItsCopiesHaveEnded) {
  for (Executor& executor : executors_under_test()) {
    constexpr std::size_t kCount = 100'000;
    Buffer<int> there(kCount, executor);
    {
      auto first = Buffer<int>::on_host(kCount, executor);
      std::ranges::fill(first.host(), 1);
      detail::copy_bytes(there.data(), first.data(), kCount * sizeof(int), executor);
    }
    auto second = Buffer<int>::on_host(kCount, executor);
    std::ranges::fill(second.host(), 2);
    EXPECT_EQ(to_host(std::move(there), executor).host().back(), 1) << executor.description();
  }
}

TEST(Buffer, KeepsAsMuchIdleHostMemoryAsItIsTold) {
  constexpr std::size_t kBytes = 1 << 20;
  for (Executor& executor : executors_under_test()) {
    Executor other = executor_like(executor);
    const std::uint64_t kept = executor.is_cuda() ? kBytes : 0;
    EXPECT_EQ(executor.kept_host_memory(), 0u);
    const void* place = nullptr;
    {
      const auto first = Buffer<std::byte>::on_host(kBytes, executor);
      place = first.data();
    }
    EXPECT_EQ(other.kept_host_memory(), kept);
    {
      const auto smaller = Buffer<std::byte>::on_host(kBytes - 1000, other);
      EXPECT_TRUE(smaller.data() == place || !executor.is_cuda());
      EXPECT_EQ(executor.kept_host_memory(), executor.is_cuda() ? 1000u : 0u);
      const auto much_smaller = Buffer<std::byte>::on_host(100, other);
      EXPECT_NE(much_smaller.data(), smaller.data());
    }
    executor.keep_host_memory(kBytes / 2);
    EXPECT_LE(other.kept_host_memory(), kBytes / 2);
    { const auto large = Buffer<std::byte>::on_host(kBytes, executor); }
    EXPECT_LE(executor.kept_host_memory(), kBytes / 2);
    executor.keep_host_memory(0);
    EXPECT_EQ(executor.kept_host_memory(), 0u);
  }
}

TEST(Buffer, LiesWhereItSays) {
  for (Executor& executor : executors_under_test()) {
    EXPECT_TRUE(Buffer<float>::on_host(10, executor).is_on_host());
    EXPECT_EQ(Buffer<float>(10, executor).is_on_host(), !executor.is_cuda());
  }
}

TEST(Buffer, MayBeEmpty) {
  for (Executor& executor : executors_under_test()) {
    const auto back = to_host(to_executor(Buffer<float>::on_host(0, executor), executor), executor);
    EXPECT_EQ(back.size(), 0u);
    EXPECT_TRUE(back.host().empty());
  }
}

TEST(Buffer, IsAlignedToACacheLine) {
  Executor executor = Executor::cpu(1);
  for (const std::size_t count : {1u, 100u, 10'000'000u}) {
    const Buffer<std::byte> buffer(count, executor);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
  }
}

TEST(Buffer, OutlivesItsExecutor) {
  Buffer<int> buffer;
  for (Executor& executor : executors_under_test()) buffer = Buffer<int>(1000, executor);
  EXPECT_EQ(buffer.size(), 1000u);
}

TEST(Buffer, SaysWhenMemoryIsNotToBeHad) {
  for (Executor& executor : executors_under_test()) {
    try {
      const Buffer<std::byte> buffer(std::size_t{1} << 60, executor);
      FAIL() << "an exbibyte was allocated";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::memory_exceeded);
    }
  }
}

/// More threads and blocks than are kept: some are freed while others are taken.
TEST(Buffer, KeepsNoMoreThanItIsToldWhereThreadsShareIt) {
  constexpr std::size_t kBytes = 4096, kKept = 5 * kBytes;
  constexpr int kThreads = 4, kRounds = 30, kHeld = 20;
  for (Executor& executor : executors_under_test()) {
    executor.keep_host_memory(kKept);
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          Executor own = executor_like(executor);
          for (int round = 0; round < kRounds; ++round) {
            own.keep_host_memory(round % 4 == 3 ? 100 * kBytes : kKept - static_cast<std::size_t>(round % 3) * kBytes);
            std::vector<Buffer<int>> held;
            for (int n = 0; n < kHeld; ++n) {
              held.push_back(Buffer<int>::on_host(kBytes / sizeof(int), own));
              std::ranges::fill(held.back().host(), kHeld * t + n);
            }
            for (int n = 0; n < kHeld; ++n) {
              const auto values = held[static_cast<std::size_t>(n)].host();
              wrong += std::ranges::count(values, kHeld * t + n) != std::ssize(values) ? 1 : 0;
            }
          }
        });
      }
    }
    EXPECT_EQ(wrong, 0);
    executor.keep_host_memory(kKept);
    EXPECT_LE(executor.kept_host_memory(), kKept);
  }
}

/// What threads hold at most is what there is, whatever lies idle or is being freed meanwhile.
TEST(Buffer, FindsRoomWhereOthersLieIdle) {
  constexpr std::size_t kPage = 4096, kMostPages = 32;
  constexpr int kThreads = 8, kRounds = 20'000;
  ASSERT_EQ(::setenv("NARU_EMULATED_PINNED_BYTES", "1048576", 1), 0);  // what all threads hold
  for (Executor& executor : executors_under_test()) {
    executor.keep_host_memory(std::size_t{1} << 30);
    std::atomic<int> failed = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          Executor own = executor_like(executor);
          std::minstd_rand random(static_cast<unsigned>(t) + 1);
          for (int round = 0; round < kRounds; ++round) {
            try {
              if (round % 8 == 0) own.keep_host_memory(0);
              if (round % 8 == 1) own.keep_host_memory(std::size_t{1} << 30);
              (void)Buffer<std::byte>::on_host((1 + random() % kMostPages) * kPage, own);
            } catch (const Error&) {
              ++failed;
            }
          }
        });
      }
    }
    EXPECT_EQ(failed, 0) << executor.description();
  }
  ::unsetenv("NARU_EMULATED_PINNED_BYTES");
}

}  // namespace
}  // namespace naru::test
