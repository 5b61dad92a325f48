#include "server/delivery/transfers.h"

#include <gtest/gtest.h>

#include "tests/server/delivery/delivery_world.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

class TransfersTest : public testing::TestWithParam<DatabaseCase> {
 protected:
  Grant granted(std::uint64_t quota_bytes) {
    GrantProposal wanted = world_.proposal();
    wanted.quota_bytes = quota_bytes;
    const Grant grant = world_.grant(wanted);
    dataset_ = world_.publish(grant);
    return grant;
  }
  std::shared_ptr<Transfer> begin(std::uint64_t size_bytes) {
    return world_.server.transfers.begin(world_.server.services, world_.access(world_.engineer, dataset_),
                                         dataset_ + ".tar", 0, size_bytes);
  }
  std::uint64_t used(const Grant& grant) { return world_.now(grant).used_bytes; }
  std::vector<std::string> outcomes() {
    std::vector<std::string> found;
    world_.write([&](Transaction& t) {
      for (const Row& row : t.query("SELECT outcome FROM deliveries ORDER BY started_ms, id"))
        found.push_back(row.text(0));
    });
    return found;
  }
  DeliveryWorld world_{GetParam()};
  std::string dataset_;
};
NARU_FOR_EACH_DATABASE(TransfersTest);

TEST_P(TransfersTest, AreChargedBeforeTheyBeginAndGivenBackWhatWasNotSent) {
  const Grant grant = granted(1000);
  const auto download = begin(600);
  EXPECT_EQ(used(grant), 600U);
  EXPECT_EQ(code_if_thrown([&] { begin(401); }), ErrorCode::quota_exceeded);
  download->finished(100, false);
  EXPECT_EQ(used(grant), 100U);
  begin(900)->finished(900, true);
  EXPECT_EQ(used(grant), 1000U);
  EXPECT_EQ(code_if_thrown([&] { begin(1); }), ErrorCode::quota_exceeded);
}

TEST_P(TransfersTest, StopWhenTheirGrantIsRevoked) {
  const Grant grant = granted(0);
  const auto download = begin(1000);
  EXPECT_TRUE(download->may_go_on(10));
  world_.write([&](Transaction& t) { revoke_grant(world_.server.services, t, world_.reviewer, grant); });
  EXPECT_FALSE(download->may_go_on(20));
  download->finished(20, false);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"stopped"}));
  EXPECT_EQ(code_if_thrown([&] { begin(1); }), ErrorCode::grant_ended);
}

TEST_P(TransfersTest, StopAtTheEndDateAndWhenTheAccountIsDisabled) {
  const Grant grant = granted(0);
  const auto by_date = begin(1000);
  world_.server.transfers.sweep(world_.server.services);
  EXPECT_TRUE(by_date->may_go_on(1));
  world_.write(
      [&](Transaction& t) { t.execute("UPDATE users SET disabled_ms = 1 WHERE id = $1", {world_.engineer.user_id}); });
  world_.server.transfers.sweep(world_.server.services);
  EXPECT_FALSE(by_date->may_go_on(2));
  by_date->finished(2, false);
  world_.write([&](Transaction& t) {
    t.execute("UPDATE users SET disabled_ms = NULL WHERE id = $1", {world_.engineer.user_id});
  });
  const auto later = begin(1000);
  world_.server.clock.set(grant.expires_ms);
  world_.server.transfers.sweep(world_.server.services);
  EXPECT_FALSE(later->may_go_on(1));
  later->finished(1, false);
}

TEST_P(TransfersTest, StopWhenTheRoleIsTakenFromTheirAccount) {
  granted(0);
  const auto download = begin(1000);
  world_.write([&](Transaction& t) {
    t.execute("UPDATE users SET roles = 'company auditor' WHERE id = $1", {world_.engineer.user_id});
  });
  world_.server.transfers.sweep(world_.server.services);
  EXPECT_TRUE(download->may_go_on(1));
  world_.write([&](Transaction& t) {
    t.execute("UPDATE users SET roles = 'auditor' WHERE id = $1", {world_.engineer.user_id});
  });
  world_.server.transfers.sweep(world_.server.services);
  EXPECT_FALSE(download->may_go_on(2));
  download->finished(2, false);
}

TEST_P(TransfersTest, NeitherBeginNorGoOnOnceTheirDatasetIsDestroyed) {
  granted(0);
  const DatasetAccess before = world_.access(world_.engineer, dataset_);
  const auto download = begin(1000);
  world_.write(
      [&](Transaction& t) { destroy_dataset(world_.server.services, t, before.dataset, world_.steward.user_id); });
  world_.server.transfers.sweep(world_.server.services);
  EXPECT_FALSE(download->may_go_on(1)) << "that began while it was destroyed";
  download->finished(1, false);
  const auto late = [&] { world_.server.transfers.begin(world_.server.services, before, dataset_ + ".tar", 0, 1); };
  EXPECT_EQ(code_if_thrown(late), ErrorCode::gone);
}

TEST_P(TransfersTest, AreRecordedByTheLedgerWithTheirBytes) {
  granted(0);
  begin(1000)->finished(1000, true);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"complete"}));
  const auto kinds = world_.server.ledger_kinds();
  EXPECT_EQ(std::ranges::count(kinds, "delivery.ended"), 1);
}

TEST_P(TransfersTest, ThatAServerLeftOpenAreEndedAtTheNextStartWithoutARefund) {
  const Grant grant = granted(0);
  const auto left_open = begin(1000);
  Transfers::close_interrupted(world_.server.services);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"interrupted"}));
  EXPECT_EQ(used(grant), 1000U);
  world_.write([&](Transaction& t) {
    EXPECT_EQ(t.query("SELECT SUM(sent_bytes) FROM deliveries").at(0).integer(0), 1000) << "as charged";
  });
  left_open->finished(5, false);  // what comes after its record changes nothing
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"interrupted"}));
}

TEST_P(TransfersTest, OfTheHospitalUseUpNoGrant) {
  const Grant grant = granted(1);
  const auto download = world_.server.transfers.begin(world_.server.services, world_.access(world_.steward, dataset_),
                                                      dataset_ + ".tar", 0, 1000);
  EXPECT_EQ(used(grant), 0U);
  download->finished(1000, true);
  EXPECT_EQ(used(grant), 0U);
}

TEST_P(TransfersTest, NeitherBeginNorGoOnWhileTheHospitalIsDisabled) {
  granted(0);
  const DatasetAccess before = world_.access(world_.engineer, dataset_);
  const auto download = begin(1000);
  world_.write([&](Transaction& t) {
    t.execute("UPDATE organisations SET disabled_ms = 1 WHERE id = $1", {world_.server.hospital_id});
  });
  world_.server.transfers.sweep(world_.server.services);
  EXPECT_FALSE(download->may_go_on(1));
  download->finished(1, false);
  const auto late = [&] { world_.server.transfers.begin(world_.server.services, before, dataset_ + ".tar", 0, 1); };
  EXPECT_EQ(code_if_thrown(late), ErrorCode::grant_ended);
}

TEST_P(TransfersTest, StopWhenTheTokenThatTheyBeganByIsRevoked) {
  granted(0);
  auto& server = world_.server;
  const NewToken second = server.make_token(world_.engineer, "second", kAllScopes, server.clock.now_ms() + 3600'000);
  const Caller by_second = server.auth.tokens.caller_with(second.secret).value();
  const auto download = begin(1000);
  const auto revoked = server.transfers.begin(server.services, world_.access(by_second, dataset_), "dataset-1", 0, 1);
  server.auth.tokens.revoke(world_.engineer, second.token.id);
  server.transfers.sweep(server.services);
  EXPECT_FALSE(revoked->may_go_on(1));
  EXPECT_TRUE(download->may_go_on(1)) << "by another token of the same account";
  revoked->finished(1, false);
  download->finished(1, false);
}

TEST_P(TransfersTest, KeepTheirSessionInUseAndStopWhenItEnds) {
  granted(0);
  auto& server = world_.server;
  const std::string secret = server.auth.sessions.begin(world_.steward.user_id, std::nullopt);
  const Caller steward = server.auth.sessions.caller_with(secret).value();
  const auto download = server.transfers.begin(server.services, world_.access(steward, dataset_), "dataset-1", 0, 1);
  for (int n = 0; n < 3; ++n) {
    server.clock.advance(kSessionIdleMs - 1);
    server.transfers.sweep(server.services);
    EXPECT_TRUE(download->may_go_on(1)) << "who downloads is not idle";
  }
  server.auth.sessions.end(secret);
  server.transfers.sweep(server.services);
  EXPECT_FALSE(download->may_go_on(1));
  download->finished(1, false);
}

}  // namespace
}  // namespace naru::server::test
