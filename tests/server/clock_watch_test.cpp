#include "server/clock_watch.h"

#include <gtest/gtest.h>

namespace naru::server {
namespace {

using namespace std::chrono_literals;

constexpr ClockWatch::Time kStart{};
constexpr std::int64_t kHourMs = 3'600'000;

TEST(ClockWatch, AClockThatGoesWithTheOtherWasNotMoved) {
  ClockWatch watch;
  for (int s = 0; s < 100; ++s) EXPECT_EQ(watch.look(1'000'000 + s * 1000 + s % 3, kStart + s * 1s), 0);
  EXPECT_TRUE(watch.is_settled_for(24h, kStart + 100s)) << "nothing is held up after a start";
}

TEST(ClockWatch, AMoveIsNoticedBothWaysAndSettlesInRealTime) {
  for (const std::int64_t moved_ms : {kHourMs, -kHourMs}) {
    ClockWatch watch;
    watch.look(0, kStart);
    EXPECT_EQ(watch.look(moved_ms + 1000, kStart + 1s), moved_ms);
    EXPECT_EQ(watch.look(moved_ms + 2000, kStart + 2s), 0) << "once";
    EXPECT_FALSE(watch.is_settled_for(60s, kStart + 60s));
    EXPECT_TRUE(watch.is_settled_for(60s, kStart + 61s));
  }
}

TEST(ClockWatch, ANudgeIsNoMove) {
  ClockWatch watch;
  watch.look(0, kStart);
  EXPECT_EQ(watch.look(10'900, kStart + 1s), 0);
  EXPECT_EQ(watch.look(21'900, kStart + 2s), 10'000);
}

}  // namespace
}  // namespace naru::server
