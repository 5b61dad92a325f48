#include "server/ingest/studies.h"

#include <gtest/gtest.h>

#include "tests/server/ingest/route_call.h"

namespace naru::server {
namespace {

using test::Answered;
using test::call;
using test::find_route;
using test::IngestWorld;
using test::instances;
using test::request_of;

constexpr std::string_view kStudy = "/api/v1/studies/{study_id}";

class StudyRoutes : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  Answered list(std::vector<std::pair<std::string, std::string>> query = {},
                const std::string& organisation = "org-a") {
    Request request = request_of();
    request.query = std::move(query);
    request.caller.organisation_id = organisation;
    return call(world, find_route(study_routes(), Method::get, "/api/v1/studies"), std::move(request));
  }
  Answered at(Method method, std::string_view pattern, const std::string& id,
              const std::string& organisation = "org-a") {
    Request request = request_of({id});
    request.caller.organisation_id = organisation;
    return call(world, find_route(study_routes(), method, pattern), std::move(request));
  }
  IngestWorld world{GetParam()};
};
NARU_FOR_EACH_DATABASE(StudyRoutes);

TEST_P(StudyRoutes, AListShowsCountsAndStatesAndNoIdentifier) {
  for (const std::string& file : instances(3)) world.receive(file);
  const Answered answered = list();
  ASSERT_EQ(answered.json.at("items").size(), 1U);
  const auto& study = answered.json.at("items").at(0);
  EXPECT_EQ(study.at("state"), "open");
  EXPECT_EQ(study.at("instance_count"), 3);
  EXPECT_EQ(study.at("conflicting_count"), 0);
  EXPECT_EQ(study.at("modalities"), (nlohmann::json{"CT"}));
  EXPECT_EQ(answered.json.dump().find("2.999"), std::string::npos);
  EXPECT_EQ(answered.json.dump().find("PHANTOM"), std::string::npos);
  EXPECT_TRUE(list({}, "org-b").json.at("items").empty());
}

TEST_P(StudyRoutes, PagesHoldEveryStudyOnce) {
  for (int n = 0; n < 7; ++n) world.receive(instances(1, "2.999." + std::to_string(n + 10))[0]);
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    std::vector<std::pair<std::string, std::string>> query = {{"limit", "3"}};
    if (!token.empty()) query.emplace_back("page_token", token);
    const Answered page = list(query);
    for (const auto& study : page.json.at("items")) EXPECT_TRUE(seen.insert(study.at("id")).second);
    token = page.json.value("next_page_token", "");
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(pages, 3);
}

TEST_P(StudyRoutes, AListCanBeNarrowed) {
  const std::string id = world.receive(instances(1)[0]).study_id;
  world.receive(instances(1, "2.999.7")[0]);
  EXPECT_EQ(at(Method::post, "/api/v1/studies/{study_id}/close", id).json.at("state"), "closed");
  EXPECT_EQ(list({{"state", "closed"}}).json.at("items").at(0).at("id"), id);
  EXPECT_EQ(list({{"state", "open"}}).json.at("items").size(), 1U);
  EXPECT_EQ(list({{"study_uid", "2.999.1.1"}}).json.at("items").at(0).at("id"), id);
  EXPECT_TRUE(list({{"study_uid", "2.999.9"}}).json.at("items").empty());
  EXPECT_EQ(list({{"state", "lost"}}).error, ErrorCode::request_invalid);
}

TEST_P(StudyRoutes, DestructionIsShownAndCannotBeRepeated) {
  const std::string id = world.receive(instances(1)[0]).study_id;
  EXPECT_EQ(at(Method::delete_, kStudy, id).json.at("state"), "destroyed");
  EXPECT_EQ(world.number("SELECT count(*) FROM blobs"), 0);
  EXPECT_EQ(at(Method::get, kStudy, id).json.at("instance_count"), 1) << "the record remains";
  EXPECT_EQ(at(Method::delete_, kStudy, id).error, ErrorCode::gone);
  EXPECT_EQ(at(Method::post, "/api/v1/studies/{study_id}/close", id).error, ErrorCode::gone);
}

TEST_P(StudyRoutes, DestructionLooksAtTheFilesOfItsStudyAlone) {
  const std::string id = world.receive(instances(1)[0]).study_id;
  world.receive(instances(1, "2.999.7")[0]);
  in_transaction(*world.database, Access::write, [](Transaction& t) {
    t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, 1, 0)", {std::string(64, 'f')});
  });
  EXPECT_EQ(at(Method::delete_, kStudy, id).json.at("state"), "destroyed");
  EXPECT_EQ(world.number("SELECT count(*) FROM blobs"), 2) << "the other study's, and what the server clears";
  EXPECT_EQ(world.number("SELECT count(*) FROM blobs WHERE sha256 IN (SELECT sha256 FROM instances)"), 1);
}

TEST_P(StudyRoutes, AStudyOfAnotherIsNotFound) {
  const std::string id = world.receive(instances(1)[0]).study_id;
  EXPECT_EQ(at(Method::get, kStudy, id, "org-b").error, ErrorCode::not_found);
  EXPECT_EQ(at(Method::delete_, kStudy, id, "org-b").error, ErrorCode::not_found);
  EXPECT_EQ(at(Method::post, "/api/v1/studies/{study_id}/close", id, "org-b").error, ErrorCode::not_found);
}

}  // namespace
}  // namespace naru::server
