#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <set>
#include <utility>

#include "pipeline/deidentify.h"
#include "pipeline/pixels/text_detector.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/burned_picture.h"

namespace naru {
namespace {

using test::Json;
using test::lines_of;
using test::Picture;
using test::with_text;
using ::testing::HasSubstr;
using ::testing::Not;

class DeidentifyTextTest : public test::DeidJobTest {
 protected:
  /// Three slices of a series, the same picture in each unless told otherwise.
  void put_pictures(const std::string& patient, const std::vector<Picture>& pictures) {
    for (std::size_t n = 0; n < pictures.size(); ++n) {
      const int number = static_cast<int>(n) + 1;
      test::SliceBytes slice = test::slice_of(patient, number);
      const test::SliceBytes image = test::slice_of_picture(pictures[n]);
      slice.number(0x00280010, Picture::kSize).number(0x00280011, Picture::kSize).number(0x00280103, 0);
      slice.number(0x00280101, 12).number(0x00280102, 11);
      slice.raw(0x7FE00010, "OW", test::bytes_of(pictures[n].values, 2));
      put(patient + "/" + std::to_string(number), slice);
    }
  }

  void ask_for(const std::string& text) { options_.recipe.text = text; }

  std::vector<Json> evidence() const { return lines_of(report() / "pixels.jsonl"); }
};

TEST_F(DeidentifyTextTest, BlanksTextOnBackgroundAndTouchesNothingElse) {
  put_pictures("PAT-1", {with_text(6, 8), Picture(), Picture()});
  ask_for("redact");
  const DeidentifyResult result = run();
  for (const Json& line : evidence()) {  // the rectangle goes farther than the text, but not out of the frame
    const auto box = line["box"].get<std::array<int, 4>>(), blanked = line["blanked"].get<std::array<int, 4>>();
    EXPECT_LT(blanked[0], box[0]);
    EXPECT_GE(blanked[0], 0);
    EXPECT_GT(blanked[0] + blanked[2], box[0] + box[2]);
  }
  EXPECT_EQ(result.instance_count, 3U);
  std::size_t changed = 0;
  for (const Json& line : manifest()) {
    const std::string file = test::slurp(options_.out / line["file"].get<std::string>());
    const TextLook look = TextDetector::built_in().look(std::as_bytes(std::span(file)));
    EXPECT_TRUE(look.frames.at(0).empty());
    if (line["pixels"] == "kept") continue;
    ++changed;
    EXPECT_EQ(line["pixels_reason"], "text");
    EXPECT_THAT(file, HasSubstr("113101"));
    // Every pixel away from the text is what it was.
    const Picture before = with_text(6, 8);
    const std::string_view pixels = std::string_view(file).substr(file.size() - before.values.size() * 2);
    for (std::int64_t y = 0; y < Picture::kSize; ++y) {
      for (std::int64_t x = 0; x < Picture::kSize; ++x) {
        if (y < 60 && x < 200) continue;
        const auto at = static_cast<std::size_t>(2 * (y * Picture::kSize + x));
        const int value = static_cast<unsigned char>(pixels[at]) | static_cast<unsigned char>(pixels[at + 1]) << 8;
        ASSERT_EQ(value, before.values[at / 2]) << x << ' ' << y;
      }
    }
  }
  EXPECT_EQ(changed, 1U);
  ASSERT_FALSE(evidence().empty());
  for (const Json& line : evidence()) {
    EXPECT_EQ(line["action"], "redacted");
    EXPECT_EQ(line["because"], "on_background");
    EXPECT_THAT(line["path"].get<std::string>(), HasSubstr("PAT-1/1"));
  }
}

TEST_F(DeidentifyTextTest, HoldsTheSeriesOfTextOverAnatomyAndNoOther) {
  put_pictures("PAT-1", {with_text(70, 120), Picture(), Picture()});
  put_pictures("PAT-2", {Picture(), Picture()});
  ask_for("redact");
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, 2U);
  EXPECT_EQ(result.by_reason.at("text_suspected"), 3U);
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels"], "kept");
  for (const Json& line : evidence()) EXPECT_EQ(line["action"], "held");
}

TEST_F(DeidentifyTextTest, BlanksTextOverAnatomyThatStaysWhereItIs) {
  const std::vector<Picture> pictures(4, with_text(70, 120));
  put_pictures("PAT-1", pictures);
  ask_for("redact");
  EXPECT_EQ(run().instance_count, 4U);
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels_reason"], "text");
  for (const Json& line : evidence()) EXPECT_EQ(line["because"], "persistent");
}

TEST_F(DeidentifyTextTest, SaysWhereItBlankedWhatOneSliceDidNotShow) {
  std::vector<Picture> pictures(4, with_text(70, 120));
  pictures[2] = Picture();
  put_pictures("PAT-1", pictures);
  ask_for("redact");
  EXPECT_EQ(run().instance_count, 4U);
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels_reason"], "text");
  std::set<std::string> paths;
  for (const Json& line : evidence()) {
    EXPECT_EQ(line["action"], "redacted");
    if (line["because"] != "unseen") continue;
    paths.insert(line["path"]);
    EXPECT_TRUE(line["score"].is_null());
    EXPECT_TRUE(line["log_odds"].is_null());
    EXPECT_TRUE(std::filesystem::exists(report() / line["crop"].get<std::string>()));
  }
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_THAT(*paths.begin(), HasSubstr("PAT-1/3"));
}

/// Of what was blanked one slice cannot be looked at again: the others of its series may show as much.
TEST_F(DeidentifyTextTest, HoldsTheSeriesOfWhatASecondLookHolds) {
  put_pictures("PAT-1", {with_text(6, 8), with_text(6, 8), Picture()});
  put_pictures("PAT-2", {with_text(6, 8)});
  ask_for("redact");
  std::atomic<int> looks = 0;
  options_.probe = [&](std::string_view stage) {
    if (stage == "second_look" && ++looks == 1) throw std::bad_alloc();
  };
  EXPECT_EQ(run(1).instance_count, 1U);  // one thread: in the order of the files
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(fates().at("quarantined:text_suspected"), 3);
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels_reason"], "text");
  EXPECT_EQ(lines_of(report() / "deid.jsonl").size(), 4U);
  options_.probe = nullptr;
  options_.on_existing = OnExisting::replace;
  EXPECT_EQ(run().instance_count, 4U);
}

TEST_F(DeidentifyTextTest, HoldsAllTextWhereTheRecipeSaysSo) {
  put_pictures("PAT-1", {with_text(6, 8), Picture()});
  put_pictures("PAT-2", {Picture()});
  ask_for("quarantine");
  EXPECT_EQ(run().instance_count, 1U);
  for (const Json& line : evidence()) EXPECT_EQ(line["because"], "unwanted");
}

TEST_F(DeidentifyTextTest, SaysAtOnceThatMemoryHasNoRoomToLook) {
  put_pictures("PAT-1", {Picture()});
  ask_for("redact");
  options_.memory_limit_bytes = std::uint64_t{64} << 20;
  EXPECT_EQ(code_of_run(), ErrorCode::memory_exceeded);
}

TEST_F(DeidentifyTextTest, HoldsPicturesOfFloatsWithTheirSeries) {
  put_pictures("PAT-1", {Picture(), Picture()});
  put_pictures("PAT-2", {Picture()});
  put("PAT-1/2", test::slice_of("PAT-1", 2).remove(0x7FE00010).raw(0x7FE00008, "OF", std::string(64, '\1')));
  for (const char* const text : {"redact", "quarantine"}) {
    ask_for(text);
    options_.on_existing = OnExisting::replace;
    EXPECT_EQ(run().instance_count, 1U);
    EXPECT_EQ(fates(), (std::map<std::string, int>{{"quarantined:text_suspected", 2}, {"used", 1}}));
  }
}

TEST_F(DeidentifyTextTest, LooksAtNothingUnlessAsked) {
  put_pictures("PAT-1", {with_text(6, 8)});
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_FALSE(std::filesystem::exists(report() / "pixels.jsonl"));
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels"], "kept");
}

TEST_F(DeidentifyTextTest, NamesNobodyInTheEvidence) {
  put_pictures("PAT-1", {with_text(6, 8)});
  put_pictures("PAT-2", {Picture()});
  ask_for("redact");
  run();
  const std::string text = test::slurp(report() / "pixels.jsonl");
  EXPECT_THAT(text, Not(HasSubstr("KIM")));
  EXPECT_THAT(text, Not(HasSubstr("Vermeulen")));
  for (const auto& [name, bytes] : test::contents(options_.out)) EXPECT_THAT(name, Not(HasSubstr("pixels.jsonl")));
}

TEST_F(DeidentifyTextTest, LeavesToARuleForTheDeviceWhatStandsInItsRectangle) {
  put_pictures("PAT-1", {with_text(70, 120), Picture(), Picture()});
  ask_for("redact");
  options_.recipe.options.push_back("clean-pixel-data");
  options_.recipe.regions = {{"CT", "GE MEDICAL SYSTEMS", "", Picture::kSize, Picture::kSize, 60, 112, 168, 32}};
  EXPECT_EQ(run().instance_count, 3U);
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels_reason"], "region");
  for (const Json& line : evidence()) {
    EXPECT_EQ(line["because"], "region");
    EXPECT_EQ(line["action"], "redacted");
  }
}

TEST_F(DeidentifyTextTest, TakesTheClassesThatAreAskedFor) {
  put_pictures("PAT-1", {Picture()});
  test::SliceBytes derived = test::slice_of("PAT-2", 1);
  put("PAT-2/1", derived.text(0x00080008, "CS", "DERIVED\\PRIMARY\\MPR"));
  options_.recipe.classes = {"C"};
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_EQ(fates().at("excluded:not_selected"), 1);
}

/// Where a pixel of a turned picture comes from.
using TurnedFrom = std::pair<std::int64_t, std::int64_t> (*)(std::int64_t x, std::int64_t y);
constexpr std::int64_t kLastPixel = Picture::kSize - 1;
constexpr TurnedFrom kTurns[] = {[](auto x, auto y) { return std::pair(y, kLastPixel - x); },
                                 [](auto x, auto y) { return std::pair(kLastPixel - x, kLastPixel - y); },
                                 [](auto x, auto y) { return std::pair(kLastPixel - y, x); },
                                 [](auto x, auto y) { return std::pair(kLastPixel - x, y); }};

Picture turned_picture(const Picture& upright, TurnedFrom from) {
  Picture picture;
  for (std::int64_t y = 0; y < Picture::kSize; ++y) {
    for (std::int64_t x = 0; x < Picture::kSize; ++x) {
      const auto [u, v] = from(x, y);
      picture.at(x, y) = upright.values[static_cast<std::size_t>(v * Picture::kSize + u)];
    }
  }
  return picture;
}

TEST_F(DeidentifyTextTest, DecidesTheSameHoweverAPictureIsTurned) {
  ask_for("redact");
  options_.on_existing = OnExisting::replace;
  for (const TurnedFrom& turn : kTurns) {
    const Picture clean = turned_picture(Picture(), turn);
    put_pictures("PAT-1", {turned_picture(with_text(6, 8), turn), clean, clean});     // on black
    put_pictures("PAT-2", {turned_picture(with_text(70, 120), turn), clean, clean});  // over anatomy
    run();
    EXPECT_EQ(fates(), (std::map<std::string, int>{{"quarantined:text_suspected", 3}, {"used", 3}})) << &turn - kTurns;
    for (const Json& line : evidence()) {
      const bool is_held = line["path"].get<std::string>().find("PAT-2") != std::string::npos;
      EXPECT_EQ(line["because"], is_held ? "uncertain" : "on_background") << &turn - kTurns;
    }
  }
}

}  // namespace
}  // namespace naru
