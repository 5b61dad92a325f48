#include "pipeline/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace naru {
namespace {

TEST(ReadAhead, GivesEverythingInOrderOnceAndSoManyAheadAtMost) {
  for (const std::size_t most : {0, 1, 3, 7}) {
    std::atomic<std::size_t> loaded = 0;
    ReadAhead<std::size_t> ahead(5, most, [&](std::size_t n) {
      ++loaded;
      return n;
    });
    for (std::size_t n = 0; n < 5; ++n) {
      EXPECT_EQ(ahead.next(), n);
      EXPECT_LE(loaded, n + 1 + most);
    }
    EXPECT_EQ(loaded, 5u);
  }
}

TEST(ReadAhead, LoadsSideBySide) {
  // Each load waits for the two others: one after the other they would never end.
  std::atomic<int> begun = 0;
  ReadAhead<int> ahead(3, 3, [&](std::size_t n) {
    ++begun;
    while (begun < 3) std::this_thread::yield();
    return static_cast<int>(n);
  });
  for (int n = 0; n < 3; ++n) EXPECT_EQ(ahead.next(), n);
}

TEST(ReadAhead, WorksForTheTraceOfItsCaller) {
  Trace trace(true);
  const TraceScope scope({&trace, {}}, "job");
  ReadAhead<bool> ahead(2, 1, [&](std::size_t) { return trace_context().trace == &trace; });
  EXPECT_TRUE(ahead.next());
  EXPECT_TRUE(ahead.next());
}

TEST(ReadAhead, ThrowsWhereTheThingIsAskedFor) {
  ReadAhead<int> ahead(3, 1, [](std::size_t n) {
    if (n == 1) throw std::runtime_error("as if");
    return 7;
  });
  EXPECT_EQ(ahead.next(), 7);
  EXPECT_THROW(ahead.next(), std::runtime_error);
}

TEST(ReadAhead, MayBeLeftInTheMiddle) {
  ReadAhead<int> ahead(3, 2, [](std::size_t) { return 1; });
  EXPECT_EQ(ahead.next(), 1);
}

}  // namespace
}  // namespace naru
