#include "pipeline/deid_explain.h"

#include <gmock/gmock.h>

#include "tests/pipeline/deid_job.h"

namespace naru {
namespace {

using test::Json;
using test::slice_of;

class DeidExplainTest : public ::testing::Test {
 protected:
  static std::map<std::string, ExplainedRow> by_tag(const std::vector<ExplainedRow>& rows) {
    std::map<std::string, ExplainedRow> result;
    for (const ExplainedRow& row : rows) result[row.tag] = row;
    return result;
  }
  DeidPreview preview(const Recipe& recipe) {
    Executor executor = Executor::cpu(2);
    std::istringstream no_input;
    const std::vector<std::string> inputs = {(folder_ / "in").string()};
    return preview_deid(inputs, recipe, 1 << 30, executor, no_input, CancelToken(), [](const Progress&) {});
  }
  test::TempFolder folder_;
};

TEST_F(DeidExplainTest, GivesEveryRowOfTheTableWithItsCause) {
  Recipe recipe;
  recipe.name = "r";
  recipe.options = {"retain-device-identity"};
  recipe.attributes = {{0x00081030, dicom::DeidAction::K}, {0x00280010, dicom::DeidAction::Z}};
  const auto rows = explain_rows(recipe, nullptr);
  EXPECT_GE(rows.size(), 657U);  // PS3.15 Table E.1-1, edition 2026d
  const auto found = by_tag(rows);
  EXPECT_EQ(found.at("(0010,0010)").cause, "basic");
  EXPECT_EQ(found.at("(0018,1000)").action, "K");  // Device Serial Number
  EXPECT_EQ(found.at("(0018,1000)").cause, "retain-device-identity");
  EXPECT_EQ(found.at("(0008,1030)").action, "K");
  EXPECT_EQ(found.at("(0008,1030)").cause, "site");
  EXPECT_EQ(found.at("(0028,0010)").cause, "site");  // in no row of the table
  EXPECT_TRUE(found.contains("(60xx,3000)"));
  const Json json = explain_json(recipe, nullptr);
  EXPECT_EQ(json["schema"], "naru.explain/1");
  EXPECT_EQ(json["rules"].size(), rows.size());
  EXPECT_EQ(json["weaker_than_profile"], true);
  EXPECT_FALSE(json.contains("instances"));
  EXPECT_FALSE(json["rules"][0].contains("found"));
}

TEST_F(DeidExplainTest, CountsWhatARunWouldDoAndWritesNothing) {
  for (int n = 1; n <= 3; ++n) {
    test::spill(folder_ / ("in/" + std::to_string(n) + ".dcm"),
                slice_of("P1", n).text(0x60000022, "LO", "overlay").text(0x60020022, "LO", "another").bytes());
  }
  test::spill(folder_ / "in/text.dcm", slice_of("P1", 9).text(0x00280301, "CS", "YES").bytes());
  test::spill(folder_ / "in/notes.txt", "no DICOM");
  const auto before = test::contents(folder_.path());
  Recipe recipe;
  recipe.name = "r";
  const DeidPreview found = preview(recipe);
  EXPECT_EQ(test::contents(folder_.path()), before);
  EXPECT_EQ(found.instances, 3U);
  EXPECT_TRUE(found.has_rejects());
  EXPECT_EQ(found.inputs.by_reason, (std::map<std::string, std::size_t>{{"not_dicom", 1}, {"text_suspected", 1}}));
  const auto rows = by_tag(explain_rows(recipe, &found));
  std::size_t names = 0, total = 0;
  for (const auto& [action, count] : rows.at("(0010,0010)").found) names += count;
  EXPECT_EQ(names, 3U);
  // No element is counted in two rows, and none is lost.
  for (const auto& [tag, row] : rows) {
    for (const auto& [action, count] : row.found) total += count;
  }
  std::size_t counted = 0;
  for (const auto& [tag, count] : found.counts.by_tag) counted += count;
  EXPECT_EQ(total, counted);
  EXPECT_GT(total, 0U);
  const Json json = explain_json(recipe, &found);
  EXPECT_EQ(json["instances"], 3);
  std::size_t told = 0;
  for (const Json& rule : json["rules"]) {
    for (const Json& found_of_rule : rule.at("found")) {
      EXPECT_FALSE(found_of_rule.at("action").get<std::string>().empty());
      told += found_of_rule.at("count").get<std::size_t>();
    }
  }
  EXPECT_EQ(told, counted);
  for (const char* secret : {"Vermeulen", "ACC77341", "P1"}) {
    EXPECT_EQ(json.dump().find(secret), std::string::npos) << secret;
  }
}

}  // namespace
}  // namespace naru
