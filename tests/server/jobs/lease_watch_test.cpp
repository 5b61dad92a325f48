#include "server/jobs/lease_watch.h"

#include <gtest/gtest.h>

namespace naru::server {
namespace {

using std::chrono::milliseconds;
using Leases = std::vector<SeenLease>;

constexpr milliseconds kLeasePatience{1000};
const LeaseWatch::Time kStart{};

TEST(LeaseWatch, ALeaseThatStandsStillForTheWholePatienceIsDead) {
  LeaseWatch watch(kLeasePatience);
  const Leases leases = {{"job-1", 1, 500}};
  EXPECT_TRUE(watch.dead(leases, kStart).empty());
  EXPECT_TRUE(watch.dead(leases, kStart + milliseconds(999)).empty());
  EXPECT_EQ(watch.dead(leases, kStart + milliseconds(1000)), leases);
}

TEST(LeaseWatch, AHeartbeatStartsThePatienceAnew) {
  LeaseWatch watch(kLeasePatience);
  watch.dead(Leases{{"job-1", 1, 500}}, kStart);
  EXPECT_TRUE(watch.dead(Leases{{"job-1", 1, 501}}, kStart + milliseconds(900)).empty());
  EXPECT_TRUE(watch.dead(Leases{{"job-1", 1, 501}}, kStart + milliseconds(1800)).empty());
  EXPECT_EQ(watch.dead(Leases{{"job-1", 1, 501}}, kStart + milliseconds(1900)).size(), 1U);
}

TEST(LeaseWatch, WhatTheStampSaysDecidesNothing) {
  LeaseWatch watch(kLeasePatience);
  const Leases long_expired = {{"job-1", 1, -1'000'000'000'000}};
  EXPECT_TRUE(watch.dead(long_expired, kStart).empty()) << "the clock may have jumped forward";
  const Leases far_ahead = {{"job-2", 1, 1'000'000'000'000'000}};
  watch.dead(far_ahead, kStart);
  EXPECT_EQ(watch.dead(far_ahead, kStart + kLeasePatience), far_ahead) << "the clock may have jumped back";
}

TEST(LeaseWatch, AnotherClaimOfTheSameJobIsAnotherLease) {
  LeaseWatch watch(kLeasePatience);
  watch.dead(Leases{{"job-1", 1, 500}}, kStart);
  EXPECT_TRUE(watch.dead(Leases{{"job-1", 2, 500}}, kStart + kLeasePatience).empty());
  watch.dead(Leases{}, kStart + kLeasePatience);
  EXPECT_TRUE(watch.dead(Leases{{"job-1", 2, 500}}, kStart + 2 * kLeasePatience).empty()) << "it was gone meanwhile";
}

}  // namespace
}  // namespace naru::server
