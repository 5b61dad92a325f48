#include <gtest/gtest.h>

#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

/// A dataset of the hospital that somebody downloaded, without its files.
class DatasetRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  DatasetRoutes() {
    const std::string job_id = server_.add_study_with_job(server_.caller(steward_));
    in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO datasets (id, organisation_id, job_id, name, state, sha256, file_count, size_bytes, "
          "leaf_number, created_ms) VALUES ('dataset-1', $1, $2, 'set', 'published', 'x', 0, 0, 0, 0)",
          {server_.hospital_id, job_id});
      transaction.execute(
          "INSERT INTO deliveries (id, organisation_id, dataset_id, object_id, user_id, first_byte, last_byte, "
          "sent_bytes, outcome, started_ms) VALUES ('delivery-1', $1, 'dataset-1', 'dataset-1.tar', $2, 0, 9, 10, "
          "'complete', 0)",
          {server_.hospital_id, steward_});
    });
  }

  TestServer server_{GetParam()};
  std::string steward_ = server_.add_user(server_.hospital_id, "kim", {Role::hospital_steward});
  std::string token_ = server_.token_of(steward_);
};
NARU_FOR_EACH_DATABASE(DatasetRoutes);

TEST_P(DatasetRoutes, TellWhoGotADatasetAfterItWasDestroyed) {
  EXPECT_EQ(server_.ask(Method::delete_, "/api/v1/datasets/dataset-1", token_).status, 204);
  EXPECT_EQ(server_.ask(Method::get, "/api/v1/datasets/dataset-1", token_).status, 410);
  const auto deliveries = json_of(server_.ask(Method::get, "/api/v1/datasets/dataset-1/deliveries", token_));
  ASSERT_EQ(deliveries.at("items").size(), 1U);
  EXPECT_EQ(deliveries.at("items").at(0).at("sent_bytes"), 10);

  const std::string elsewhere = server_.add_organisation("Other hospital", OrganisationKind::hospital);
  const std::string other = server_.token_of(server_.add_user(elsewhere, "lee", {Role::hospital_steward}));
  EXPECT_EQ(server_.ask(Method::get, "/api/v1/datasets/dataset-1/deliveries", other).status, 404);
}

TEST_P(DatasetRoutes, ListDestroyedOnesWhereTheyAreAskedFor) {
  const auto ids = [&](std::string_view query) {
    std::vector<std::string> found;
    const auto list = json_of(server_.ask(Method::get, "/api/v1/datasets" + std::string(query), token_));
    for (const auto& item : list.at("items")) found.push_back(item.at("id"));
    return found;
  };
  const std::vector<std::string> none, one = {"dataset-1"};
  EXPECT_EQ(ids(""), one);
  EXPECT_EQ(ids("?state=destroyed"), none);
  EXPECT_EQ(server_.ask(Method::delete_, "/api/v1/datasets/dataset-1", token_).status, 204);
  EXPECT_EQ(ids("?state=published"), none);
  EXPECT_EQ(ids("?state=destroyed"), one);
  const auto list = json_of(server_.ask(Method::get, "/api/v1/datasets?state=destroyed", token_));
  EXPECT_EQ(list.at("items").at(0).at("destroyed_ms"), server_.clock.now_ms());
  EXPECT_EQ(server_.ask(Method::get, "/api/v1/datasets?state=lost", token_).status, 400);
}

TEST_P(DatasetRoutes, GiveTheReceiptAsOtherDownloads) {
  const auto ask_with = [&](const std::string& name, const std::string& value) {
    Request request = with_token(request_for(Method::get, "/api/v1/datasets/dataset-1/receipt"), token_);
    if (!name.empty()) request.headers.add(name, value);
    return server_.ask(request);
  };
  const Response whole = ask_with("", "");
  const auto& body = std::get<LongBody>(whole.body);
  EXPECT_EQ(whole.status, 200);
  EXPECT_TRUE(body.segments->at(0).bytes.starts_with("c2sp.org/tlog-proof@v1\n"));
  EXPECT_EQ(body.size_bytes, body.segments->at(0).bytes.size());
  EXPECT_EQ(ask_with("If-None-Match", std::string(whole.headers.find("ETag").value())).status, 304);
  EXPECT_EQ(std::get<LongBody>(ask_with("Range", "bytes=2-4").body).size_bytes, 3U);
}

}  // namespace
}  // namespace naru::server::test
