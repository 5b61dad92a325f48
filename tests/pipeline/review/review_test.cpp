#include "pipeline/review/review.h"

#include <gmock/gmock.h>

#include <map>

#include "core/error.h"
#include "pipeline/files.h"
#include "pipeline/review/rulings.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

HeldEntry entry_with(std::string id, bool needs_release = false, bool can_release = true) {
  HeldEntry entry;
  entry.id = std::move(id);
  entry.series_uid = "2.999.1";
  entry.reason = Code::text_suspected;
  entry.files = 3;
  entry.files_sha256 = "f";
  entry.needs_release = needs_release;
  entry.can_release = can_release;
  return entry;
}

Json line_of(const std::string& id, const std::string& part_of, const std::string& because,
             const std::string& action = "held") {
  return {{"schema", "naru.pixels/1"},
          {"path", "/in/a.dcm"},
          {"sop_instance_uid", "2.999.1.1"},
          {"sha256", "a"},
          {"part_of", part_of},
          {"id", id},
          {"frame", 0},
          {"box", {1, 2, 3, 4}},
          {"score", 0.9},
          {"action", action},
          {"because", because}};
}

class ReviewTest : public ::testing::Test {
 protected:
  ReviewTest() {
    test::spill(folder_ / "inputs.jsonl", "");
    queue_.entries = {entry_with("series-1"), entry_with("series-2"), entry_with("series-face", true),
                      entry_with("series-scan", true, false)};
    std::string text;
    for (const Json& line : {line_of("region-a", "series-1", "uncertain"), line_of("region-b", "series-1", "too_much"),
                             line_of("region-c", "series-1", "on_background"),
                             line_of("region-l", "series-1", "unlikely"), line_of("region-d", "series-2", "unwanted"),
                             line_of("region-e", "series-made", "on_background", "redacted")}) {
      text += json_line(line);
    }
    test::spill(folder_ / "pixels.jsonl", text);
    write_review(folder_.path(), queue_, {});
  }

  void order(std::vector<std::string> what) { decide(folder_.path(), {std::move(what), "A. Steward", "seen"}); }
  std::string refusal(std::vector<std::string> what) {
    try {
      order(std::move(what));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      return error.what();
    }
    return "";
  }
  Review review() const { return read_review(folder_.path()); }
  ReviewState state(std::size_t entry) const { return review().entries.at(entry).state(); }
  std::size_t line_count() const { return read_decisions(folder_.path()).all.size(); }

  test::TempFolder folder_;
  HeldQueue queue_{"deidentify", {"/in"}, "/out", "", {}};
};

TEST_F(ReviewTest, KnowsThePathsOfItsJobWhereverItIsReadFrom) {
  queue_.inputs = {"export", "/data/more", "-"};
  queue_.out = "set";
  write_review(folder_.path(), queue_, {});
  const HeldQueue read = review().queue;
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(read.inputs, (std::vector<std::string>{here + "/export", "/data/more", "-"}));
  EXPECT_EQ(read.out, here + "/set");
}

TEST_F(ReviewTest, ListsWhatPeopleCanDecideAboutAndWhatTheyNeedNot) {
  const Json json = to_json(review());
  EXPECT_EQ(json.at("schema"), "naru.review/1");
  ASSERT_EQ(json.at("held").size(), 4U);
  const Json& first = json.at("held")[0];
  EXPECT_EQ(first.at("id"), "series-1");
  EXPECT_EQ(first.at("regions").size(), 2U);
  EXPECT_EQ(first.at("blanked_regions"), 1);
  EXPECT_EQ(first.at("regions")[0].at("box"), Json({1, 2, 3, 4}));
  EXPECT_EQ(first.at("regions")[0].at("decision"), nullptr);
  EXPECT_EQ(json.at("states"), Json({{"open", 4}}));
}

TEST_F(ReviewTest, ShowsNoPictureThatIsGone) {
  const auto with_picture = [](Json line) {
    line["full_crop"] = "crops/" + line.at("id").get<std::string>() + ".full.png";
    return line;
  };
  test::spill(folder_ / "pixels.jsonl", json_line(with_picture(line_of("region-a", "series-1", "uncertain"))) +
                                            json_line(with_picture(line_of("region-d", "series-2", "unwanted"))));
  write_review(folder_.path(), queue_, {});
  order({"series-1=exclude"});
  const Json json = to_json(review());
  EXPECT_TRUE(json.at("held")[0].at("regions")[0].at("full_crop").is_null());
  EXPECT_TRUE(json.at("held")[1].at("regions")[0].at("full_crop").is_string());
}

TEST_F(ReviewTest, DecidesRegionByRegion) {
  order({"region-a=redact"});
  EXPECT_EQ(state(0), ReviewState::open);
  EXPECT_TRUE(review().has_unapplied);
  order({"region-b=keep"});
  EXPECT_EQ(state(0), ReviewState::decided);
  EXPECT_EQ(state(1), ReviewState::open);
  const auto decisions = read_decisions(folder_.path()).all;
  EXPECT_EQ(decisions[0].region.at("sop_instance_uid"), "2.999.1.1");
  EXPECT_EQ(decisions[0].by, "A. Steward");
  EXPECT_EQ(decisions[0].time.size(), std::string("2026-01-01T00:00:00Z").size());
}

TEST_F(ReviewTest, DecidesAboutAWholeSeriesAndGoesByTheSingleRegionFirst) {
  order({"region-b=keep", "series-1=redact"});
  const Review now = review();
  EXPECT_EQ(now.entries[0].state(), ReviewState::decided);
  EXPECT_EQ(now.entries[0].regions[0].decision->ruling, Ruling::redact);
  EXPECT_EQ(now.entries[0].regions[1].decision->ruling, Ruling::keep);
}

TEST_F(ReviewTest, GoesByTheLaterDecision) {
  order({"region-a=redact", "region-b=redact"});
  order({"region-a=keep"});
  EXPECT_EQ(review().entries[0].regions[0].decision->ruling, Ruling::keep);
  order({"series-1=exclude"});
  EXPECT_EQ(state(0), ReviewState::excluded);
  order({"series-1=redact"});
  EXPECT_EQ(state(0), ReviewState::decided);
  EXPECT_EQ(review().entries[0].regions[0].decision->ruling, Ruling::redact);
}

TEST_F(ReviewTest, ExcludesTheSeriesOfARegionThatIsExcluded) {
  order({"region-d=exclude"});
  EXPECT_EQ(state(1), ReviewState::excluded);
  EXPECT_THAT(refusal({"region-d=keep"}), HasSubstr("excluded"));
}

TEST_F(ReviewTest, ReleasesWhatIsHeldWithoutRegions) {
  EXPECT_THAT(refusal({"series-face=redact"}), HasSubstr("keep it or exclude it"));
  order({"series-face=keep"});
  EXPECT_EQ(state(2), ReviewState::decided);
  EXPECT_EQ(read_decisions(folder_.path()).all.at(0).files_sha256, "f");
}

/// Nobody who says that an ultrasound may leave has looked at each name in it.
TEST_F(ReviewTest, ReleasesAWholeAndDecidesAboutNoneOfItsRegions) {
  HeldQueue queue = *read_held(folder_.path());
  queue.entries[0].needs_release = true;
  write_held(folder_.path(), queue);
  order({"region-a=redact"});
  order({"series-1=keep"});
  EXPECT_EQ(state(0), ReviewState::open);
  EXPECT_EQ(review().entries[0].regions[0].decision->ruling, Ruling::redact);
  EXPECT_FALSE(review().entries[0].regions[1].decision);
  const Json open = to_json(review()).at("held")[0];
  EXPECT_EQ(open.at("released"), true);
  EXPECT_EQ(open.at("open_regions"), 1);
  EXPECT_THAT(refusal({"series-1=redact"}), HasSubstr("each of its regions"));
  order({"region-b=keep"});
  EXPECT_EQ(state(0), ReviewState::decided);
  order({"series-1=exclude"});
  EXPECT_EQ(state(0), ReviewState::excluded) << "that decides about all of it";
  EXPECT_THAT(refusal({"region-b=redact"}), HasSubstr("series-1=keep"));
}

TEST_F(ReviewTest, DecidesAboutAWholeAndItsRegionsAtOnce) {
  queue_.entries[0].needs_release = true;
  write_review(folder_.path(), queue_, {});
  const Json held = to_json(review()).at("held")[0];
  EXPECT_EQ(held.at("released"), false);
  EXPECT_EQ(held.at("open_regions"), 2);
  order({"series-1=keep", "region-a=redact", "region-b=keep"});
  EXPECT_EQ(state(0), ReviewState::decided);
  EXPECT_EQ(line_count(), 3U);
}

TEST_F(ReviewTest, AsksAgainOnceTheFilesAreOthers) {
  order({"series-face=keep"});
  EXPECT_EQ(state(2), ReviewState::decided);
  for (const char* const sha256 : {"g", ""}) {
    queue_.entries[2].files_sha256 = sha256;
    write_review(folder_.path(), queue_, read_decisions(folder_.path()));
    EXPECT_EQ(state(2), ReviewState::open) << sha256;
  }
}

TEST_F(ReviewTest, ExcludesOnlyWhatCannotBeReleased) {
  EXPECT_THAT(refusal({"series-scan=keep"}), HasSubstr("cannot release"));
  order({"series-scan=exclude"});
  EXPECT_EQ(state(3), ReviewState::excluded);
}

TEST_F(ReviewTest, RefusesOrdersThatMakeNoSenseAndWritesNothing) {
  const std::vector<std::vector<std::string>> cases = {
      {"region-9=keep"},  // unknown
      {"region-c=keep"},  // blanked anyhow
      {"region-e=keep"},  // of a series that is not held
      {"region-a"},
      {"region-a=maybe"},
      {"region-a=keep", "region-a=redact"},
      {"series-1=keep", "series-1=exclude"},
      {"series-1=exclude", "region-a=keep"},
      {"region-a=keep", "series-1=exclude"},
      {"region-a=keep", "region-9=keep"},  // all or nothing
  };
  for (const auto& what : cases) EXPECT_NE(refusal(what), "") << what.back();
  EXPECT_EQ(line_count(), 0U);
  EXPECT_THAT(refusal({"SMITH=keep"}), Not(HasSubstr("SMITH")));
}

TEST_F(ReviewTest, WantsToKnowWhoAndWhy) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "seen"},    {"A", ""},        {"A", "   "}, {std::string(201, 'a'), "seen"}, {"A", std::string(1001, 'a')},
      {"A\n", "seen"}, {"A", "\x1b[2J"}, {"A", "\xff"}};
  for (const auto& [by, why] : cases) {
    try {
      decide(folder_.path(), {{"region-a=keep"}, by, why});
      ADD_FAILURE() << by << '|' << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
    }
  }
  EXPECT_EQ(line_count(), 0U);
}

TEST_F(ReviewTest, WantsAReportThatIsWhole) {
  const auto code = [&] {
    try {
      review();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  const std::string pixels = test::slurp(folder_ / "pixels.jsonl"), held = test::slurp(folder_ / "held.json");
  for (const std::string& changed : {pixels + "{}\n", pixels.substr(0, pixels.find('\n') + 1), std::string()}) {
    test::spill(folder_ / "pixels.jsonl", changed);
    EXPECT_EQ(code(), ErrorCode::dataset_invalid);
  }
  std::filesystem::remove(folder_ / "pixels.jsonl");
  EXPECT_EQ(code(), ErrorCode::dataset_invalid);
  test::spill(folder_ / "pixels.jsonl", pixels);
  EXPECT_EQ(code(), ErrorCode::internal) << "it is whole";
  std::filesystem::remove(folder_ / "held.json");
  test::spill(folder_ / "record.json", R"({"held_for_review":4})");
  EXPECT_EQ(code(), ErrorCode::dataset_invalid);
  test::spill(folder_ / "record.json", R"({"held_for_review":0})");
  EXPECT_EQ(code(), ErrorCode::internal) << "nothing was held";
  test::spill(folder_ / "held.json", held.substr(1));
  EXPECT_EQ(code(), ErrorCode::dataset_invalid);
  std::filesystem::remove(folder_ / "inputs.jsonl");
  EXPECT_EQ(code(), ErrorCode::input_missing);
}

TEST_F(ReviewTest, KnowsWhyAndWhichFileIsHeld) {
  EXPECT_TRUE(to_json(review()).at("held")[2].at("because").is_null()) << "nothing was said";
  queue_.entries[2].because = "face: turned";
  queue_.entries[2].path = "/in/b.dcm";
  write_review(folder_.path(), queue_, {});
  const Json held = to_json(review()).at("held")[2];
  EXPECT_EQ(held.at("because"), "face: turned");
  EXPECT_EQ(held.at("path"), "/in/b.dcm");
}

/// An earlier build did not write why.
TEST_F(ReviewTest, ReadsWhatDoesNotSayWhy) {
  Json written = Json::parse(test::slurp(folder_ / "held.json"));
  for (Json& entry : written.at("held")) {
    entry.erase("because");
    entry.erase("path");
  }
  test::spill(folder_ / "held.json", written.dump());
  EXPECT_EQ(review().entries.at(2).held.because, "");
}

/// What the detector took for no text is found, too.
TEST_F(ReviewTest, RedactsAllThatWasFoundOfWhatIsHeldForItsKind) {
  queue_.entries[0].needs_release = true;
  queue_.entries[0].can_redact = true;
  write_review(folder_.path(), queue_, {});
  EXPECT_EQ(to_json(review()).at("held")[0].at("can_redact"), true);
  order({"series-1=redact", "region-b=keep"});
  EXPECT_EQ(state(0), ReviewState::decided);
  EXPECT_TRUE(review().entries[0].is_released());
  std::map<std::string, Ruling> ruled;
  for (const Decision& one : read_decisions(folder_.path()).all) ruled[one.id] = one.ruling;
  EXPECT_EQ(ruled, (std::map<std::string, Ruling>{{"series-1", Ruling::redact},
                                                  {"region-a", Ruling::redact},
                                                  {"region-b", Ruling::keep},
                                                  {"region-l", Ruling::redact}}));
  const Rulings rulings(read_decisions(folder_.path()));
  EXPECT_TRUE(rulings.blanks_all("series-1", "f"));
  EXPECT_FALSE(rulings.blanks_all("series-1", "g")) << "other files";
  EXPECT_FALSE(rulings.releases("series-1", "f")) << "not as it is";
}

/// Whoever had its regions blanked was not asked about its kind, which a later version may know.
TEST_F(ReviewTest, TakesNoBlankingOfRegionsForTheReleaseOfAKind) {
  order({"series-1=redact"});
  EXPECT_FALSE(Rulings(read_decisions(folder_.path())).blanks_all("series-1", "f"));
  queue_.entries[0].needs_release = true;
  queue_.entries[0].can_redact = true;
  write_review(folder_.path(), queue_, read_decisions(folder_.path()));
  EXPECT_EQ(state(0), ReviewState::open);
  queue_.entries[0].can_redact = false;
  write_review(folder_.path(), queue_, read_decisions(folder_.path()));
  EXPECT_THAT(refusal({"series-1=redact"}), HasSubstr("keep it or exclude it"));
}

/// A later decision goes before an earlier one, also where the report shows no region any more.
TEST_F(ReviewTest, TakesAnExclusionBackByHavingAllBlanked) {
  order({"region-a=keep", "region-b=redact"});
  order({"series-1=exclude"});
  test::spill(folder_ / "pixels.jsonl", "");
  queue_.entries[0].disposition = Disposition::excluded;
  queue_.entries[0].needs_release = true;
  queue_.entries[0].can_redact = true;
  write_review(folder_.path(), queue_, read_decisions(folder_.path()));
  ASSERT_EQ(state(0), ReviewState::excluded);
  order({"series-1=redact"});
  EXPECT_EQ(state(0), ReviewState::decided);
  const Rulings rulings(read_decisions(folder_.path()));
  EXPECT_TRUE(rulings.blanks_all("series-1", "f"));
  EXPECT_EQ(rulings.of_region("region-a"), Ruling::redact);
  EXPECT_EQ(rulings.of_region("region-b"), Ruling::redact);
}

/// What a run found and blanked after the decision was found by no run before it.
TEST_F(ReviewTest, AsksNobodyAboutWhatWasBlankedWithTheWhole) {
  queue_.entries[0].needs_release = true;
  queue_.entries[0].can_redact = true;
  write_review(folder_.path(), queue_, {});
  order({"series-1=redact"});
  test::spill(folder_ / "pixels.jsonl", json_line(line_of("region-new", "series-1", "reviewed", "redacted")) +
                                            json_line(line_of("region-later", "series-1", "second_look")));
  queue_.entries[0].disposition = Disposition::used;
  write_review(folder_.path(), queue_, read_decisions(folder_.path()));
  const ReviewEntry made = review().entries.at(0);
  ASSERT_EQ(made.regions.size(), 2U);
  ASSERT_TRUE(made.regions[0].decision);
  EXPECT_EQ(made.regions[0].decision->ruling, Ruling::redact);
  EXPECT_FALSE(made.regions[1].decision) << "it shows beside what was blanked";
}

}  // namespace
}  // namespace naru
