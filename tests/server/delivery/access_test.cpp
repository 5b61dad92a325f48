#include "server/delivery/access.h"

#include <gtest/gtest.h>

#include "tests/server/delivery/delivery_world.h"

namespace naru::server::test {
namespace {

constexpr std::string_view kReads[] = {"/api/v1/datasets/dataset-1", "/api/v1/datasets/dataset-1/files",
                                       "/api/v1/datasets/dataset-1/receipt", "/ga4gh/drs/v1/objects/dataset-1",
                                       "/ga4gh/drs/v1/objects/dataset-1/access/tar"};

class AccessTest : public testing::TestWithParam<DatabaseCase> {
 protected:
  Response ask(std::string_view path) { return world_.server.ask(Method::get, path, engineer_); }
  std::size_t listed() { return json_of(ask("/api/v1/datasets")).at("items").size(); }
  void expect_all(int status, const std::string& code) {
    for (const std::string_view path : kReads) {
      const Response response = ask(path);
      EXPECT_EQ(response.status, status) << path;
      EXPECT_EQ(status == 200 ? "" : problem_code(response), code) << path;
    }
  }

  DeliveryWorld world_{GetParam()};
  const std::string engineer_ = world_.server.token_of(world_.engineer.user_id);
};
NARU_FOR_EACH_DATABASE(AccessTest);

TEST_P(AccessTest, OfARevokedGrantTheRecipientReadsTheGrantAlone) {
  const Grant grant = world_.grant(world_.proposal());
  world_.publish(grant);
  expect_all(200, "");
  EXPECT_EQ(listed(), 1U);
  world_.write([&](Transaction& t) { revoke_grant(world_.server.services, t, world_.reviewer, grant); });
  expect_all(403, "grant_ended");
  EXPECT_EQ(listed(), 0U);
  EXPECT_EQ(json_of(ask("/api/v1/grants/" + grant.id)).at("state"), "revoked");
  const std::string steward = world_.server.token_of(world_.steward.user_id);
  EXPECT_EQ(world_.server.ask(Method::get, kReads[2], steward).status, 200) << "the hospital's own";
}

TEST_P(AccessTest, AnEndDateThatHasPassedEndsItLikeARevocation) {
  GrantProposal wanted = world_.proposal();
  wanted.expires_ms = world_.server.clock.now_ms() + 1000;
  world_.publish(world_.grant(wanted));
  expect_all(200, "");
  world_.server.clock.advance(1000);
  expect_all(403, "grant_ended");
  EXPECT_EQ(listed(), 0U);
}

TEST_P(AccessTest, OfASafeZoneNoListOfFilesLeaves) {
  GrantProposal wanted = world_.proposal();
  wanted.mode = "safe_zone";
  world_.publish(world_.grant(wanted));
  for (const std::string_view path : {kReads[1], kReads[3], kReads[4]}) {
    EXPECT_EQ(problem_code(ask(path)), "forbidden") << path;
  }
  EXPECT_EQ(ask(kReads[0]).status, 200);
  EXPECT_EQ(ask(kReads[2]).status, 200);
}

TEST_P(AccessTest, OfADisabledHospitalTheRecipientReadsTheGrantAlone) {
  const Grant grant = world_.grant(world_.proposal());
  world_.publish(grant);
  const Response link = ask("/ga4gh/drs/v1/objects/dataset-1/access/tar");
  const std::string url = json_of(link).at("url");
  const std::string path = url.substr(url.find("/api/"));
  const auto data = [&] { return world_.server.ask(request_for(Method::head, path)); };
  EXPECT_EQ(data().status, 200);
  const Caller admin = world_.server.caller(world_.server.add_user(world_.server.operator_id, "root", {Role::admin}));
  const auto disable = [&](bool is_disabled) {
    world_.server.auth.accounts.set_organisation_disabled(admin, world_.server.hospital_id, is_disabled);
  };
  disable(true);
  expect_all(403, "grant_ended");
  EXPECT_EQ(listed(), 0U);
  EXPECT_EQ(problem_code(data()), "grant_ended") << "a link made before";
  EXPECT_EQ(json_of(ask("/api/v1/grants/" + grant.id)).at("state"), "active");
  disable(false);
  expect_all(200, "");
  EXPECT_EQ(listed(), 1U);
}

TEST_P(AccessTest, ALinkLastsNoLongerThanTheTokenByWhichItWasAskedFor) {
  world_.publish(world_.grant(world_.proposal()));
  const std::string url = json_of(ask("/ga4gh/drs/v1/objects/dataset-1/access/tar")).at("url");
  const auto data = [&] { return world_.server.ask(request_for(Method::head, url.substr(url.find("/api/")))); };
  EXPECT_EQ(data().status, 200);
  EXPECT_EQ(url.find(engineer_), std::string::npos);
  for (const Token& token : world_.server.auth.tokens.list(world_.engineer, world_.engineer.user_id, {})) {
    world_.server.auth.tokens.revoke(world_.engineer, token.id);
  }
  EXPECT_EQ(problem_code(data()), "unauthenticated");
}

}  // namespace
}  // namespace naru::server::test
