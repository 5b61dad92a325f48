#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

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

/// Keys and link tables as a user meets them: prepare makes both, `key` and `reidentify` work on them.
class KeyProgramTest : public ::testing::Test {
 protected:
  Finished run(const std::vector<std::string>& arguments) { return test::run_naru(arguments, folder_.path()); }
  std::string path(std::string_view name) const { return (folder_ / name).string(); }

  void prepare() {
    test::PhantomOptions options;
    options.size = {32, 32, 6};
    options.patient_id = "SECRET-7";
    test::write_series(options, folder_ / "in");
    const Finished finished =
        run({"prepare", path("in"), "--out", path("out"), "--project", "liver", "--device", "cpu", "--quiet"});
    ASSERT_EQ(finished.status, 0) << finished.err;
    patient_ = json::parse(test::slurp(folder_ / "out/manifest.jsonl"))["patient"];
  }
  std::vector<std::string> question() const {
    return {"reidentify", path("out.report"), "--project", "liver", "--reason", "finding", "--pseudonym", patient_};
  }
  fs::path keys() const { return folder_ / "state/naru/keys"; }

  test::TempFolder folder_;
  std::string patient_;
};

TEST_F(KeyProgramTest, EveryActExplainsItselfWithAnExample) {
  for (const std::string act : {"list", "rotate", "destroy"}) {
    const Finished help = run({"key", act, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("Example:\n  naru key " + act));
  }
}

TEST_F(KeyProgramTest, ListsIdsAndNeverKeys) {
  prepare();
  const std::string secret = test::slurp(keys() / "liver.key").substr(0, 64);
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"key", "list"},
                                                    {"key", "list", "--project", "liver"},
                                                    {"key", "list", "--json"},
                                                    {"key", "--json", "list"}}) {
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.status, 0);
    EXPECT_THAT(finished.out, HasSubstr("liver"));
    EXPECT_THAT(finished.out + finished.err, Not(HasSubstr(secret)));
  }
  const json listed = json::parse(run({"key", "list", "--json"}).out);
  EXPECT_EQ(listed["schema"], "naru.keys/1");
  EXPECT_EQ(listed["keys"][0]["state"], "current");
  EXPECT_EQ(listed["keys"][0]["key"].get<std::string>().size(), 16U);
}

TEST_F(KeyProgramTest, UsageErrorsExitWithTwo) {
  EXPECT_EQ(run({"key"}).status, 2);
  EXPECT_EQ(run({"key", "rotate"}).status, 2);
  EXPECT_EQ(run({"key", "destroy", "--yes"}).status, 2);
  EXPECT_EQ(run({"key", "destroy", "--project", "liver"}).status, 2);
  EXPECT_EQ(run({"reidentify", path("out.report")}).status, 2);
  EXPECT_EQ(run({"reidentify", path("out.report"), "--reason", ""}).status, 2);
  const Finished finished = run({"reidentify", path("x"), "--reason", "y", "--pseudonym", "SMITH^JOHN", "--json"});
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.err + finished.out, Not(HasSubstr("SMITH")));
}

TEST_F(KeyProgramTest, GoesBackAfterARotationAndNotAfterADestruction) {
  prepare();
  EXPECT_EQ(run({"key", "rotate", "--project", "liver"}).status, 0);
  auto asked = question();
  const Finished answer = run(asked);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("SECRET-7"));
  EXPECT_THAT(answer.err, Not(HasSubstr("SECRET")));
  asked.push_back("--json");
  const json document = json::parse(run(asked).out);
  EXPECT_EQ(document["schema"], "naru.reidentified/1");
  EXPECT_EQ(document["rows"][0]["patient_id"], "SECRET-7");
  EXPECT_THAT(test::slurp(keys() / "log.jsonl"), HasSubstr("finding"));
  EXPECT_THAT(test::slurp(keys() / "log.jsonl"), Not(HasSubstr("SECRET")));

  EXPECT_EQ(run({"key", "destroy", "--project", "liver", "--yes"}).status, 0);
  const Finished refused = run(question());
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(run({"key", "list", "--project", "liver"}).out, "");
}

TEST_F(KeyProgramTest, PrintsNothingWhereTheLogCannotBeWritten) {
  prepare();
  fs::remove(keys() / "log.jsonl");
  fs::create_directory(keys() / "log.jsonl");
  const Finished refused = run(question());
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, HasSubstr("output_unwritable"));
}

TEST_F(KeyProgramTest, SaysWhichPseudonymsTheTableDoesNotHold) {
  prepare();
  auto asked = question();
  asked.insert(asked.begin() + 1, {"--pseudonym", "case-0123456789abcdef"});
  const Finished answer = run(asked);
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.out, HasSubstr("SECRET-7"));
  EXPECT_THAT(answer.err, HasSubstr("case-0123456789abcdef is not in this link table"));
}

}  // namespace
}  // namespace naru
