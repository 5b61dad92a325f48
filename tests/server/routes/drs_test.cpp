#include <gtest/gtest.h>

#include "tests/server/delivery/delivery_world.h"

namespace naru::server::test {
namespace {

class DrsRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  DrsRoutes() { world_.publish(world_.grant(world_.proposal())); }
  Response ask(std::string_view path, const std::string& token) {
    return world_.server.ask(Method::get, "/ga4gh/drs/v1/objects/" + std::string(path), token);
  }

  DeliveryWorld world_{GetParam()};
  const std::string engineer_ = world_.server.token_of(world_.engineer.user_id);
};
NARU_FOR_EACH_DATABASE(DrsRoutes);

TEST_P(DrsRoutes, RefuseInTheShapeOfDrs) {
  const std::string other = world_.server.token_of(world_.reviewer.user_id);
  EXPECT_EQ(ask("dataset-1", engineer_).status, 200);
  const struct {
    std::string path, token;
    int status;
  } refusals[] = {{"dataset-1", "", 401},
                  {"dataset-1", other, 403},
                  {"dataset-2", engineer_, 404},
                  {"dataset-1?expand=perhaps", engineer_, 400},
                  {"dataset-1/access/none", engineer_, 404},
                  {"dataset-1/else/where", engineer_, 404}};
  for (const auto& [path, token, status] : refusals) {
    const Response response = ask(path, token);
    EXPECT_EQ(response.status, status) << path;
    EXPECT_EQ(response.headers.find("Content-Type"), "application/json") << path;
    const auto json = json_of(response);
    EXPECT_EQ(json.size(), 2U) << json;
    EXPECT_EQ(json.at("status_code"), status) << path;
    EXPECT_TRUE(json.at("msg").is_string()) << json;
  }
}

}  // namespace
}  // namespace naru::server::test
