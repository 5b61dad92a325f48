#include "server/jobs/lease_keeper.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/server/jobs/job_world.h"
#include "tests/server/support/wait_until.h"

namespace naru::server {
namespace {

using std::chrono::milliseconds;
using test::JobWorld;
using test::lease_of;
using test::wait_until;

constexpr milliseconds kInterval{1}, kPatience{30'000};

TEST(LeaseKeeper, BeatsUntilItIsToldToStop) {
  std::atomic<int> beats = 0;
  const LeaseKeeper keeper(kInterval, [&] { return ++beats < 5; });
  EXPECT_TRUE(wait_until([&] { return keeper.cancel().is_canceled(); }));
  EXPECT_EQ(beats, 5);
}

TEST(LeaseKeeper, DoesNotBeatOnceItIsGone) {
  std::atomic<int> beats = 0;
  {
    const LeaseKeeper keeper(std::chrono::hours(1), [&] { return ++beats > 0; });
    EXPECT_TRUE(wait_until([&] { return beats == 1; })) << "at once";
    EXPECT_FALSE(keeper.cancel().is_canceled());
  }  // does not wait for the next beat
  EXPECT_EQ(beats, 1);
}

class LeaseKeeperOn : public testing::TestWithParam<test::DatabaseCase> {};
NARU_FOR_EACH_DATABASE(LeaseKeeperOn);

/// A dataset is read for an hour, on a clock that the test moves; another server watches.
TEST_P(LeaseKeeperOn, AWatcherSeesALeaseThatLivesForAsLongAsItIsKept) {
  JobWorld world(GetParam());
  world.submit("org-a");
  JobClaims reader = world.claims("node-1/a"), other = world.claims("node-2/b");
  const JobRow job = reader.claim(test::kRoom).value();
  LeaseWatch watch(kPatience);
  LeaseWatch::Time now{};
  other.interrupt_dead(watch, now, {});
  {
    std::atomic<int> beats = 0;
    const LeaseKeeper keeper(kInterval, [&] { return reader.heartbeat(lease_of(job), {}), ++beats > 0; });
    for (const auto end = now + std::chrono::hours(1); now < end; now += kPatience - milliseconds(1)) {
      const int before = beats;
      ASSERT_TRUE(wait_until([&] { return beats > before + 1; }));
      ASSERT_EQ(other.interrupt_dead(watch, now, {}), 0U);
    }
  }
  other.interrupt_dead(watch, now, {});
  EXPECT_EQ(other.interrupt_dead(watch, now + kPatience, {}), 1U) << "nobody keeps it any more";
  EXPECT_EQ(world.job(job.id).state, JobState::queued);
}

}  // namespace
}  // namespace naru::server
