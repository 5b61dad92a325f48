#include "server/delivery/grants.h"

#include <gtest/gtest.h>

#include "tests/server/delivery/delivery_world.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

class Grants : public testing::TestWithParam<DatabaseCase> {
 protected:
  std::optional<ErrorCode> propose(const GrantProposal& wanted) {
    return code_if_thrown([&] {
      world_.write([&](Transaction& t) { propose_grant(world_.server.services, t, world_.steward, wanted); });
    });
  }
  DeliveryWorld world_{GetParam()};
};
NARU_FOR_EACH_DATABASE(Grants);

TEST_P(Grants, NeedTwoPersons) {
  const Grant made = world_.write(
      [&](Transaction& t) { return propose_grant(world_.server.services, t, world_.steward, world_.proposal()); });
  EXPECT_EQ(made.state, "proposed");
  EXPECT_EQ(code_if_thrown([&] {
              world_.write([&](Transaction& t) { approve_grant(world_.server.services, t, world_.steward, made); });
            }),
            ErrorCode::forbidden);
  EXPECT_EQ(code_if_thrown([&] { require_active(made, world_.server.clock.now_ms()); }), ErrorCode::grant_ended);
  world_.write([&](Transaction& t) { approve_grant(world_.server.services, t, world_.reviewer, made); });
  EXPECT_EQ(world_.now(made).state, "active");
}

TEST_P(Grants, RefuseWhatCannotBe) {
  const auto with = [&](auto change) {
    GrantProposal wanted = world_.proposal();
    change(wanted);
    return propose(wanted);
  };
  EXPECT_EQ(with([](GrantProposal&) {}), std::nullopt);
  EXPECT_EQ(with([](GrantProposal& p) { p.recipient_id = "org-0"; }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.expires_ms = 1; }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.mode = "lend"; }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.study_ids.clear(); }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.study_ids = {"study-2"}; }), ErrorCode::not_found);
  EXPECT_EQ(with([](GrantProposal& p) { p.recipe = "/etc/passwd"; }), ErrorCode::recipe_invalid);
}

TEST_P(Grants, EachHasAKeyOfItsOwn) {
  const Grant first = world_.grant(world_.proposal()), second = world_.grant(world_.proposal());
  EXPECT_NE(first.key_id, second.key_id);
  EXPECT_NE(first.key_sealed, second.key_sealed);
}

TEST_P(Grants, EndOnceByRevocationAndByTheirDate) {
  const Grant grant = world_.grant(world_.proposal());
  EXPECT_EQ(code_if_thrown([&] { require_active(grant, grant.expires_ms - 1); }), std::nullopt);
  EXPECT_EQ(code_if_thrown([&] { require_active(grant, grant.expires_ms); }), ErrorCode::grant_ended);
  const auto revoke = [&] {
    world_.write([&](Transaction& t) { revoke_grant(world_.server.services, t, world_.reviewer, grant); });
  };
  revoke();
  EXPECT_EQ(code_if_thrown([&] { require_active(world_.now(grant), 0); }), ErrorCode::grant_ended);
  EXPECT_EQ(code_if_thrown(revoke), ErrorCode::conflict);
}

TEST_P(Grants, AreSeenByTheRecipientOnceApprovedAndByNobodyElse) {
  const auto sees = [&](const Caller& caller, const Grant& grant) {
    return world_.write([&](Transaction& t) { return find_grant(t, caller, grant.id).has_value(); });
  };
  const Grant proposed = world_.write(
      [&](Transaction& t) { return propose_grant(world_.server.services, t, world_.steward, world_.proposal()); });
  EXPECT_FALSE(sees(world_.engineer, proposed));
  world_.write([&](Transaction& t) { approve_grant(world_.server.services, t, world_.reviewer, proposed); });
  EXPECT_TRUE(sees(world_.engineer, proposed));
  Caller stranger = world_.engineer;
  stranger.organisation_id = world_.server.operator_id;
  EXPECT_FALSE(sees(stranger, proposed));
}

}  // namespace
}  // namespace naru::server::test
