#include "server/jobs/failure.h"

#include <gtest/gtest.h>

#include <set>

namespace naru::server {
namespace {

TEST(Failure, WhatCannotPassIsNotTriedAgainAndWhatCanPassIs) {
  for (const ErrorCode code : {ErrorCode::recipe_invalid, ErrorCode::nothing_delivered, ErrorCode::key_invalid,
                               ErrorCode::grant_ended, ErrorCode::input_missing, ErrorCode::usage}) {
    EXPECT_FALSE(failure_rule(code).can_pass) << name(code);
  }
  for (const ErrorCode code : {ErrorCode::disk_full, ErrorCode::memory_exceeded, ErrorCode::device_unavailable,
                               ErrorCode::output_busy, ErrorCode::internal, ErrorCode::store_unavailable}) {
    EXPECT_TRUE(failure_rule(code).can_pass) << name(code);
  }
}

TEST(Failure, EveryCodeEndsAJobInOneOfTheTwoErrorStates) {
  for (int n = 0; n <= static_cast<int>(ErrorCode::internal); ++n) {
    const FailureRule& rule = failure_rule(static_cast<ErrorCode>(n));
    EXPECT_TRUE(rule.event == JobEvent::work_failed || rule.event == JobEvent::system_failed);
    for (const JobState state : {JobState::initializing, JobState::running}) {
      EXPECT_TRUE(is_terminal(next_state(state, rule.event).value()));
    }
  }
}

TEST(Failure, BackOffDoublesUpToTenMinutes) {
  EXPECT_EQ(back_off_ms(1), 5'000);
  EXPECT_EQ(back_off_ms(2), 10'000);
  EXPECT_EQ(back_off_ms(3), 20'000);
  EXPECT_EQ(back_off_ms(7), 320'000);
  EXPECT_EQ(back_off_ms(8), 600'000);
  EXPECT_EQ(back_off_ms(1'000'000), 600'000);
  EXPECT_EQ(back_off_ms(0), 5'000);
}

}  // namespace
}  // namespace naru::server
