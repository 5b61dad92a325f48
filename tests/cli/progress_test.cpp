#include "cli/progress.h"

#include <gmock/gmock.h>

namespace naru::cli {
namespace {

/// What is said of one call; its last is always said.
std::string shown(const Progress& progress) {
  ::testing::internal::CaptureStderr();
  ProgressDisplay(false).show(progress);
  return ::testing::internal::GetCapturedStderr();
}

TEST(ProgressDisplay, TellsOfStudiesWhereTheyAreKnown) {
  EXPECT_EQ(
      shown({.stage = "preparing volumes", .done = 5, .total = 5, .unit = "cases", .studies_done = 2, .studies = 2}),
      "naru: preparing volumes: 5/5 cases, 2/2 studies\n");
  EXPECT_EQ(shown({.stage = "reading headers", .done = 3, .total = 3, .unit = "files"}),
            "naru: reading headers: 3/3 files\n");
}

TEST(ProgressDisplay, SaysNothingWhereItIsQuiet) {
  ::testing::internal::CaptureStderr();
  ProgressDisplay(true).show({.stage = "reading headers", .done = 3, .total = 3, .unit = "files"});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace naru::cli
