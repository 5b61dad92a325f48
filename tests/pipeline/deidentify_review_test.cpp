// What people decide about held series, and the run that applies it.

#include <gmock/gmock.h>

#include "pipeline/deidentify.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/review/review.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/burned_picture.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using test::Json;
using test::lines_of;
using test::Picture;
using test::with_text;
using ::testing::HasSubstr;
using ::testing::Not;

class DeidentifyReviewTest : public test::DeidJobTest {
 protected:
  DeidentifyReviewTest() { options_.recipe.text = "redact"; }

  static test::SliceBytes slice_with(const Picture& picture, const std::string& patient, int number) {
    test::SliceBytes slice = test::slice_of(patient, number);
    slice.number(0x00280010, Picture::kSize).number(0x00280011, Picture::kSize).number(0x00280103, 0);
    slice.number(0x00280101, 12).number(0x00280102, 11);
    return slice.raw(0x7FE00010, "OW", test::bytes_of(picture.values, 2));
  }

  void put_pictures(const std::string& patient, const std::vector<Picture>& pictures) {
    for (std::size_t n = 0; n < pictures.size(); ++n) {
      const int number = static_cast<int>(n) + 1;
      put(patient + "/" + std::to_string(number), slice_with(pictures[n], patient, number));
    }
  }

  /// PAT-1 has a page that says of itself that it shows text; PAT-2 is clean.
  void put_page(const Picture& page) {
    put_pictures("PAT-2", {Picture()});
    put("PAT-1/1", slice_with(page, "PAT-1", 1).text(0x00280301, "CS", "YES"));
  }

  /// PAT-1 is held for text over anatomy in one slice; PAT-2 is clean.
  void run_first() {
    put_pictures("PAT-1", {with_text(70, 120), Picture()});
    put_pictures("PAT-2", {Picture()});
    EXPECT_EQ(run().instance_count, 1U);
  }

  DeidentifyResult resume() {
    options_.on_existing = OnExisting::resume;
    return run();
  }

  Review review() const { return read_review(report()); }
  /// All that is asked about the only entry, e.g. "keep".
  void decide_whole(const std::string& what) {
    decide(report(), {{review().entries.at(0).held.id + "=" + what}, "A. Steward", "looked at it"});
  }
  void decide_regions(const std::string& what) {
    ReviewOrder order{{}, "A. Steward", "looked at it"};
    const Review now = review();
    for (const ReviewRegion& region : now.entries.at(0).regions) {
      order.decide.push_back(region.line["id"].get<std::string>() + "=" + what);
    }
    decide(report(), order);
  }
  std::set<std::string> actions() const {
    std::set<std::string> found;
    for (const Json& line : lines_of(report() / "pixels.jsonl")) {
      found.insert(line["action"].get<std::string>() + " " + line["because"].get<std::string>());
    }
    return found;
  }
  /// Pixels of the instances that say "changed", and of the others.
  std::map<std::string, int> pixels() const {
    std::map<std::string, int> counts;
    for (const Json& line : manifest()) ++counts[line["pixels"]];
    return counts;
  }
};

/// The values of a rectangle of the only frame of a file.
std::set<int> values_at(const std::string& file, const TextRegion& region) {
  const std::size_t begin = file.size() - static_cast<std::size_t>(2 * Picture::kSize * Picture::kSize);
  std::set<int> values;
  for (std::int64_t y = region.y; y < region.y + region.height; ++y) {
    for (std::int64_t x = region.x; x < region.x + region.width; ++x) {
      const std::size_t at = begin + static_cast<std::size_t>(2 * (y * Picture::kSize + x));
      values.insert(static_cast<unsigned char>(file[at]) | static_cast<unsigned char>(file[at + 1]) << 8);
    }
  }
  return values;
}

TEST_F(DeidentifyReviewTest, ListsWhatIsHeldWithIdsThatStayTheSame) {
  run_first();
  const Review first = review();
  ASSERT_EQ(first.entries.size(), 1U);
  EXPECT_EQ(first.entries[0].held.files, 2U);
  EXPECT_EQ(first.entries[0].held.frames, 2U);
  EXPECT_EQ(first.entries[0].held.reason, Code::text_suspected);
  EXPECT_EQ(first.entries[0].state(), ReviewState::open);
  ASSERT_FALSE(first.entries[0].regions.empty());
  options_.on_existing = OnExisting::replace;
  run();
  const Review second = review();
  EXPECT_EQ(to_json(first), to_json(second));
  const std::string text = to_json(second).dump();
  EXPECT_THAT(text, Not(HasSubstr("Vermeulen")));
}

TEST_F(DeidentifyReviewTest, BlanksWhatPeopleSayAndTouchesNoOtherFile) {
  run_first();
  const auto before = test::contents(options_.out);
  const auto other = before.lower_bound("patient");
  ASSERT_NE(other, before.end());
  decide_regions("redact");
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::decided);
  const DeidentifyResult result = resume();
  EXPECT_EQ(result.instance_count, 3U);
  EXPECT_EQ(result.resumed_count, 1U);
  EXPECT_FALSE(result.has_rejects);
  EXPECT_EQ(pixels(), (std::map<std::string, int>{{"changed", 1}, {"kept", 2}}));
  EXPECT_EQ(actions(), (std::set<std::string>{"redacted reviewed"}));
  const auto after = test::contents(options_.out);
  EXPECT_EQ(after.at(other->first), other->second);
  for (const Json& line : manifest()) {
    const std::string file = test::slurp(options_.out / line["file"].get<std::string>());
    EXPECT_EQ(line["pixels"] == "changed", file.find("113101") != std::string::npos);
    if (line["pixels"] == "kept") continue;
    EXPECT_EQ(values_at(file, with_text(70, 120).texts.at(0)).size(), 1U) << "all of it has one value";
  }
  for (const auto& [name, bytes] : after) EXPECT_THAT(bytes, Not(HasSubstr("Steward")));
  const Json record = Json::parse(test::slurp(report() / "record.json"));
  const Json& act = record.at("review").at("decisions").at(0);
  EXPECT_EQ(act.at("by"), "A. Steward") << record;
  EXPECT_EQ(act.at("why"), "looked at it");
  EXPECT_THAT(test::slurp(report() / "report.html"), HasSubstr("A. Steward"));
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::made);
  EXPECT_FALSE(review().has_unapplied);
  EXPECT_FALSE(fs::exists(Staging::work_folder(options_.out)));
  EXPECT_EQ(resume().resumed_count, 3U);
}

TEST_F(DeidentifyReviewTest, BlanksWhatPeopleSayWhereTheRecipeHoldsAllText) {
  options_.recipe.text = "quarantine";
  run_first();
  decide_whole("redact");
  EXPECT_EQ(resume().instance_count, 3U);
  EXPECT_EQ(pixels(), (std::map<std::string, int>{{"changed", 1}, {"kept", 2}}));
  for (const Json& line : manifest()) {
    const std::string file = test::slurp(options_.out / line["file"].get<std::string>());
    EXPECT_EQ(line["pixels"] == "changed", file.find("113101") != std::string::npos);
  }
}

TEST_F(DeidentifyReviewTest, LeavesWhatPeopleKeep) {
  run_first();
  decide_whole("keep");
  EXPECT_EQ(resume().instance_count, 3U);
  EXPECT_EQ(pixels(), (std::map<std::string, int>{{"kept", 3}}));
  EXPECT_EQ(actions(), (std::set<std::string>{"kept reviewed"}));
  for (const auto& [name, bytes] : test::contents(options_.out)) EXPECT_THAT(bytes, Not(HasSubstr("113101")));
}

TEST_F(DeidentifyReviewTest, LeavesOutWhatPeopleExcludeUntilTheyTakeItBack) {
  run_first();
  decide_whole("exclude");
  const DeidentifyResult result = resume();
  EXPECT_EQ(result.instance_count, 1U);
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"excluded:text_suspected", 2}, {"used", 1}}));
  EXPECT_FALSE(result.has_rejects);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::excluded);
  decide_whole("keep");
  EXPECT_EQ(resume().by_reason.at("text_suspected"), 2U) << "it is looked at again, and held";
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
  decide_whole("redact");
  EXPECT_EQ(resume().instance_count, 3U);
  decide_whole("exclude");
  EXPECT_EQ(resume().instance_count, 1U) << "what was made can be taken out again";
}

TEST_F(DeidentifyReviewTest, WithdrawsADatasetOfWhichPeopleExcludeAll) {
  put_pictures("PAT-1", {with_text(70, 120), Picture()});
  EXPECT_THROW(run(), Error);  // held
  decide_whole("redact");
  EXPECT_EQ(resume().instance_count, 2U);
  decide_whole("exclude");
  EXPECT_THROW(resume(), Error);
  EXPECT_FALSE(std::filesystem::exists(options_.out));
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::excluded);
  decide_whole("keep");
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(actions(), (std::set<std::string>{"redacted reviewed"})) << "what was decided of its region stands";
}

TEST_F(DeidentifyReviewTest, HoldsTheSeriesWhileOneRegionIsOpen) {
  put_pictures("PAT-1", {with_text(70, 120), with_text(70, 160), Picture()});
  put_pictures("PAT-2", {Picture()});
  run();
  const Review first = review();
  ASSERT_GE(first.entries.at(0).regions.size(), 2U);
  decide(report(), {{first.entries[0].regions[0].line["id"].get<std::string>() + "=keep"}, "B", "seen"});
  EXPECT_EQ(resume().instance_count, 1U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
  EXPECT_FALSE(review().has_unapplied);
  for (const std::string& action : actions()) EXPECT_THAT(action, HasSubstr("held"));
}

TEST_F(DeidentifyReviewTest, WantsTheSameJobAndAnUnbrokenFile) {
  run_first();
  decide_whole("redact");
  const auto out = test::contents(options_.out);
  options_.recipe.keep_words = {"other"};
  options_.on_existing = OnExisting::resume;
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  options_.recipe.keep_words = {};
  const std::string text = test::slurp(report() / "decisions.jsonl");
  test::spill(report() / "decisions.jsonl", text.substr(0, text.size() / 2));
  for (const OnExisting mode : {OnExisting::resume, OnExisting::replace}) {
    options_.on_existing = mode;
    EXPECT_EQ(code_of_run(), ErrorCode::dataset_invalid);
  }
  EXPECT_EQ(test::contents(options_.out), out);
  test::spill(report() / "decisions.jsonl", text);
  EXPECT_EQ(resume().instance_count, 3U);
  fs::remove(report() / "decisions.jsonl");
  EXPECT_EQ(code_of_run(), ErrorCode::dataset_invalid) << "decisions that were applied are missing";
}

/// Nothing was delivered: only the report knows for which recipe and key people decide.
TEST_F(DeidentifyReviewTest, AnotherRecipeDoesNotRunOverWhatIsHeld) {
  put_pictures("PAT-1", {with_text(70, 120), Picture()});
  options_.to_repeat = {"--recipe", "/data/redact.toml"};
  EXPECT_EQ(code_of_run(), ErrorCode::nothing_delivered);
  EXPECT_EQ(review().queue.options, options_.to_repeat);
  decide_whole("redact");
  const auto held = test::contents(report());
  const Recipe recipe = options_.recipe;
  options_.recipe = default_deid_recipe();  // would deliver all, text and all
  options_.on_existing = OnExisting::resume;
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  EXPECT_EQ(test::contents(report()), held);
  options_.recipe = recipe;
  EXPECT_EQ(resume().instance_count, 2U);
}

TEST_F(DeidentifyReviewTest, AppliesDecisionsWhereNothingWasDeliveredBefore) {
  put_pictures("PAT-1", {with_text(70, 120), Picture()});
  EXPECT_EQ(code_of_run(), ErrorCode::nothing_delivered);
  decide_whole("redact");
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(read_decisions(report()).all.size(), 1 + review().entries.at(0).regions.size());
}

TEST_F(DeidentifyReviewTest, KeepsDecisionsWhenTheJobIsRunAnew) {
  run_first();
  decide_whole("redact");
  options_.on_existing = OnExisting::replace;
  EXPECT_EQ(run().instance_count, 3U);
  EXPECT_FALSE(read_decisions(report()).all.empty());
}

/// The decision was about another picture: the file has changed since.
TEST_F(DeidentifyReviewTest, AsksAgainAboutAFileThatChanged) {
  run_first();
  decide_whole("keep");
  put_pictures("PAT-1", {with_text(70, 120).write("KIM", 100, 60), Picture()});
  options_.on_existing = OnExisting::replace;
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
}

TEST_F(DeidentifyReviewTest, ReleasesImagesOfAKindThatShowsTextOnceAPersonLooked) {
  put("a", test::slice_of("PAT-1", 1).text(0x00280301, "CS", "YES"));
  put_pictures("PAT-2", {Picture()});
  for (const char* text : {"keep", "redact"}) {
    options_.recipe.text = text;
    options_.on_existing = OnExisting::refuse;
    fs::remove_all(options_.out);
    fs::remove_all(report());
    EXPECT_EQ(run().instance_count, 1U);
    ASSERT_EQ(review().entries.size(), 1U);
    EXPECT_TRUE(review().entries[0].regions.empty());
    EXPECT_EQ(review().entries[0].held.files, 1U);
    EXPECT_THROW(decide_whole("redact"), Error);
    decide_whole("keep");
    EXPECT_EQ(resume().instance_count, 2U);
    EXPECT_EQ(review().entries.at(0).state(), ReviewState::made);
    decide_whole("exclude");
    EXPECT_EQ(resume().instance_count, 1U);
    decide_whole("keep");
    EXPECT_EQ(resume().instance_count, 2U) << "its exclusion is taken back";
    put("a", test::slice_of("PAT-1", 1).text(0x00280301, "CS", "UNKNOWN"));
    options_.on_existing = OnExisting::replace;
    EXPECT_EQ(run().instance_count, 1U);
    EXPECT_EQ(review().entries.at(0).state(), ReviewState::open) << "another file was released";
    put("a", test::slice_of("PAT-1", 1).text(0x00280301, "CS", "YES"));
  }
}

/// A page that says of itself that it shows text, with text over anatomy and text on black.
TEST_F(DeidentifyReviewTest, AsksAtOnceForAllThatHoldsASeries) {
  Picture page = with_text(70, 120).write("KIM 19800101", 6, 8);
  put_page(page);
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_TRUE(review().entries.at(0).held.needs_release);
  decide_regions("redact");
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open) << "its kind holds it still";
  decide_whole("keep");
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::decided);
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(pixels(), (std::map<std::string, int>{{"changed", 1}, {"kept", 1}}));
}

TEST_F(DeidentifyReviewTest, SaysThatNothingWasBlankedOfWhatIsHeldForItsKind) {
  const Picture page = with_text(6, 8);
  put_page(page);
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_EQ(actions(), (std::set<std::string>{"held on_background"}));
  decide_whole("keep");
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(actions(), (std::set<std::string>{"redacted on_background"}));
}

TEST_F(DeidentifyReviewTest, LeavesWhatAPersonKeptWhereTheRestIsBlanked) {
  put_pictures("PAT-1", {with_text(70, 120).write("KIM 19800101", 70, 190), Picture()});
  put_pictures("PAT-2", {Picture()});
  run();
  const Review first = review();
  const auto& regions = first.entries.at(0).regions;
  ASSERT_GE(regions.size(), 2U);
  ReviewOrder order{{first.entries[0].held.id + "=redact"}, "B", "seen"};
  order.decide.push_back(regions.back().line["id"].get<std::string>() + "=keep");
  decide(report(), order);
  EXPECT_EQ(resume().instance_count, 3U);
  EXPECT_EQ(actions(), (std::set<std::string>{"kept reviewed", "redacted reviewed"}));
  EXPECT_EQ(pixels(), (std::map<std::string, int>{{"changed", 1}, {"kept", 2}}));
}

TEST_F(DeidentifyReviewTest, ShowsTheTextUntilSomebodyDecided) {
  run_first();
  const auto pictures = [&](const std::string& key) {
    std::vector<fs::path> paths;
    for (const Json& line : lines_of(report() / "pixels.jsonl")) {
      if (line.at(key).is_string()) paths.push_back(report() / line.at(key).get<std::string>());
    }
    return paths;
  };
  ASSERT_FALSE(pictures("full_crop").empty());
  for (const char* const key : {"crop", "full_crop", "sheet"}) {
    for (const fs::path& path : pictures(key)) EXPECT_TRUE(fs::exists(path)) << path;
  }
  const std::vector<fs::path> shown = pictures("full_crop");
  decide_regions("redact");
  for (const fs::path& path : shown) EXPECT_FALSE(fs::exists(path)) << path;
  for (const fs::path& path : pictures("crop")) EXPECT_TRUE(fs::exists(path)) << path;
  resume();
  EXPECT_TRUE(pictures("full_crop").empty());
  ASSERT_FALSE(pictures("crop").empty());
  for (const fs::path& path : pictures("crop")) EXPECT_TRUE(fs::exists(path)) << path;
  for (const auto& [name, bytes] : test::contents(options_.out)) EXPECT_THAT(name, Not(HasSubstr(".png")));
}

TEST_F(DeidentifyReviewTest, ShowsNoTextOfWhatIsExcluded) {
  run_first();
  decide_whole("exclude");
  for (const auto& [name, bytes] : test::contents(report())) EXPECT_THAT(name, Not(HasSubstr(".full.png")));
  options_.on_existing = OnExisting::replace;  // a report with pictures is still one that may be replaced
  EXPECT_EQ(run().instance_count, 1U);
}

/// What a person excluded may be what another recipe would deliver.
TEST_F(DeidentifyReviewTest, AppliesDecisionsToNoOtherRecipeInAnyMode) {
  put_pictures("PAT-1", {with_text(70, 120), Picture()});
  EXPECT_EQ(code_of_run(), ErrorCode::nothing_delivered);
  decide_whole("redact");
  const auto held = test::contents(report());
  const Recipe recipe = options_.recipe;
  options_.recipe = default_deid_recipe();
  for (const OnExisting mode : {OnExisting::refuse, OnExisting::replace}) {
    options_.on_existing = mode;
    EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
    EXPECT_EQ(test::contents(report()), held);
  }
  options_.recipe = recipe;
  EXPECT_EQ(run().instance_count, 2U);
}

/// held.json of an earlier build does not say for which recipe and key people decided.
TEST_F(DeidentifyReviewTest, ReplacesAReportOfAnEarlierBuildButAppliesNoDecisionOfIt) {
  run_first();
  const auto write_as_before = [&] {
    Json held = Json::parse(test::slurp(report() / "held.json"));
    for (const char* key : {"recipe_sha256", "key_id", "options"}) held.erase(key);
    test::spill(report() / "held.json", held.dump());
  };
  write_as_before();
  EXPECT_EQ(review().entries.size(), 1U);
  options_.on_existing = OnExisting::resume;
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  options_.on_existing = OnExisting::replace;
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_EQ(review().queue.job.key_id, key().id());
  write_as_before();
  decide_whole("redact");
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  fs::rename(report(), folder_ / "before.report");
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
}

/// Nobody who says that a page may leave has looked at each name on it.
TEST_F(DeidentifyReviewTest, DeliversNothingOfAReleasedPageWhileItsRegionsAreOpen) {
  put_page(with_text(70, 120));
  EXPECT_EQ(run().instance_count, 1U);
  ASSERT_GE(review().entries.at(0).open_region_count(), 1U);
  decide_whole("keep");
  EXPECT_TRUE(review().entries.at(0).is_released());
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
  EXPECT_EQ(resume().instance_count, 1U);
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"quarantined:text_suspected", 1}, {"used", 1}}));
  EXPECT_TRUE(review().entries.at(0).is_released()) << "of that nobody is asked again";
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
  EXPECT_EQ(actions(), (std::set<std::string>{"held uncertain"}));
  decide_regions("redact");
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(pixels(), (std::map<std::string, int>{{"changed", 1}, {"kept", 1}}));
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::made);
}

TEST_F(DeidentifyReviewTest, SaysWhatIsHeldWithoutRegionsAndWhy) {
  put_pictures("PAT-2", {Picture()});
  put("PAT-1/1", slice_with(Picture(), "PAT-1", 1));
  put("PAT-1/2", slice_with(Picture(), "PAT-1", 2).text(0x00280301, "CS", "YES"));
  for (const char* text : {"keep", "redact"}) {
    options_.recipe.text = text;
    options_.on_existing = OnExisting::replace;
    run();
    ASSERT_EQ(review().entries.size(), 1U);
    const HeldEntry held = review().entries[0].held;
    EXPECT_EQ(held.because, "Burned In Annotation YES") << text;
    EXPECT_EQ(held.path, (folder_ / "in/PAT-1/2").string()) << text;
  }
}

/// OUT does not stand yet, so that no option is needed.
TEST_F(DeidentifyReviewTest, AppliesDecisionsWithoutResumeWhereNothingWasDelivered) {
  put_pictures("PAT-1", {with_text(70, 120), Picture()});
  EXPECT_EQ(code_of_run(), ErrorCode::nothing_delivered);
  decide_whole("redact");
  ASSERT_EQ(options_.on_existing, OnExisting::refuse);
  EXPECT_EQ(run().instance_count, 2U);
  EXPECT_EQ(actions(), (std::set<std::string>{"redacted reviewed"}));
}

/// Text over anatomy and text on black, of a page that is held for its kind: one decision blanks both.
TEST_F(DeidentifyReviewTest, BlanksAllThatWasFoundOfAPageThatIsHeldForItsKind) {
  const Picture page = with_text(70, 120).write("KIM 19800101", 6, 8);
  put_page(page);
  EXPECT_EQ(run().instance_count, 1U);
  const ReviewEntry held = review().entries.at(0);
  ASSERT_TRUE(held.held.needs_release && held.held.can_redact);
  ASSERT_GE(held.open_region_count(), 1U);
  decide_whole("redact");
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::decided);
  const auto decisions = read_decisions(report()).all;
  EXPECT_TRUE(decisions.at(0).blanks_all);
  EXPECT_EQ(decisions.size(), 1 + held.regions.size());
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::made);
  EXPECT_EQ(pixels(), (std::map<std::string, int>{{"changed", 1}, {"kept", 1}}));
  for (const std::string& action : actions()) EXPECT_THAT(action, HasSubstr("redacted")) << action;
  for (const Json& line : manifest()) {
    if (line["pixels"] == "kept") continue;
    const std::string file = test::slurp(options_.out / line["file"].get<std::string>());
    for (const TextRegion& text : page.texts) EXPECT_EQ(values_at(file, text).size(), 1U);
  }
  EXPECT_EQ(resume().resumed_count, 2U);
  put_page(Picture(page).write("KIM", 100, 60));
  options_.on_existing = OnExisting::replace;
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open) << "another page was released";
}

TEST_F(DeidentifyReviewTest, BlanksAPageOfWhichNothingIsOpenButItsKind) {
  put_page(with_text(6, 8));
  EXPECT_EQ(run().instance_count, 1U);
  ASSERT_EQ(review().entries.at(0).open_region_count(), 0U);
  decide_whole("redact");
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(actions(), (std::set<std::string>{"redacted on_background"}));
}

TEST_F(DeidentifyReviewTest, TakesAnExclusionBackWithoutDeliveringWhatItShows) {
  put_page(with_text(70, 120));
  EXPECT_EQ(run().instance_count, 1U);
  decide_whole("exclude");
  EXPECT_EQ(resume().instance_count, 1U);
  ASSERT_EQ(review().entries.at(0).state(), ReviewState::excluded);
  decide_whole("redact");
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::decided);
  EXPECT_EQ(resume().instance_count, 2U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::made);
  EXPECT_EQ(actions(), (std::set<std::string>{"redacted reviewed"}));
}

TEST_F(DeidentifyReviewTest, HoldsAPageOnWhichNothingIsFoundOnceItsExclusionIsTakenBack) {
  put_page(Picture());
  EXPECT_EQ(run().instance_count, 1U);
  EXPECT_THROW(decide_whole("redact"), Error) << "nothing was found";
  decide_whole("exclude");
  resume();
  decide_whole("redact");
  EXPECT_EQ(resume().instance_count, 1U);
  EXPECT_EQ(review().entries.at(0).state(), ReviewState::open);
  EXPECT_FALSE(review().entries.at(0).held.can_redact);
}

}  // namespace
}  // namespace naru
