#include <gtest/gtest.h>

#include <atomic>

#include "server/readiness.h"
#include "tests/server/support/test_server.h"
#include "tests/server/support/wait_until.h"

namespace naru::server::test {
namespace {

class OperationRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  std::string admin_of(const std::string& organisation_id, std::string_view login) {
    return server_.token_of(server_.add_user(organisation_id, login, {Role::admin}));
  }
  TestServer server_{GetParam()};
};
NARU_FOR_EACH_DATABASE(OperationRoutes);

TEST_P(OperationRoutes, TellTheMetricsOfAllToThisMachineAndToTheOperatorAlone) {
  const auto status = [&](const std::string& token) { return server_.ask(Method::get, "/metrics", token).status; };
  EXPECT_EQ(status(admin_of(server_.operator_id, "kim")), 200);
  EXPECT_EQ(status(admin_of(server_.hospital_id, "lee")), 403);
  EXPECT_EQ(status(admin_of(server_.company_id, "park")), 403);
  EXPECT_EQ(status(""), 401);
  Request request = request_for(Method::get, "/metrics");
  request.client_address = "127.0.0.1";
  EXPECT_EQ(server_.ask(request).status, 200);
}

TEST_P(OperationRoutes, LivenessAndReadinessAloneWaitForNothing) {
  for (const Route& route : all_routes()) {
    EXPECT_EQ(server_.application.is_immediate(request_for(route.method, route.pattern)),
              route.pattern == "/healthz" || route.pattern == "/readyz")
        << route.pattern;
    EXPECT_TRUE(!route.is_immediate || route.door == Door::open) << "who asks is looked up in the database";
  }
}

TEST_P(OperationRoutes, ReadinessIsWhatWasSeenLast) {
  EXPECT_EQ(server_.ask(Method::get, "/readyz", "").status, 503) << "nobody looked";
  std::atomic<bool> is_read_only = false;
  const Readiness readiness(
      [&] {
        require_able(server_.services);
        if (is_read_only) throw Error(ErrorCode::output_unwritable, "read-only");
      },
      std::chrono::milliseconds(1));
  server_.services.readiness = &readiness;
  EXPECT_TRUE(wait_until([&] { return server_.ask(Method::get, "/readyz", "").status == 200; }));
  is_read_only = true;
  EXPECT_TRUE(wait_until([&] { return problem_code(server_.ask(Method::get, "/readyz", "")) == "output_unwritable"; }));
  server_.services.readiness = nullptr;
}

TEST_P(OperationRoutes, HealthNamesItsSchema) {
  EXPECT_EQ(json_of(server_.ask(Method::get, "/healthz", "")).at("schema"), "naru.health/1");
  const Readiness readiness([] {}, std::chrono::milliseconds(1));
  server_.services.readiness = &readiness;
  EXPECT_TRUE(wait_until([&] { return server_.ask(Method::get, "/readyz", "").status == 200; }));
  EXPECT_EQ(json_of(server_.ask(Method::get, "/readyz", "")).at("schema"), "naru.health/1");
  server_.services.readiness = nullptr;
}

}  // namespace
}  // namespace naru::server::test
