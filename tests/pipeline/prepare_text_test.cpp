#include <gmock/gmock.h>

#include <algorithm>

#include "pipeline/case_plan.h"
#include "pipeline/outputs/nifti.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/report.h"
#include "pipeline/verify.h"
#include "tests/pipeline/prepare_job.h"

namespace naru {
namespace {

using test::Json;
using test::lines_of;
using test::Picture;
using test::with_text;

/// What a slice at a time takes, and the headers of some files.
constexpr std::uint64_t kLittle = (std::uint64_t{24} << 20) + (64 << 10);
/// The same where text is looked for.
constexpr std::uint64_t kLittleForText = kTextWorkBytes + (std::uint64_t{1} << 20);

class PrepareTextTest : public test::PrepareJobTest {
 protected:
  PrepareTextTest() { options_.recipe->text = "redact"; }

  bool says_blanked() const {
    const Json steps = manifest().at(0).at("steps");
    return std::ranges::any_of(steps, [](const Json& step) { return step.at("op") == "blank_text"; });
  }
  std::vector<std::string> verified() const {
    Executor executor = Executor::cpu(2);
    std::vector<std::string> differences;
    const Json json =
        to_json(verify(options_.out, std::uint64_t{1} << 30, executor, CancelToken(), [](const Progress&) {}));
    for (const Json& one : json.at("differences")) differences.push_back(one.dump());
    return differences;
  }
  std::vector<Json> evidence() const { return lines_of(options_.out.string() + ".report/pixels.jsonl"); }
};

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
    EXPECT_EQ(box.at("i"), 0) << "what goes beyond the text ends at the frame";
    EXPECT_GE(box.at("j"), 0);
  }
  for (const Json& line : evidence()) {
    EXPECT_EQ(line.at("action"), "redacted");
    EXPECT_EQ(line.at("blanked").at(0), 0);
    EXPECT_GT(line.at("blanked").at(2), line.at("box").at(2));
  }
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

/// Whether the header says so or the pixels show it.
TEST_F(PrepareTextTest, CallsNoSeriesGoodThatItHolds) {
  put_volume("P1", {Picture(), Picture(), Picture()}, true);
  put_volume("P2", {with_text(70, 120), Picture(), Picture(), Picture()});
  put_volume("P3", {Picture(), Picture(), Picture()});
  EXPECT_EQ(run().case_count, 1U);
  std::size_t held = 0;
  for (const Json& line : lines_of(options_.out.string() + ".report/series.jsonl")) {
    EXPECT_EQ(line.at("verdict"), line.at("case").is_null() ? "reject" : "accept");
    if (!line.at("case").is_null()) continue;
    ++held;
    EXPECT_EQ(line.at("findings").back().at("code"), "text_suspected");
    EXPECT_EQ(line.at("findings").back().at("action"), "held for review");
  }
  EXPECT_EQ(held, 2U);
}

/// What `naru inspect` says without a key.
TEST_F(PrepareTextTest, MarksWhatItWillNotTakeWithoutMakingCases) {
  put_volume("P1", {Picture(), Picture(), Picture()}, true);
  put_volume("P2", {Picture(), Picture(), Picture()});
  Executor executor = Executor::cpu(2);
  std::istringstream no_input;
  const auto files = list_inputs(options_.inputs, no_input, {});
  Scan scan = scan_inputs(files, {}, executor, CancelToken(), [](const Progress&) {});
  mark_untaken(scan, options_.recipe);
  EXPECT_EQ(count_inputs(scan).by_disposition.at("quarantined"), 3U);
  EXPECT_EQ(count_inputs(scan).by_disposition.at("used"), 3U);
  options_.recipe->min_slices = 4;
  mark_untaken(scan, options_.recipe);
  EXPECT_EQ(count_inputs(scan).by_disposition.at("excluded"), 6U);
}

TEST_F(PrepareTextTest, MakesTheSameBytesWithLittleMemory) {
  put_volume("P1", std::vector<Picture>(5, with_text(70, 120)));
  run();
  options_.out = folder_ / "again";
  options_.memory_limit_bytes = kLittleForText;
  run();
  EXPECT_EQ(manifest().at(0).at("sha256"), lines_of(folder_ / "out" / "manifest.jsonl").at(0).at("sha256"));
  EXPECT_EQ(evidence().size(), 5U);
}

NiftiImage image_of(const std::filesystem::path& file) {
  auto read = read_nifti(file, std::size_t{1} << 30);
  EXPECT_TRUE(read.image) << read.problem;
  return std::move(*read.image);
}

std::set<std::int64_t> voxels_of(const Json& boxes, Size3 size) {
  std::set<std::int64_t> voxels;
  for (const Json& box : boxes) {
    const auto number = [&](const char* key) { return box.at(key).get<std::int64_t>(); };
    for (std::int64_t y = std::max<std::int64_t>(0, number("j")); y < number("j") + number("height"); ++y) {
      for (std::int64_t x = std::max<std::int64_t>(0, number("i")); x < number("i") + number("width"); ++x) {
        voxels.insert(x + size.x * (y + size.y * number("k")));
      }
    }
  }
  return voxels;
}

TEST_F(PrepareTextTest, GivesAMaskOfWhatWasBlanked) {
  put_volume("P1", {with_text(6, 8), Picture(), Picture(), Picture()});
  put_volume("P2", {Picture(), Picture()});
  options_.recipe->axes = "LPS";  // as the slices come, but in what order they are stored
  run();
  std::size_t masks = 0;
  for (const Json& line : manifest()) {
    if (!line.contains("redaction")) continue;
    ++masks;
    const NiftiImage image = image_of(options_.out / line.at("image").get<std::string>());
    const NiftiImage mask = image_of(options_.out / line.at("redaction").at("image").get<std::string>());
    ASSERT_EQ(mask.size, image.size);
    const auto* const marks = reinterpret_cast<const std::int16_t*>(mask.voxels.data());
    const auto* const values = reinterpret_cast<const std::int16_t*>(image.voxels.data());
    const std::set<std::int64_t> marked = voxels_of(line.at("steps").at(0).at("source_boxes"), mask.size);
    ASSERT_FALSE(marked.empty());
    for (std::int64_t n = 0; n < mask.size.voxel_count(); ++n) {
      ASSERT_EQ(marks[n], marked.contains(n) ? 1 : 0) << n;
      ASSERT_TRUE(marks[n] == 0 || values[n] == values[*marked.begin()]) << n;
    }
  }
  EXPECT_EQ(masks, 1U);
  EXPECT_TRUE(verified().empty());
}

TEST_F(PrepareTextTest, GivesTheMaskOnTheGridOfTheResult) {
  put_volume("P1", {with_text(6, 8), Picture(), Picture(), Picture()});
  options_.recipe->spacing_mm = Vec3{1.3, 0.9, 2.0};
  run();
  const Json line = manifest().at(0);
  const auto before = test::contents(options_.out / "redactions");
  EXPECT_TRUE(verified().empty());
  const NiftiImage mask = image_of(options_.out / line.at("redaction").at("image").get<std::string>());
  const auto* const marks = reinterpret_cast<const std::int16_t*>(mask.voxels.data());
  const auto count = std::count(marks, marks + mask.size.voxel_count(), std::int16_t{1});
  EXPECT_GT(count, 500);
  EXPECT_LT(count, mask.size.voxel_count() / 10);
  for (const auto& [name, bytes] : before) {
    std::string other = bytes;
    other.back() = static_cast<char>(other.back() ^ 3);
    test::spill(options_.out / "redactions" / name, other);
  }
  EXPECT_FALSE(verified().empty());
}

TEST_F(PrepareTextTest, SaysAtOnceThatMemoryHasNoRoomToLook) {
  put_volume("P1", {Picture(), Picture()});
  options_.memory_limit_bytes = std::uint64_t{64} << 20;
  EXPECT_THROW(run(), Error);
  EXPECT_FALSE(std::filesystem::exists(options_.out));
  options_.memory_limit_bytes = kLittleForText;
  EXPECT_EQ(run().case_count, 1U);
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

TEST_F(PrepareTextTest, GivesTheSameMaskSlabBySlab) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture(), Picture()});
  options_.recipe->options.push_back("clean-pixel-data");
  options_.recipe->regions = {region_of_the_text()};
  options_.recipe->text = "keep";
  options_.recipe->spacing_mm = Vec3{1.3, 0.9, 2.0};
  run();
  const auto whole = test::contents(options_.out / "redactions");
  EXPECT_EQ(whole.size(), 1U);
  options_.memory_limit_bytes = kLittle;
  options_.on_existing = OnExisting::replace;
  run();
  EXPECT_EQ(test::contents(options_.out / "redactions"), whole);
}

TEST_F(PrepareTextTest, ARuleHoldsForItsDeviceHoweverItIsSpeltAndWarnsWhereItFitsNothing) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture(), Picture()});
  options_.recipe->options.push_back("clean-pixel-data");
  options_.recipe->regions = {region_of_the_text(), region_of_the_text()};
  options_.recipe->regions[0].manufacturer = " Ge Medical Systems ";
  options_.recipe->regions[1].manufacturer = "Others";
  testing::internal::CaptureStderr();
  run();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(manifest().at(0).at("steps").at(0).at("op"), "blank_text");
  EXPECT_THAT(log, ::testing::HasSubstr("[[pixels.regions]] number 2 (CT Others"));
  EXPECT_THAT(log, ::testing::Not(::testing::HasSubstr("number 1")));
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

TEST_F(PrepareTextTest, HoldsASliceThatSaysThatItShowsTextAndIsOfAnotherDevice) {
  put_volume("P1", {Picture(), Picture(), Picture()});
  const std::string file = (folder_ / "in" / "P1" / "1").string();
  std::string bytes = test::slurp(file);
  bytes.replace(bytes.find("GE MEDICAL SYSTEMS"), 18, "XX MEDICAL SYSTEMS");
  test::spill(file, bytes);
  options_.recipe->options.push_back("clean-pixel-data");
  options_.recipe->regions = {region_of_the_text()};
  EXPECT_EQ(run().case_count, 1U);
  put_volume("P1", {Picture(), Picture(), Picture()}, true);
  bytes = test::slurp(file);
  bytes.replace(bytes.find("GE MEDICAL SYSTEMS"), 18, "XX MEDICAL SYSTEMS");
  test::spill(file, bytes);
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
