#include "server/delivery/amendments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/auth/accounts.h"
#include "tests/server/delivery/delivery_world.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

using ::testing::IsSupersetOf;

class Amendments : public testing::TestWithParam<DatabaseCase> {
 protected:
  Amendments() {
    GrantProposal wanted = world_.proposal();
    wanted.quota_bytes = 100;
    grant_ = world_.grant(wanted);
  }
  Amendment propose(std::optional<std::int64_t> quota_bytes, std::optional<std::int64_t> expires_ms = std::nullopt) {
    return world_.write([&](Transaction& t) {
      return propose_amendment(world_.server.services, t, world_.steward, world_.now_in(t, grant_),
                               {quota_bytes, expires_ms});
    });
  }
  Amendment propose_later() {
    return world_.write([&](Transaction& t) {
      return propose_amendment(world_.server.services, t, world_.steward, world_.now_in(t, grant_),
                               {.takes_later_instances = true});
    });
  }
  std::optional<ErrorCode> refusal(std::optional<std::int64_t> quota_bytes,
                                   std::optional<std::int64_t> expires_ms = std::nullopt) {
    return code_if_thrown([&] { propose(quota_bytes, expires_ms); });
  }
  std::optional<ErrorCode> approve(const Caller& caller, const Amendment& amendment) {
    return code_if_thrown([&] {
      world_.write([&](Transaction& t) {
        approve_amendment(world_.server.services, t, caller, world_.now_in(t, grant_), amendment);
      });
    });
  }
  std::size_t seen_by(const Caller& caller) {
    return world_.write([&](Transaction& t) { return list_amendments(t, caller, grant_, {"", 100}).size(); });
  }

  DeliveryWorld world_{GetParam()};
  Grant grant_;
};
NARU_FOR_EACH_DATABASE(Amendments);

TEST_P(Amendments, ChangeTheGrantOnceAnotherPersonApproves) {
  const std::int64_t later_ms = grant_.expires_ms + 1000;
  const Amendment amendment = propose(200, later_ms);
  EXPECT_EQ(world_.now(grant_).quota_bytes, 100U);
  EXPECT_EQ(approve(world_.steward, amendment), ErrorCode::forbidden);
  EXPECT_EQ(world_.now(grant_).quota_bytes, 100U);
  EXPECT_EQ(approve(world_.reviewer, amendment), std::nullopt);
  EXPECT_EQ(world_.now(grant_).quota_bytes, 200U);
  EXPECT_EQ(world_.now(grant_).expires_ms, later_ms);
  EXPECT_EQ(approve(world_.reviewer, amendment), ErrorCode::conflict) << "once";
  EXPECT_THAT(world_.server.ledger_kinds(), IsSupersetOf({"grant.amendment_proposed", "grant.amended"}));
}

TEST_P(Amendments, LeaveAloneWhatTheyDoNotName) {
  EXPECT_EQ(approve(world_.reviewer, propose(0)), std::nullopt);
  EXPECT_EQ(world_.now(grant_).quota_bytes, 0U) << "no limit";
  EXPECT_EQ(world_.now(grant_).expires_ms, grant_.expires_ms);
  const std::int64_t earlier_ms = world_.server.clock.now_ms() + 1000;
  EXPECT_EQ(approve(world_.reviewer, propose(std::nullopt, earlier_ms)), std::nullopt);
  EXPECT_EQ(world_.now(grant_).expires_ms, earlier_ms);
}

TEST_P(Amendments, RefuseWhatCannotBe) {
  EXPECT_EQ(refusal(std::nullopt), ErrorCode::request_invalid) << "nothing changes";
  EXPECT_EQ(refusal(100), ErrorCode::request_invalid) << "not more";
  EXPECT_EQ(refusal(99), ErrorCode::request_invalid) << "less";
  EXPECT_EQ(refusal(std::nullopt, grant_.expires_ms), ErrorCode::request_invalid);
  EXPECT_EQ(refusal(std::nullopt, world_.server.clock.now_ms()), ErrorCode::request_invalid);
  EXPECT_EQ(refusal(std::nullopt, kLatestGrantEndMs + 1), ErrorCode::request_invalid);
  EXPECT_EQ(refusal(200), std::nullopt);
  EXPECT_EQ(refusal(300), ErrorCode::conflict) << "one at a time";
}

TEST_P(Amendments, AreForActiveGrantsAlone) {
  const Amendment amendment = propose(200);
  world_.write([&](Transaction& t) { revoke_grant(world_.server.services, t, world_.reviewer, grant_); });
  EXPECT_EQ(approve(world_.reviewer, amendment), ErrorCode::grant_ended);
  EXPECT_EQ(world_.now(grant_).quota_bytes, 100U);
  EXPECT_EQ(world_.now(grant_).state, "revoked") << "nothing brings a revoked grant back";
  EXPECT_EQ(refusal(300), ErrorCode::grant_ended);
}

TEST_P(Amendments, ThatComeTooLateChangeNothing) {
  const Amendment amendment = propose(std::nullopt, grant_.expires_ms + 1000);
  world_.server.clock.set(grant_.expires_ms);
  EXPECT_EQ(approve(world_.reviewer, amendment), ErrorCode::grant_ended);
  EXPECT_EQ(world_.now(grant_).expires_ms, grant_.expires_ms);
}

TEST_P(Amendments, ThatAreRejectedMakeRoomForAnother) {
  const Amendment amendment = propose(200);
  world_.write([&](Transaction& t) { reject_amendment(world_.server.services, t, world_.steward, grant_, amendment); });
  EXPECT_EQ(approve(world_.reviewer, amendment), ErrorCode::conflict);
  EXPECT_EQ(refusal(300), std::nullopt);
}

TEST_P(Amendments, TakeInWhatCameSinceTheProposalAndNothingThatComesLater) {
  const auto counts = [&] {
    return world_.write([&](Transaction& t) {
      return std::pair(instance_count(cohort_of_grant(t, grant_.id)), later_count(t, grant_.id));
    });
  };
  using Counts = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(code_if_thrown([&] { propose_later(); }), ErrorCode::request_invalid) << "none came";
  world_.receive({"a", "b"});
  EXPECT_EQ(counts(), Counts(0, 2));
  EXPECT_EQ(code_if_thrown([&] { propose_later(); }), ErrorCode::conflict) << "the study is open";
  world_.close();
  const Amendment amendment = propose_later();
  EXPECT_EQ(counts(), Counts(0, 2)) << "a proposal changes nothing";
  world_.receive({"c"});
  EXPECT_EQ(approve(world_.reviewer, amendment), std::nullopt);
  EXPECT_EQ(counts(), Counts(2, 1));
}

TEST_P(Amendments, AreSeenByTheRecipientOnceApproved) {
  const Amendment amendment = propose(200);
  EXPECT_EQ(seen_by(world_.steward), 1U);
  EXPECT_EQ(seen_by(world_.engineer), 0U);
  approve(world_.reviewer, amendment);
  EXPECT_EQ(seen_by(world_.engineer), 1U);
  EXPECT_FALSE(to_json(amendment, false).contains("created_by"));
}

TEST_P(Amendments, GoThroughTheRoutes) {
  TestServer& server = world_.server;
  const std::string steward = server.token_of(world_.steward.user_id), path = "/api/v1/grants/" + grant_.id;
  const Response made = server.ask(Method::post, path + "/amendments", steward, {{"quota_bytes", 200}});
  ASSERT_EQ(made.status, 201);
  const std::string id = json_of(made)["id"];
  const std::string engineer = server.token_of(world_.engineer.user_id);
  const Response approved =
      server.ask(Method::post, path + "/amendments/" + id + "/approve", server.token_of(world_.reviewer.user_id));
  EXPECT_EQ(approved.status, 200);
  EXPECT_EQ(json_of(approved)["state"], "approved");
  EXPECT_EQ(json_of(server.ask(Method::get, path, engineer))["quota_bytes"], 200);
  EXPECT_EQ(json_of(server.ask(Method::get, path + "/amendments", engineer))["items"][0]["quota_bytes"], 200);
}

}  // namespace
}  // namespace naru::server::test
