#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

/// A report as a job leaves it; how jobs make and heed one is tested with the pipeline.
class ReviewProgramTest : public ::testing::Test {
 protected:
  ReviewProgramTest() {
    test::spill(folder_ / "out.report/inputs.jsonl", "");
    test::spill(
        folder_ / "out.report/held.json",
        R"({"schema":"naru.held/1","command":"deidentify","inputs":["/data/my export"],"out":"/data/deid",)"
        R"("decisions_sha256":null,"recipe_sha256":null,"key_id":"k","options":["--recipe","/data/my recipe.toml"],)"
        R"("pixels_sha256":"9a824a6c1bb47665cdfa116d81602fe3f7d9cfc5439abb22ea790c6c200c3dde",)"
        R"("held":[{"id":"series-1f0c9a52be47","series_uid":"2.999.1",)"
        R"("disposition":"quarantined","reason":"text_suspected","files":3,"frames":3,"files_sha256":null,)"
        R"("needs_release":false,"can_release":true}]})");
    test::spill(folder_ / "out.report/pixels.jsonl",
                R"({"schema":"naru.pixels/1","path":"/data/export/a","sop_instance_uid":"2.999.1.1","sha256":"a",)"
                R"("part_of":"series-1f0c9a52be47","id":"region-0a1b2c3d4e5f","frame":0,"box":[1,2,3,4],)"
                R"("score":0.9,"action":"held","because":"uncertain"})"
                "\n");
  }
  Finished run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"review", (folder_ / "out.report").string()});
    return test::run_naru(arguments, folder_.path());
  }
  bool has_decisions() const { return fs::exists(folder_ / "out.report/decisions.jsonl"); }
  test::TempFolder folder_;
};

TEST_F(ReviewProgramTest, ListsForEyesAndAsOneDocument) {
  const Finished table = run({});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("series-1f0c9a52be47  open  text_suspected  3 files, 3 frames"));
  EXPECT_THAT(table.out, HasSubstr("region-0a1b2c3d4e5f  frame 0 x=1 y=2 3x4  score 0.90  uncertain  open"));
  EXPECT_THAT(table.out, HasSubstr("1 open, 0 decided, 0 excluded, 0 made; regions open: 1"));
  EXPECT_THAT(table.out, Not(HasSubstr("as a whole")));
  const json listed = json::parse(run({"--json"}).out);
  EXPECT_EQ(listed["schema"], "naru.review/1");
  EXPECT_EQ(listed["held"][0]["regions"][0]["id"], "region-0a1b2c3d4e5f");
}

TEST_F(ReviewProgramTest, DecidesAndSaysWhatToRunNext) {
  const Finished decided =
      run({"--decide", "region-0a1b2c3d4e5f=redact", "--by", "A. Steward", "--why", "shows a name"});
  EXPECT_EQ(decided.status, 0) << decided.err;
  EXPECT_THAT(decided.out, HasSubstr("redact (A. Steward, "));
  EXPECT_THAT(decided.out,
              HasSubstr("naru deidentify '/data/my export' --out /data/deid --recipe '/data/my recipe.toml' --resume"));
  EXPECT_EQ(json::parse(run({"--json"}).out)["held"][0]["state"], "decided");
}

TEST_F(ReviewProgramTest, UsageErrorsExitWithTwoAndDecideNothing) {
  const std::vector<std::string> cases[] = {
      {"--decide", "region-0a1b2c3d4e5f=redact"},
      {"--decide", "region-0a1b2c3d4e5f=redact", "--by", "A"},
      {"--by", "A", "--why", "B"},
      {"--decide", "SMITH=redact", "--by", "A", "--why", "B"},
      {"--decide", "region-0a1b2c3d4e5f=SMITH", "--by", "A", "--why", "B"},
      {"--decide", "region-0a1b2c3d4e5f=keep", "--decide", "series-1f0c9a52be47=exclude", "--by", "A", "--why", "B"},
  };
  for (const auto& arguments : cases) {
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.status, 2) << finished.err;
    EXPECT_THAT(finished.err + finished.out, Not(HasSubstr("SMITH")));
    EXPECT_FALSE(has_decisions());
  }
}

TEST_F(ReviewProgramTest, FailsOnABrokenChainAndOnWhatIsNoReport) {
  test::spill(folder_ / "out.report/decisions.jsonl", "{}\n");
  const Finished broken = run({});
  EXPECT_EQ(broken.status, 1);
  EXPECT_THAT(broken.err, HasSubstr("[dataset_invalid]"));
  fs::remove_all(folder_ / "out.report");
  EXPECT_THAT(run({}).err, HasSubstr("[input_missing]"));
}

TEST_F(ReviewProgramTest, PrintsNoCommandThatCannotWork) {
  const std::string held = test::slurp(folder_ / "out.report/held.json");
  const auto printed_for = [&](const std::string& inputs) {
    std::string text = held;
    const std::string before = R"(["/data/my export"])";
    text.replace(text.find(before), before.size(), inputs);
    test::spill(folder_ / "out.report/held.json", text);
    return run({}).out;
  };
  EXPECT_EQ(run({"--decide", "region-0a1b2c3d4e5f=redact", "--by", "A", "--why", "a name"}).status, 0);
  const std::string list = printed_for(R"(["-"])");
  EXPECT_THAT(list, HasSubstr("naru deidentify - --out /data/deid"));
  EXPECT_THAT(list, HasSubstr("--resume < LIST"));
  EXPECT_THAT(list, HasSubstr("give it the same list again"));
  for (const char* const path : {R"(["/data/a\nb"])", R"(["/data/\\xB1\\xE8"])"}) {
    const std::string said = printed_for(path);
    EXPECT_THAT(said, HasSubstr("Its command cannot be printed")) << path;
    EXPECT_THAT(said, Not(HasSubstr("naru deidentify"))) << path;
  }
}

TEST_F(ReviewProgramTest, SaysThatDecisionsOfAnEarlierVersionAreNotApplied) {
  std::string text = test::slurp(folder_ / "out.report/held.json");
  const std::string job = R"("recipe_sha256":null,"key_id":"k","options":["--recipe","/data/my recipe.toml"],)";
  text.erase(text.find(job), job.size());
  test::spill(folder_ / "out.report/held.json", text);
  const Finished decided = run({"--decide", "region-0a1b2c3d4e5f=redact", "--by", "A", "--why", "a name"});
  EXPECT_EQ(decided.status, 0) << decided.err;
  EXPECT_THAT(decided.out, HasSubstr("An earlier version wrote this report"));
  EXPECT_THAT(decided.out, Not(HasSubstr("--resume")));
}

TEST_F(ReviewProgramTest, SaysThatAReleasedSeriesWaitsForItsRegions) {
  std::string text = test::slurp(folder_ / "out.report/held.json");
  for (const auto& [before, now] :
       {std::pair<std::string, std::string>(R"("needs_release":false)", R"("needs_release":true)"),
        {R"("files_sha256":null)", R"("files_sha256":"f")"}}) {
    text.replace(text.find(before), before.size(), now);
  }
  test::spill(folder_ / "out.report/held.json", text);
  EXPECT_THAT(run({}).out, HasSubstr("held as a whole: keep it or exclude it; and for its regions"));
  const Finished kept = run({"--decide", "series-1f0c9a52be47=keep", "--by", "A", "--why", "may leave"});
  EXPECT_EQ(kept.status, 0) << kept.err;
  EXPECT_THAT(kept.out, HasSubstr("uncertain  open"));
  EXPECT_THAT(kept.out, HasSubstr("released as a whole, and held for its regions: decide about each that is open (1)"));
  EXPECT_THAT(kept.out, HasSubstr("1 open, 0 decided, 0 excluded, 0 made; regions open: 1"));
  const Finished decided = run({"--decide", "region-0a1b2c3d4e5f=redact", "--by", "A", "--why", "a name"});
  EXPECT_THAT(decided.out, HasSubstr("0 open, 1 decided, 0 excluded, 0 made; regions open: 0"));
  EXPECT_THAT(decided.out, Not(HasSubstr("as a whole")));
}

TEST_F(ReviewProgramTest, SaysWhatIsHeldWithoutRegionsAndWhy) {
  std::string text = test::slurp(folder_ / "out.report/held.json");
  const std::string before = R"("needs_release":false,"can_release":true)";
  text.replace(text.find(before), before.size(),
               R"("needs_release":true,"can_release":true,"because":"secondary capture","path":"/data/export/page")");
  text.replace(text.find("series-1f0c9a52be47"), 19, "series-000000000000");  // it has no regions
  test::spill(folder_ / "out.report/held.json", text);
  const std::string said = run({}).out;
  EXPECT_THAT(said, HasSubstr("  held because: secondary capture\n      /data/export/page\n"));
  EXPECT_THAT(said, HasSubstr("  held as a whole: keep it or exclude it\n"));
  const json held = json::parse(run({"--json"}).out)["held"][0];
  EXPECT_EQ(held["because"], "secondary capture");
  EXPECT_EQ(held["path"], "/data/export/page");
}

TEST_F(ReviewProgramTest, OffersToRedactWhatIsHeldForItsKindWhereTextWasFound) {
  std::string text = test::slurp(folder_ / "out.report/held.json");
  for (const auto& [before, now] :
       {std::pair<std::string, std::string>(R"("needs_release":false)", R"("needs_release":true,"can_redact":true)"),
        {R"("files_sha256":null)", R"("files_sha256":"f")"}}) {
    text.replace(text.find(before), before.size(), now);
  }
  test::spill(folder_ / "out.report/held.json", text);
  EXPECT_THAT(run({}).out, HasSubstr("or redact it"));
  const Finished redacted = run({"--decide", "series-1f0c9a52be47=redact", "--by", "A", "--why", "names alone"});
  EXPECT_EQ(redacted.status, 0) << redacted.err;
  EXPECT_THAT(redacted.out, HasSubstr("0 open, 1 decided, 0 excluded, 0 made; regions open: 0"));
}

}  // namespace
}  // namespace naru
