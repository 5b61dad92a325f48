#include "server/jobs/job_claims.h"

#include <gtest/gtest.h>

#include <functional>

#include "server/jobs/failure.h"
#include "tests/server/jobs/job_world.h"

namespace naru::server {
namespace {

using test::JobWorld;
using test::kRoom;
using test::lease_of;

WorkProgress cases(std::uint64_t done) { return {"preparing volumes", done, 10, "cases", 0}; }

class JobClaimsTest : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  JobRow claim(JobClaims& claims) {
    const auto job = claims.claim(kRoom);
    if (!job) throw std::runtime_error("nothing to claim");
    return *job;
  }
  /// The watch of another process, which saw `claims`'s leases stand still for long enough.
  std::size_t bury(JobClaims& claims) {
    LeaseWatch watch(std::chrono::milliseconds(1000));
    claims.interrupt_dead(watch, LeaseWatch::Time{}, {});
    return claims.interrupt_dead(watch, LeaseWatch::Time{} + std::chrono::seconds(1), {});
  }
  JobWorld world_{GetParam()};
  JobClaims here_ = world_.claims("node-1/a"), there_ = world_.claims("node-2/b");
};
NARU_FOR_EACH_DATABASE(JobClaimsTest);

TEST_P(JobClaimsTest, AJobIsGivenToOneWorkerWithARisingFence) {
  const std::string id = world_.submit("org-a").id;
  const JobRow first = claim(here_);
  EXPECT_EQ(first.id, id);
  EXPECT_EQ(first.state, JobState::initializing);
  EXPECT_EQ(first.attempt, 1);
  EXPECT_FALSE(there_.claim(kRoom));
  here_.stopped(lease_of(first));
  const JobRow second = claim(there_);
  EXPECT_EQ(second.fence, first.fence + 1);
  EXPECT_EQ(second.attempt, 1) << "a stop of the server counts as no attempt";
}

TEST_P(JobClaimsTest, AStaleWorkerCanWriteNothing) {
  world_.submit("org-a");
  const JobRow stale = claim(here_);
  ASSERT_EQ(bury(there_), 1U);
  const auto is_refused = [&] {
    const Lease lease = lease_of(stale);
    const std::int64_t leaves = world_.number("SELECT COUNT(*) FROM ledger_leaves");
    EXPECT_THROW(here_.heartbeat(lease, {}), LeaseLost);
    EXPECT_THROW(here_.heartbeat(lease, cases(9)), LeaseLost);
    EXPECT_THROW(here_.fail(lease, ErrorCode::disk_full, "x"), LeaseLost);
    EXPECT_THROW(here_.stopped(lease), LeaseLost);
    EXPECT_THROW(world_.write([&](Transaction& t) { here_.held(t, lease); }), LeaseLost);
    EXPECT_EQ(world_.number("SELECT COUNT(*) FROM ledger_leaves"), leaves);
  };
  is_refused();  // while it waits
  const JobRow fresh = claim(there_);
  is_refused();  // while another has it
  there_.heartbeat(lease_of(fresh), cases(0));
  world_.write([&](Transaction& t) {
    JobRow job = there_.held(t, lease_of(fresh));
    there_.complete(t, job, "dataset-1", {});
  });
  is_refused();  // when it has ended
  EXPECT_EQ(world_.job(fresh.id).state, JobState::complete);
  EXPECT_EQ(world_.job(fresh.id).dataset_id, "dataset-1");
}

TEST_P(JobClaimsTest, TheSameProcessIsAsStaleAfterItsNextClaim) {
  world_.submit("org-a");
  const JobRow first = claim(here_);
  ASSERT_EQ(bury(there_), 1U);
  const JobRow second = claim(here_);
  EXPECT_THROW(here_.heartbeat(lease_of(first), {}), LeaseLost);
  EXPECT_EQ(here_.heartbeat(lease_of(second), {}), JobWish::none);
}

TEST_P(JobClaimsTest, TheOrganisationWithFewestRunningComesFirstThenPriorityThenAge) {
  std::vector<std::string> a, b;
  for (int n = 0; n < 3; ++n) a.push_back(world_.submit("org-a").id);
  for (int n = 0; n < 2; ++n) b.push_back(world_.submit("org-b").id);
  const std::string urgent = world_.submit("org-a", 5).id;
  std::vector<std::string> order;
  while (const auto job = here_.claim(kRoom)) order.push_back(job->id);
  EXPECT_EQ(order, (std::vector<std::string>{urgent, b[0], a[0], b[1], a[1], a[2]}));
}

TEST_P(JobClaimsTest, AJobThatDoesNotFitWaitsAndNoneBehindItIsPreferred) {
  const std::string large = world_.submit("org-a").id;
  world_.write([&](Transaction& t) { t.execute("UPDATE jobs SET memory_bytes = 300 WHERE id = $1", {large}); });
  world_.submit("org-a");
  EXPECT_FALSE(here_.claim(Room{299, true}));
  EXPECT_EQ(here_.claim(Room{300, true}).value().id, large);
}

TEST_P(JobClaimsTest, AJobLargerThanTheMachineRunsAlone) {
  const std::string huge = world_.submit("org-a").id;
  world_.write([&](Transaction& t) { t.execute("UPDATE jobs SET memory_bytes = 5000 WHERE id = $1", {huge}); });
  EXPECT_FALSE(here_.claim(Room{399, true}));
  EXPECT_TRUE(here_.claim(Room{400, true})) << "400 is all there is";
}

TEST_P(JobClaimsTest, AJobForTheGpuIsPassedOverWhileNoneIsFree) {
  const std::string on_gpu = world_.submit("org-a").id;
  world_.write([&](Transaction& t) { t.execute("UPDATE jobs SET device = 'cuda'", {}); });
  const std::string on_cpu = world_.submit("org-a").id;
  EXPECT_EQ(here_.claim(Room{400, false}).value().id, on_cpu);
  EXPECT_FALSE(here_.claim(Room{400, false}));
  EXPECT_EQ(here_.claim(Room{400, true}).value().id, on_gpu);
}

TEST_P(JobClaimsTest, WhatCanPassIsTriedAgainAfterABackOffUntilNoAttemptIsLeft) {
  const std::string id = world_.submit("org-a").id;
  for (std::int64_t attempt = 1; attempt <= 2; ++attempt) {
    here_.fail(lease_of(claim(here_)), ErrorCode::disk_full, "no room");
    EXPECT_EQ(world_.job(id).state, JobState::queued);
    EXPECT_EQ(world_.job(id).error_code, "disk_full");
    world_.clock.advance(back_off_ms(attempt) - 1);
    EXPECT_FALSE(here_.claim(kRoom));
    world_.clock.advance(1);
  }
  here_.fail(lease_of(claim(here_)), ErrorCode::disk_full, "no room");
  EXPECT_EQ(world_.job(id).state, JobState::system_error);
  EXPECT_EQ(world_.job(id).ended_ms, world_.clock.now_ms());
}

TEST_P(JobClaimsTest, WhatCannotPassEndsTheJobAtOnce) {
  const std::string id = world_.submit("org-a").id;
  here_.fail(lease_of(claim(here_)), ErrorCode::nothing_delivered, "none");
  EXPECT_EQ(world_.job(id).state, JobState::executor_error);
  EXPECT_EQ(world_.job(id).error_code, "nothing_delivered");
}

TEST_P(JobClaimsTest, AJobThatLackedMemoryGetsTwiceAsMuchUpToAllThereIs) {
  JobLimits limits = JobWorld::default_limits();
  const std::string id = world_.submit("org-a").id;
  for (const std::int64_t wanted : {200, 400}) {
    here_.fail(lease_of(claim(here_)), ErrorCode::memory_exceeded, "x");
    EXPECT_EQ(world_.job(id).memory_bytes, wanted);
    world_.clock.advance(kLongestBackOffMs);
  }
  here_.fail(lease_of(claim(here_)), ErrorCode::memory_exceeded, "x");
  EXPECT_EQ(world_.job(id).state, JobState::system_error);
}

TEST_P(JobClaimsTest, AFinishedCaseStartsTheCountOfAttemptsAnew) {
  const std::string id = world_.submit("org-a").id;
  for (std::uint64_t done = 1; done <= 10; ++done) {
    const Lease lease = lease_of(claim(here_));
    here_.heartbeat(lease, cases(done));
    ASSERT_EQ(bury(there_), 1U) << done;
  }
  EXPECT_EQ(world_.job(id).state, JobState::queued);
  const Lease lease = lease_of(claim(here_));
  here_.heartbeat(lease, cases(10));  // ten again: nothing new
  ASSERT_EQ(bury(there_), 1U);
  here_.heartbeat(lease_of(claim(here_)), cases(4));
  ASSERT_EQ(bury(there_), 1U);
  EXPECT_EQ(world_.job(id).state, JobState::system_error) << "three attempts without a new case";
}

TEST_P(JobClaimsTest, ARestartedNodeTakesItsOwnJobsBackAndNobodyElses) {
  world_.submit("org-a");
  world_.submit("org-a");
  const JobRow mine = claim(here_), other = claim(there_);
  JobClaims restarted = world_.claims("node-1/c");
  EXPECT_EQ(restarted.recover(), 1U);
  EXPECT_EQ(world_.job(mine.id).state, JobState::queued);
  EXPECT_EQ(world_.job(other.id).state, JobState::initializing);
  EXPECT_EQ(restarted.recover(), 0U);
}

TEST_P(JobClaimsTest, APausedJobStaysPausedOverARestart) {
  const std::string id = world_.submit("org-a").id;
  const JobRow job = claim(here_);
  world_.write([&](Transaction& t) { world_.queue.pause(t, world_.steward("org-a"), id); });
  here_.stopped(lease_of(job));
  EXPECT_EQ(world_.job(id).state, JobState::paused);
  JobClaims restarted = world_.claims("node-1/c");
  EXPECT_EQ(restarted.recover(), 0U);
  EXPECT_FALSE(restarted.claim(kRoom));
}

TEST_P(JobClaimsTest, AWishOutlivesTheWorkerThatWasToFulfilIt) {
  const std::string to_cancel = world_.submit("org-a").id, to_pause = world_.submit("org-a").id;
  claim(here_);
  claim(here_);
  world_.write([&](Transaction& t) { world_.queue.cancel(t, world_.steward("org-a"), to_cancel); });
  world_.write([&](Transaction& t) { world_.queue.pause(t, world_.steward("org-a"), to_pause); });
  EXPECT_EQ(bury(there_), 2U);
  EXPECT_EQ(world_.job(to_cancel).state, JobState::canceled);
  EXPECT_EQ(world_.job(to_pause).state, JobState::paused);
}

TEST_P(JobClaimsTest, LeasesOfLivingWorkersOfThisProcessAreNeverInterrupted) {
  world_.submit("org-a");
  const JobRow job = claim(here_);
  LeaseWatch watch(std::chrono::milliseconds(1000));
  const std::set<Lease> ours = {lease_of(job)};
  here_.interrupt_dead(watch, LeaseWatch::Time{}, ours);
  EXPECT_EQ(here_.interrupt_dead(watch, LeaseWatch::Time{} + std::chrono::hours(1), ours), 0U);
  here_.interrupt_dead(watch, LeaseWatch::Time{} + std::chrono::hours(1), {});
  EXPECT_EQ(here_.interrupt_dead(watch, LeaseWatch::Time{} + std::chrono::hours(2), {}), 1U)
      << "a lease of ours that no thread knows: the answer to the claim was lost";
}

TEST_P(JobClaimsTest, AHeartbeatBetweenLookAndInterruptionSavesTheLease) {
  world_.submit("org-a");
  const JobRow job = claim(here_);
  LeaseWatch watch(std::chrono::milliseconds(1000));
  there_.interrupt_dead(watch, LeaseWatch::Time{}, {});
  here_.heartbeat(lease_of(job), {});  // at the same wall-clock time as the claim: the clock stands still
  EXPECT_EQ(there_.interrupt_dead(watch, LeaseWatch::Time{} + std::chrono::seconds(1), {}), 0U);
}

TEST_P(JobClaimsTest, AJumpOfTheWallClockNeitherDoublesNorLosesAJob) {
  constexpr std::int64_t kDayMs = 86'400'000;
  for (const std::int64_t jump_ms : {kDayMs, -kDayMs, -400 * kDayMs}) {
    const std::string id = world_.submit("org-a").id;
    const JobRow job = claim(here_);
    LeaseWatch watch(std::chrono::milliseconds(30'000));
    there_.interrupt_dead(watch, LeaseWatch::Time{}, {});
    world_.clock.advance(jump_ms);
    EXPECT_EQ(there_.interrupt_dead(watch, LeaseWatch::Time{} + std::chrono::seconds(1), {}), 0U) << jump_ms;
    EXPECT_FALSE(there_.claim(kRoom));
    EXPECT_EQ(here_.heartbeat(lease_of(job), {}), JobWish::none);
    here_.fail(lease_of(job), ErrorCode::disk_full, "x");
    world_.clock.advance(jump_ms);
    world_.clock.advance(jump_ms > 0 ? 0 : kFirstBackOffMs);
    const JobRow again = claim(there_);
    EXPECT_EQ(again.id, id) << "a back-off ends, whatever the clock did: " << jump_ms;
    world_.write([&](Transaction& t) {
      JobRow held = there_.held(t, lease_of(again));
      there_.complete(t, held, "dataset", {});
    });
  }
}

TEST_P(JobClaimsTest, EveryChangeOfStateHasItsEventAndItsLeaf) {
  const std::string id = world_.submit("org-a").id;
  here_.fail(lease_of(claim(here_)), ErrorCode::disk_full, "x");
  world_.clock.advance(kFirstBackOffMs);
  const Lease lease = lease_of(claim(here_));
  here_.heartbeat(lease, cases(0));
  here_.heartbeat(lease, cases(1));  // RUNNING already, and the same stage: no event
  world_.write([&](Transaction& t) {
    JobRow job = here_.held(t, lease);
    here_.complete(t, job, "dataset-1", {{"cases", 3}});
  });
  const Rows rows = world_.write([&](Transaction& t) {
    return t.query("SELECT number, kind FROM job_events WHERE job_id = $1 ORDER BY number", {id});
  });
  std::vector<std::string> kinds;
  for (const Row& row : rows) {
    EXPECT_EQ(row.integer(0), static_cast<std::int64_t>(kinds.size()) + 1);
    kinds.push_back(row.text(1));
  }
  EXPECT_EQ(kinds,
            (std::vector<std::string>{"created", "claimed", "retried", "claimed", "started", "stage", "finished"}));
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM ledger_leaves"), 6) << "a stage is no state";
  EXPECT_EQ(world_.job(id).progress.dump(), R"({"result":{"cases":3}})") << "no stage that it has left behind";
}

}  // namespace
}  // namespace naru::server
