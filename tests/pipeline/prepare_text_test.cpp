#include <gmock/gmock.h>

#include <algorithm>

#include "tests/pipeline/prepare_job.h"

namespace naru {
namespace {

using test::Json;
using test::lines_of;
using test::Picture;

class PrepareTextTest : public test::PrepareJobTest {
 protected:
  PrepareTextTest() { options_.recipe->text = "redact"; }

  bool says_blanked() const {
    const Json steps = manifest().at(0).at("steps");
    return std::ranges::any_of(steps, [](const Json& step) { return step.at("op") == "blank_text"; });
  }
  std::vector<Json> evidence() const { return lines_of(options_.out.string() + ".report/pixels.jsonl"); }
};

Picture with_text(std::int64_t left, std::int64_t top) { return Picture().write("KIM 19800101", left, top); }

TEST_F(PrepareTextTest, BlanksTextAndSaysWhereInTheManifest) {
  put_volume("P1", {with_text(6, 8), Picture(), Picture(), Picture()});
  EXPECT_EQ(run().case_count, 1U);
  const Json step = manifest().at(0).at("steps").at(0);
  EXPECT_EQ(step.at("op"), "blank_text");
  ASSERT_FALSE(step.at("source_boxes").empty());
  for (const Json& box : step.at("source_boxes")) {
    EXPECT_TRUE(box.at("k") == 0 || box.at("k") == 3)
        << box;  // the first slice, or the last where k runs the other way
    EXPECT_LT(box.at("j"), 20);
  }
  for (const Json& line : evidence()) EXPECT_EQ(line.at("action"), "redacted");
  EXPECT_FALSE(evidence().empty());
}

TEST_F(PrepareTextTest, HoldsACaseWithTextOverAnatomyAndMakesTheOthers) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture(), Picture()});
  put_volume("P2", {Picture(), Picture(), Picture()});
  const PrepareResult result = run();
  EXPECT_EQ(result.case_count, 1U);
  EXPECT_EQ(result.by_reason.at("text_suspected"), 4U);
  EXPECT_EQ(result.by_disposition.at("quarantined"), 4U);
  EXPECT_FALSE(says_blanked());
  for (const Json& line : evidence()) EXPECT_EQ(line.at("action"), "held");
}

TEST_F(PrepareTextTest, MakesTheSameBytesWithLittleMemory) {
  put_volume("P1", std::vector<Picture>(5, with_text(70, 120)));
  run();
  options_.out = folder_ / "again";
  options_.memory_limit_bytes = std::uint64_t{24} << 20;
  run();
  EXPECT_EQ(manifest().at(0).at("sha256"), lines_of(folder_ / "out" / "manifest.jsonl").at(0).at("sha256"));
  EXPECT_EQ(evidence().size(), 5U);
}

TEST_F(PrepareTextTest, LeavesPixelsAloneUnlessAsked) {
  put_volume("P1", std::vector<Picture>(4, with_text(70, 120)));
  options_.recipe->text = "keep";
  run();
  EXPECT_FALSE(says_blanked());
  EXPECT_FALSE(std::filesystem::exists(options_.out.string() + ".report/pixels.jsonl"));
}

dicom::PixelRegion region_of_the_text() {
  return {"CT", "GE MEDICAL SYSTEMS", "", Picture::kSize, Picture::kSize, 60, 112, 168, 32};
}

TEST_F(PrepareTextTest, BlanksWhatARuleNamesForTheDevice) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture(), Picture()});
  options_.recipe->options.push_back("clean-pixel-data");
  options_.recipe->regions = {region_of_the_text()};
  for (const std::string text : {"redact", "quarantine", "keep"}) {
    options_.recipe->text = text;
    options_.on_existing = text == "redact" ? OnExisting::refuse : OnExisting::replace;
    EXPECT_EQ(run().case_count, 1U) << text;
    const Json step = manifest().at(0).at("steps").at(0);
    ASSERT_EQ(step.at("op"), "blank_text");
    EXPECT_EQ(step.at("source_boxes"), Json::parse(R"([{"i":60,"j":112,"width":168,"height":32,"k":null}])"));
  }
  options_.recipe->regions[0].rows = 512;  // of another size: not this picture's
  options_.recipe->text = "redact";
  EXPECT_THROW(run(), Error);
}

TEST_F(PrepareTextTest, MakesWhatSaysThatItShowsTextWhereARuleBlanksIt) {
  put_volume("P1", {Picture(), Picture()}, true);
  options_.recipe->options.push_back("clean-pixel-data");
  options_.recipe->regions = {region_of_the_text()};
  EXPECT_EQ(run().case_count, 1U);
  options_.recipe->regions[0].manufacturer = "Others";
  options_.on_existing = OnExisting::replace;
  EXPECT_THROW(run(), Error);
}

TEST_F(PrepareTextTest, TakesTheClassesThatAreAskedFor) {
  put_volume("P1", {Picture(), Picture()});
  options_.recipe->classes = {"A", "C"};
  EXPECT_THROW(run(), Error);
  options_.recipe->classes = {"B"};
  EXPECT_EQ(run().case_count, 1U);
}

TEST_F(PrepareTextTest, FindsMoreWithLowerThresholdsAndLessWithHigherOnes) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture()});
  options_.recipe->thresholds = std::array{0.99, 0.99};
  const auto count = [&] {
    try {
      run();
    } catch (const Error&) {
      // nothing is delivered, but there is a report
    }
    const auto lines = evidence();
    double pixels = 0;
    for (const Json& line : lines) pixels += line.at("box").at(2).get<double>() * line.at("box").at(3).get<double>();
    return pixels;
  };
  const double strict = count();
  options_.recipe->thresholds = std::array{0.1, 0.5};
  options_.on_existing = OnExisting::replace;
  EXPECT_GT(count(), strict);
}

}  // namespace
}  // namespace naru
