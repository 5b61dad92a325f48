#include "kernels/buffer.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

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

}  // namespace
}  // namespace naru::test
