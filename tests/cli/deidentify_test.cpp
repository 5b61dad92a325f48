#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

class DeidentifyProgramTest : public test::StudiesTest {
 protected:
  Finished run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "deidentify");
    return test::run_naru(arguments, folder_.path());
  }
  void write_series(int count, std::int64_t slices = 4) { StudiesTest::write_series(count, slices); }
};

TEST_F(DeidentifyProgramTest, ExitsWithZeroOrThreeAndPrintsOneDocument) {
  write_series(2);
  const Finished clean = run({in(), "--out", out(), "--json"});
  EXPECT_EQ(clean.status, 0) << clean.err;
  const json result = json::parse(clean.out);
  EXPECT_EQ(result["schema"], "naru.deidentify/1");
  EXPECT_EQ(result["instances"], 8);
  EXPECT_EQ(result["inputs"], (json{{"used", 8}}));
  EXPECT_EQ(test::run_naru({"verify", out()}, folder_.path()).status, 0);
  test::spill(folder_ / "in/notes.txt", "no DICOM");
  const Finished mixed = run({in(), "--out", out(), "--force"});
  EXPECT_EQ(mixed.status, 3) << mixed.err;
  EXPECT_THAT(mixed.out, HasSubstr("not_dicom"));
  EXPECT_EQ(run({in(), "--out", out()}).status, 1);
}

TEST_F(DeidentifyProgramTest, UsageErrorsExitWithTwoAndRepeatNoArgument) {
  write_series(1);
  test::spill(folder_ / "job.toml", "reviewr = \"SMITH\"\n");
  const std::vector<std::string> cases[] = {
      {in()},
      {"--out", out()},
      {in(), "--out", out(), "--resume", "--force"},
      {"--explain", "--out", out()},
      {in(), "--out", out(), "--record", (folder_ / "job.toml").string()},
      {in(), "--out", out(), "--no-such=SMITH"},
  };
  for (const auto& arguments : cases) {
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.status, 2) << finished.err;
    EXPECT_THAT(finished.err + finished.out, Not(HasSubstr("SMITH")));
    EXPECT_FALSE(fs::exists(out()));
  }
}

TEST_F(DeidentifyProgramTest, RefusesAKeyThatWouldBeReplacedWithTheDataset) {
  write_series(1);
  ASSERT_EQ(run({in(), "--out", out()}).status, 0);
  for (const fs::path& folder : {fs::path(out()), fs::path(out() + ".report")}) {
    const fs::path key = folder / "project.key";
    test::spill(key, std::string(64, '7'));
    fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
    for (const char* command : {"deidentify", "prepare"}) {
      const Finished refused =
          test::run_naru({command, in(), "--out", out() + "/", "--key-file", key.string(), "--force"}, folder_.path());
      EXPECT_EQ(refused.status, 2) << refused.err;
      EXPECT_THAT(refused.err, HasSubstr("--key-file lies inside OUT or its report"));
      EXPECT_TRUE(fs::exists(key));
    }
    fs::remove(key);
  }
}

TEST_F(DeidentifyProgramTest, ExplainsTheTableWithoutAnyInput) {
  const Finished table = run({"--explain"});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("(0010,0010)  Patient's Name"));
  EXPECT_THAT(table.out, HasSubstr("retain-longitudinal-modified-dates"));
  const json explained = json::parse(run({"--explain", "--json"}).out);
  EXPECT_EQ(explained["schema"], "naru.explain/1");
  EXPECT_GE(explained["rules"].size(), 657U);
  EXPECT_FALSE(fs::exists(folder_ / "state")) << "no key is needed, so none is made";
}

TEST_F(DeidentifyProgramTest, ExplainsWhatARunWouldDoToTheseInputsAndWritesNothing) {
  write_series(1);
  const Finished preview = run({"--explain", in(), "--json"});
  EXPECT_EQ(preview.status, 0) << preview.err;
  EXPECT_EQ(json::parse(preview.out)["instances"], 4);
  EXPECT_THAT(run({"--explain", in()}).out, HasSubstr("4 instances would be delivered; nothing was written"));
  test::spill(folder_ / "in/notes.txt", "no DICOM");
  EXPECT_EQ(run({"--explain", in()}).status, 3);
  EXPECT_FALSE(fs::exists(folder_ / "state"));
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("naru-work")));
  }
}

TEST_F(DeidentifyProgramTest, CtrlCStopsCleanlyAndResumeFinishes) {
  write_series(40, 40);
  test::Program program({"deidentify", in(), "--out", out()}, folder_.path());
  while (!fs::exists(folder_ / ".out.naru-work/cases/instances.sealed")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  program.send(SIGINT);
  const Finished stopped = program.wait();
  EXPECT_EQ(stopped.status, 1) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("[canceled]"));
  EXPECT_FALSE(fs::exists(out()));
  const Finished resumed = run({in(), "--out", out(), "--resume", "--json"});
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_GT(json::parse(resumed.out)["resumed"], 0);
  EXPECT_EQ(json::parse(resumed.out)["instances"], 1600);
  EXPECT_EQ(test::run_naru({"verify", out()}, folder_.path()).status, 0);
}

TEST_F(DeidentifyProgramTest, KilledAtAnyMomentOutIsAbsentOrWhole) {
  write_series(10, 20);
  int absent = 0;
  for (int delay_ms = 5; delay_ms < 800; delay_ms = delay_ms * 3 / 2) {
    test::Program program({"deidentify", in(), "--out", out(), "--resume"}, folder_.path());
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    program.send(SIGKILL);
    program.wait();
    if (fs::exists(out())) {
      EXPECT_EQ(test::run_naru({"verify", out()}, folder_.path()).status, 0) << delay_ms;
      fs::remove_all(out());
      fs::remove_all(folder_ / "out.report");
    } else {
      ++absent;
    }
  }
  EXPECT_GT(absent, 0);
  EXPECT_EQ(run({in(), "--out", out(), "--resume"}).status, 0);
  EXPECT_EQ(test::run_naru({"verify", out()}, folder_.path()).status, 0);
  EXPECT_FALSE(fs::exists(folder_ / ".out.naru-work"));
}

}  // namespace
}  // namespace naru
