#include "pipeline/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace naru {
namespace {

TEST(ReadAhead, GivesEverythingInOrderOnceAndOneAheadAtMost) {
  for (const bool is_ahead : {false, true}) {
    std::atomic<std::size_t> loaded = 0;
    ReadAhead<std::size_t> ahead(5, is_ahead, [&](std::size_t n) {
      ++loaded;
      return n;
    });
    for (std::size_t n = 0; n < 5; ++n) {
      EXPECT_EQ(ahead.next(), n);
      EXPECT_LE(loaded, n + 2);
    }
    EXPECT_EQ(loaded, 5u);
  }
}

TEST(ReadAhead, ThrowsWhereTheThingIsAskedFor) {
  ReadAhead<int> ahead(3, true, [](std::size_t n) {
    if (n == 1) throw std::runtime_error("as if");
    return 7;
  });
  EXPECT_EQ(ahead.next(), 7);
  EXPECT_THROW(ahead.next(), std::runtime_error);
}

TEST(ReadAhead, MayBeLeftInTheMiddle) {
  ReadAhead<int> ahead(3, true, [](std::size_t) { return 1; });
  EXPECT_EQ(ahead.next(), 1);
}

}  // namespace
}  // namespace naru
