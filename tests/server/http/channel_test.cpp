#include "server/http/channel.h"

#include <gtest/gtest.h>

namespace naru::server {
namespace {

using namespace std::chrono_literals;

const RecordSize::Time kStart{1h};

TEST(RecordSize, IsSmallForAPeerThatTakesLittle) {
  RecordSize size;
  for (int second = 0; second < 100; ++second) {
    EXPECT_EQ(size.after(20'000, kStart + second * 1s), RecordSize::kSmallBytes);
  }
}

TEST(RecordSize, IsLongForAPeerThatTakesMuch) {
  RecordSize size;
  for (int step = 0; step < 40; ++step) size.after(64 << 10, kStart + step * 1ms);
  for (int step = 40; step < 5000; ++step) {
    ASSERT_EQ(size.after(64 << 10, kStart + step * 1ms), RecordSize::kLongBytes) << step;
  }
}

TEST(RecordSize, IsSmallAgainOnceThePeerTakesLittle) {
  RecordSize size;
  for (int step = 0; step < 40; ++step) size.after(64 << 10, kStart + step * 1ms);
  EXPECT_EQ(size.after(20'000, kStart + 10s), RecordSize::kSmallBytes);
  EXPECT_EQ(size.after(20'000, kStart + 11s), RecordSize::kSmallBytes);
}

}  // namespace
}  // namespace naru::server
