// What people decide about held cases, and the run that applies it.

#include <gmock/gmock.h>

#include <algorithm>

#include "pipeline/review/review.h"
#include "tests/pipeline/prepare_job.h"

namespace naru {
namespace {

using test::Json;
using test::lines_of;
using test::Picture;
using test::with_text;

class PrepareReviewTest : public test::PrepareJobTest {
 protected:
  PrepareReviewTest() { options_.recipe->text = "redact"; }

  /// P1 is held for text over anatomy in one slice; P2 is clean.
  void run_first() {
    put_volume("P1", {with_text(70, 120), Picture(), Picture()});
    put_volume("P2", {Picture(), Picture()});
    EXPECT_EQ(run().case_count, 1U);
  }

  PrepareResult resume() {
    options_.on_existing = OnExisting::resume;
    return run();
  }

  std::filesystem::path report() const { return options_.out.string() + ".report"; }
  Review review() const { return read_review(report()); }
  void decide_whole(const std::string& what) {
    decide(report(), {{review().entries.at(0).held.id + "=" + what}, "A. Steward", "looked at it"});
  }
  std::set<std::string> actions() const {
    std::set<std::string> found;
    for (const Json& line : lines_of(report() / "pixels.jsonl")) {
      found.insert(line["action"].get<std::string>() + " " + line["because"].get<std::string>());
    }
    return found;
  }
  std::size_t blanked_count() const {
    const auto lines = lines_of(options_.out / "manifest.jsonl");
    return static_cast<std::size_t>(std::ranges::count_if(lines, [](const Json& line) {
      return std::ranges::any_of(line.at("steps"), [](const Json& step) { return step.at("op") == "blank_text"; });
    }));
  }
};

TEST_F(PrepareReviewTest, ListsHeldCasesByTheirPseudonyms) {
  run_first();
  const Review first = review();
  ASSERT_EQ(first.entries.size(), 1U);
  EXPECT_TRUE(first.entries[0].held.id.starts_with("case-"));
  EXPECT_EQ(first.entries[0].held.files, 3U);
  EXPECT_EQ(first.entries[0].held.frames, 3U);
  EXPECT_FALSE(first.entries[0].held.files_sha256.empty());
  options_.on_existing = OnExisting::replace;
  run();
  EXPECT_EQ(to_json(first), to_json(review()));
}

TEST_F(PrepareReviewTest, BlanksWhatPeopleSayAndMakesNoOtherCaseAgain) {
  run_first();
  const auto before = test::contents(options_.out / "images");
  decide_whole("redact");
  const PrepareResult result = resume();
  EXPECT_EQ(result.case_count, 2U);
  EXPECT_EQ(result.resumed_count, 1U);
  EXPECT_EQ(blanked_count(), 1U);
  EXPECT_EQ(actions(), (std::set<std::string>{"redacted reviewed"}));
  const auto after = test::contents(options_.out / "images");
  for (const auto& [name, bytes] : before) EXPECT_EQ(after.at(name), bytes);
  for (const auto& [name, bytes] : test::contents(options_.out)) {
    EXPECT_EQ(bytes.find("Steward"), std::string::npos) << name;
  }
  EXPECT_NE(test::slurp(report() / "report.html").find("A. Steward"), std::string::npos);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::made);
  EXPECT_EQ(resume().resumed_count, 2U);
  decide_whole("exclude");
  EXPECT_EQ(resume().case_count, 1U);
}

TEST_F(PrepareReviewTest, LeavesWhatPeopleKeep) {
  run_first();
  decide_whole("keep");
  EXPECT_EQ(resume().case_count, 2U);
  EXPECT_EQ(blanked_count(), 0U);
  EXPECT_EQ(actions(), (std::set<std::string>{"kept reviewed"}));
}

TEST_F(PrepareReviewTest, LeavesOutWhatPeopleExclude) {
  run_first();
  decide_whole("exclude");
  const PrepareResult result = resume();
  EXPECT_EQ(result.case_count, 1U);
  EXPECT_EQ(result.by_disposition.at("excluded"), 3U);
  EXPECT_FALSE(result.has_rejects);
}

TEST_F(PrepareReviewTest, WithdrawsADatasetOfWhichPeopleExcludeAll) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture()});
  EXPECT_THROW(run(), Error);  // held
  decide_whole("keep");
  EXPECT_EQ(resume().case_count, 1U);
  decide_whole("exclude");
  try {
    resume();
    ADD_FAILURE() << "nothing was left to deliver";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::nothing_delivered);
    EXPECT_NE(std::string(error.what()).find("OUT was withdrawn"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(options_.out));
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::excluded);
  decide_whole("keep");
  EXPECT_EQ(resume().case_count, 1U);
}

TEST_F(PrepareReviewTest, HoldsTheCaseWhileOneRegionIsOpen) {
  put_volume("P1", {with_text(70, 120), with_text(70, 170), Picture()});
  put_volume("P2", {Picture(), Picture()});
  run();
  ASSERT_GE(review().entries.at(0).regions.size(), 2U);
  const std::string id = review().entries[0].regions[0].line["id"].get<std::string>();
  decide(report(), {{id + "=keep"}, "B", "seen"});
  EXPECT_EQ(resume().case_count, 1U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
}

TEST_F(PrepareReviewTest, MakesWhatSaysThatItShowsTextOnceAPersonReleasedIt) {
  put_volume("P1", {Picture(), Picture()}, true);
  put_volume("P2", {Picture(), Picture()});
  EXPECT_EQ(run().case_count, 1U);
  ASSERT_EQ(review().entries.size(), 1U);
  EXPECT_EQ(review().entries[0].held.because, "Burned In Annotation YES");
  EXPECT_EQ(review().entries[0].held.path, (folder_ / "in/P1/0").string());
  decide_whole("exclude");
  EXPECT_FALSE(resume().has_rejects);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::excluded);
  decide_whole("keep");
  EXPECT_EQ(resume().case_count, 2U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::made);
  decide_whole("exclude");
  EXPECT_EQ(resume().case_count, 1U) << "what was made can be taken out again";
}

TEST_F(PrepareReviewTest, StopsOnADecisionsFileThatWasChanged) {
  run_first();
  decide_whole("redact");
  const auto out = test::contents(options_.out);
  std::string text = test::slurp(report() / "decisions.jsonl");
  text.replace(text.find("looked"), 6, "peeked");
  test::spill(report() / "decisions.jsonl", text);
  EXPECT_THROW(resume(), Error);
  EXPECT_EQ(test::contents(options_.out), out);
}

TEST_F(PrepareReviewTest, KeepsThePicturesOfCasesThatAreNotMadeAgain) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture()});
  put_volume("P2", {with_text(6, 8), Picture()});
  EXPECT_EQ(run().case_count, 1U);
  const auto pictures = [&](const std::string& key) {
    std::map<std::string, std::string> bytes;
    for (const Json& line : lines_of(report() / "pixels.jsonl")) {
      if (!line.at(key).is_string()) continue;
      const auto path = line.at(key).get<std::string>();
      bytes[path] = test::slurp(report() / path);
      EXPECT_TRUE(bytes[path].starts_with("\x89PNG")) << path;
    }
    return bytes;
  };
  const auto crops = pictures("crop"), sheets = pictures("sheet");
  EXPECT_EQ(sheets.size(), 2U);
  ASSERT_FALSE(pictures("full_crop").empty());
  decide_whole("redact");
  EXPECT_EQ(resume().resumed_count, 1U);
  EXPECT_EQ(pictures("crop"), crops);
  EXPECT_EQ(pictures("sheet"), sheets);
  EXPECT_TRUE(pictures("full_crop").empty());
}

TEST_F(PrepareReviewTest, AppliesDecisionsToNoOtherRecipeInAnyMode) {
  run_first();
  decide_whole("redact");
  options_.on_existing = OnExisting::replace;
  options_.recipe->min_slices = 2;
  try {
    run();
    ADD_FAILURE() << "decisions about what another recipe showed were applied";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::output_exists);
  }
  options_.recipe->min_slices = 1;
  EXPECT_EQ(run().case_count, 2U);
}

TEST_F(PrepareReviewTest, MakesNothingOfAReleasedSeriesWhileItsRegionsAreOpen) {
  put_volume("P1", {with_text(70, 120), Picture(), Picture()}, true);
  put_volume("P2", {Picture(), Picture()});
  EXPECT_EQ(run().case_count, 1U);
  decide_whole("keep");
  EXPECT_EQ(resume().case_count, 1U) << "its text is looked for, and holds it";
  const Review now = review();
  const auto open = std::ranges::find(now.entries, ReviewState::open, &ReviewEntry::state);
  ASSERT_NE(open, now.entries.end());
  ReviewOrder order{{}, "A. Steward", "shows a name"};
  for (const ReviewRegion& region : open->regions) {
    order.decide.push_back(region.line["id"].get<std::string>() + "=redact");
  }
  ASSERT_FALSE(order.decide.empty());
  decide(report(), order);
  EXPECT_EQ(resume().case_count, 2U);
  EXPECT_EQ(blanked_count(), 1U);
}

}  // namespace
}  // namespace naru
