#include "pipeline/series.h"

#include <gmock/gmock.h>

namespace naru {
namespace {

using Json = nlohmann::ordered_json;

/// One stack of `usable` slices and one more that is lost, each in a file of its own.
Scan scan_of(std::size_t usable) {
  Scan scan;
  scan.stacks.resize(1);
  for (std::size_t c = 0; c <= usable; ++c) {
    dicom::Instance instance;
    instance.modality = "MR";
    instance.sop_instance_uid = "2.999." + std::to_string(c);
    instance.frame = static_cast<std::int64_t>(c);
    scan.candidates.push_back({instance, {}, ""});
    scan.placements.push_back({Disposition::used, {}, 0});
    scan.input_of_candidate.push_back(c);
    scan.inputs.emplace_back().path = "/in/" + std::to_string(c);
    if (c < usable) scan.stacks[0].instances.push_back(c);
  }
  scan.placements.back() = {Disposition::rejected, Code::truncated, 0};
  return scan;
}

Json json_of(const Scan& scan) {
  const auto facts = stack_facts(scan);
  Json json = stack_json(scan, facts.at(0), "case-1");
  add_slices(json, scan, facts.at(0));
  return json;
}

TEST(Series, MapsEverySliceToItsSource) {
  const Json json = json_of(scan_of(2));
  EXPECT_EQ(json["slice_count"], 3);
  EXPECT_EQ(json["slices"], Json::parse(R"([{"k":0,"sop_instance_uid":"2.999.0","frame":0,"path":"/in/0"},
                                            {"k":1,"sop_instance_uid":"2.999.1","frame":1,"path":"/in/1"}])"));
  EXPECT_EQ(json["lost_slices"], Json::parse(R"([{"sop_instance_uid":"2.999.2","frame":2,"path":"/in/2",
                                                 "disposition":"rejected","reason":"truncated"}])"));
}

TEST(Series, SaysBetweenWhichSlicesOneIsInterpolated) {
  Scan scan = scan_of(3);
  scan.stacks[0].k_of_instance = {0, 3, 4};
  const Json slices = json_of(scan)["slices"];
  ASSERT_EQ(slices.size(), 5U);
  EXPECT_EQ(slices[1], Json::parse(R"({"k":1,"interpolated_from":[0,3]})"));
  EXPECT_EQ(slices[2], Json::parse(R"({"k":2,"interpolated_from":[0,3]})"));
  for (std::size_t k = 0; k < 5; ++k) EXPECT_EQ(slices[k]["k"], k);
  EXPECT_EQ(slices[3]["sop_instance_uid"], "2.999.1");
}

/// A sound stack that becomes no case: its geometry stays, for whoever decides.
TEST(Series, RejectsWhatIsHeldOrNotTaken) {
  struct Case {
    Disposition disposition;
    Code reason;
    std::string action;
  };
  for (const auto& [disposition, reason, action] :
       {Case{Disposition::quarantined, Code::text_suspected, "held for review"},
        Case{Disposition::excluded, Code::not_selected, "excluded"}}) {
    Scan scan = scan_of(2);
    scan.stacks[0].grid.size = {4, 4, 2};
    for (const std::size_t c : {0, 1}) scan.placements[c] = {disposition, reason, 0};
    const Json json = json_of(scan);
    EXPECT_EQ(json["verdict"], "reject");
    EXPECT_EQ(json["findings"].back()["code"], name(reason));
    EXPECT_EQ(json["findings"].back()["action"], action);
    EXPECT_EQ(json["shape"], (Json{4, 4, 2}));
  }
  EXPECT_EQ(json_of(scan_of(2))["verdict"], "accept");
}

TEST(Series, KnowsAStackWithoutAnyUsableSlice) {
  Scan scan = scan_of(0);
  scan.stacks[0].verdict = Verdict::reject;
  const Json json = json_of(scan);
  EXPECT_EQ(json["modality"], "MR");
  EXPECT_EQ(json["slice_count"], 1);
  EXPECT_TRUE(json["slices"].empty());
  EXPECT_EQ(json["lost_slices"].size(), 1U);
}

TEST(Series, NamesTheFourthAxis) {
  Scan scan = scan_of(1);
  scan.sequences.push_back({{7, 0}, "b_value", "s/mm2", {0, 1000}, {{0, 0, 0}, {0, 0, 1}}});
  scan.stacks.resize(8);
  const Json sequence = json_of(scan)["sequence"];
  EXPECT_EQ(sequence, Json::parse(R"({"axis":"b_value","unit":"s/mm2","index":1,"count":2,"value":1000.0,
                                      "gradient_direction":[0.0,0.0,1.0]})"));
}

}  // namespace
}  // namespace naru
