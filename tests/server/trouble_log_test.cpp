#include "server/trouble_log.h"

#include <gtest/gtest.h>

namespace naru::server {
namespace {

using namespace std::chrono_literals;

constexpr TroubleLog::Time kStart{};

TEST(TroubleLog, SaysATroubleAtOnceAndThenOncePerPeriodWithItsCount) {
  TroubleLog log(60s);
  EXPECT_EQ(log.line("away", kStart), "away");
  for (int n = 1; n <= 500; ++n) EXPECT_EQ(log.line("away", kStart + n * 100ms), std::nullopt);
  EXPECT_EQ(log.line("away", kStart + 60s), "away (500 times more since this was last said)");
  EXPECT_EQ(log.line("away", kStart + 61s), std::nullopt);
}

TEST(TroubleLog, SaysATroubleThatCameBackLaterWithoutACount) {
  TroubleLog log(60s);
  log.line("away", kStart);
  EXPECT_EQ(log.line("away", kStart + 3600s), "away");
}

TEST(TroubleLog, TroublesDoNotHideEachOther) {
  TroubleLog log(60s);
  EXPECT_EQ(log.line("away", kStart), "away");
  EXPECT_EQ(log.line("starting", kStart), "starting");
  EXPECT_EQ(log.line("away", kStart + 1s), std::nullopt);
}

TEST(TroubleLog, ForgetsRatherThanGrowWithoutBound) {
  TroubleLog log(60s);
  for (int n = 0; n < 1000; ++n) EXPECT_TRUE(log.line("trouble " + std::to_string(n), kStart));
  EXPECT_TRUE(log.line("trouble 0", kStart));
}

}  // namespace
}  // namespace naru::server
