#include "server/delivery/job_records.h"

#include <gtest/gtest.h>

#include "server/delivery/amendments.h"
#include "tests/server/delivery/delivery_world.h"

namespace naru::server::test {
namespace {

using Json = nlohmann::json;

class JobRecords : public testing::TestWithParam<DatabaseCase> {
 protected:
  JobRecords() {
    grant_ = world_.grant(world_.proposal());
    world_.publish(grant_);
    world_.write([&](Transaction& t) { t.execute("UPDATE jobs SET grant_id = $1", {grant_.id}); });
    std::filesystem::create_directories(file_.parent_path());
    write_file(file_, R"({"schema":"naru.record/1","purpose":"p","period":"2026-01-01 to 2026-01-01"})");
  }
  std::string amend(std::int64_t days) {
    return world_.write([&](Transaction& t) {
      const Grant now = world_.now_in(t, grant_);
      const auto amendment = propose_amendment(world_.server.services, t, world_.steward, now,
                                               {std::nullopt, grant_.expires_ms + days * 86'400'000, false});
      approve_amendment(world_.server.services, t, world_.reviewer, now, amendment);
      return amendment.id;
    });
  }
  Json record() const { return Json::parse(read_file(file_, 10000).value_or("")); }

  DeliveryWorld world_{GetParam()};
  Grant grant_;
  const std::filesystem::path file_ = world_.server.config.data / "reports/job-1/record.json";
};
NARU_FOR_EACH_DATABASE(JobRecords);

TEST_P(JobRecords, SayThePeriodInForceAndThoseBefore) {
  const std::string first = amend(30);
  EXPECT_EQ(record()["period"], "2026-01-01 to 2026-01-31");
  world_.server.clock.advance(2 * 86'400'000);
  const std::string second = amend(59);
  const std::string reviewer = world_.reviewer.user_id;
  EXPECT_EQ(record()["period"], "2026-01-01 to 2026-03-01");
  EXPECT_EQ(record()["period_history"],
            Json::array({{{"period", "2026-01-01 to 2026-01-01"}, {"decided", "2026-01-01"}, {"reviewer", reviewer}},
                         {{"period", "2026-01-01 to 2026-01-31"},
                          {"decided", "2026-01-01"},
                          {"reviewer", reviewer},
                          {"amendment", first}},
                         {{"period", "2026-01-01 to 2026-03-01"},
                          {"decided", "2026-01-03"},
                          {"reviewer", reviewer},
                          {"amendment", second}}}));
  EXPECT_EQ(record()["purpose"], "p");
}

TEST_P(JobRecords, AreMadeGoodAtTheStartAfterAKill) {
  const std::string before = read_file(file_, 10000).value_or("");
  note_periods(world_.server.services);
  EXPECT_EQ(read_file(file_, 10000), before) << "nothing was amended";
  amend(30);
  write_file(file_, before);
  note_periods(world_.server.services);
  EXPECT_EQ(record()["period"], "2026-01-01 to 2026-01-31");
}

TEST_P(JobRecords, KeepWhatIsNotAboutThem) {
  amend(30);
  note_destruction(world_.server.config.data, "job-1", world_.server.clock.now_ms());
  EXPECT_EQ(record()["destruction_date"], "2026-01-01");
  EXPECT_EQ(record()["period_history"].size(), 2U);
  note_destruction(world_.server.config.data, "job-without-a-record", 0);
}

TEST_P(JobRecords, SayThatTheGrantWasRevoked) {
  amend(30);
  const std::string before = read_file(file_, 10000).value_or("");
  world_.server.clock.advance(2 * 86'400'000);
  world_.write([&](Transaction& t) { revoke_grant(world_.server.services, t, world_.steward, grant_); });
  const auto check = [&] {
    EXPECT_EQ(record()["period"], "2026-01-01 to 2026-01-03");
    ASSERT_EQ(record()["period_history"].size(), 3U);
    EXPECT_EQ(record()["period_history"][2], (Json{{"period", "2026-01-01 to 2026-01-03"},
                                                   {"decided", "2026-01-03"},
                                                   {"reviewer", world_.steward.user_id},
                                                   {"revoked", true}}));
  };
  check();
  write_file(file_, before);
  note_periods(world_.server.services);
  check();
}

TEST_P(JobRecords, KeepThePeriodOfAGrantThatIsRevokedAfterItsEnd) {
  amend(1);
  world_.server.clock.advance(9 * std::int64_t{86'400'000});
  world_.write([&](Transaction& t) { revoke_grant(world_.server.services, t, world_.steward, grant_); });
  EXPECT_EQ(record()["period"], "2026-01-01 to 2026-01-02");
}

}  // namespace
}  // namespace naru::server::test
