#include "server/jobs/job_events.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/server/jobs/job_world.h"

namespace naru::server {
namespace {

using test::JobWorld;
using test::kRoom;
using test::lease_of;

class JobEventsTest : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  JobWorld world_{GetParam()};
  JobClaims claims_ = world_.claims("node-1/a");
  bool is_let_in_ = true;
  const std::function<bool()> may_watch_ = [this] { return is_let_in_; };
};
NARU_FOR_EACH_DATABASE(JobEventsTest);

TEST_P(JobEventsTest, AStreamThatIsTakenUpAgainMissesNoneAndDoublesNone) {
  const std::string id = world_.submit("org-a").id;
  const JobRow job = claims_.claim(kRoom).value();
  std::vector<std::string> ids;
  std::string last = "0";
  const auto take = [&](JobEventSource& source) {
    for (const ServerEvent& event : source.next()) {
      if (event.id.empty()) continue;
      ids.push_back(last = event.id);
    }
  };
  {
    JobEventSource first(*world_.database, may_watch_, id, 0);
    take(first);
    take(first);
    EXPECT_FALSE(first.is_over());
  }
  claims_.heartbeat(lease_of(job), WorkProgress{"reading headers", 1, 2, "files", 0});
  JobEventSource second(*world_.database, may_watch_, id, std::stoll(last));
  take(second);
  claims_.fail(lease_of(job), ErrorCode::nothing_delivered, "x");
  take(second);
  EXPECT_TRUE(second.is_over());
  EXPECT_EQ(ids, (std::vector<std::string>{"1", "2", "3", "4", "5"}));
}

TEST_P(JobEventsTest, ProgressComesWithoutANumberAndOnlyWhenItIsNew) {
  const std::string id = world_.submit("org-a").id;
  const JobRow job = claims_.claim(kRoom).value();
  JobEventSource source(*world_.database, may_watch_, id, 0);
  const auto progress_count = [&] {
    int count = 0;
    for (const ServerEvent& event : source.next()) count += event.kind == "progress" && event.id.empty() ? 1 : 0;
    return count;
  };
  progress_count();
  EXPECT_EQ(progress_count(), 0);
  claims_.heartbeat(lease_of(job), WorkProgress{"reading headers", 1, 2, "files", 0});
  EXPECT_EQ(progress_count(), 1);
  claims_.heartbeat(lease_of(job), WorkProgress{"reading headers", 2, 2, "files", 0});
  EXPECT_EQ(progress_count(), 1);
  EXPECT_EQ(progress_count(), 0);
}

TEST_P(JobEventsTest, TheLogHasALineForEachEvent) {
  const std::string id = world_.submit("org-a").id;
  claims_.claim(kRoom);
  const std::string log =
      world_.write([&](Transaction& transaction) { return log_text(job_events(transaction, id, 0)); });
  EXPECT_EQ(log.substr(0, 35), "2026-01-01T00:00:00.001Z 1 created ");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2);
}

TEST_P(JobEventsTest, AStreamEndsOnceNobodyMayWatchAnyMore) {
  const std::string id = world_.submit("org-a").id;
  JobEventSource source(*world_.database, may_watch_, id, 0);
  EXPECT_FALSE(source.next().empty());
  EXPECT_FALSE(source.is_over());
  is_let_in_ = false;
  claims_.claim(kRoom).value();
  EXPECT_TRUE(source.next().empty()) << "the claim is not told any more";
  EXPECT_TRUE(source.is_over());
}

}  // namespace
}  // namespace naru::server
