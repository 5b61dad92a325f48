#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
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

class ProgramTest : public test::StudiesTest {
 protected:
  Finished run(std::vector<std::string> arguments, const fs::path& input = "/dev/null") {
    return test::run_naru(arguments, folder_.path(), input);
  }
  void write_studies(int count, std::int64_t slices = 10) { write_series(count, slices); }
};

TEST_F(ProgramTest, EveryCommandExplainsItselfWithAnExample) {
  EXPECT_THAT(run({"--help"}).out, HasSubstr("naru prepare /data"));
  EXPECT_THAT(run({"--version"}).out, HasSubstr("naru 0."));
  for (const std::string command : {"inspect", "prepare", "verify", "recipes", "doctor"}) {
    const Finished help = run({command, "--help"});
    EXPECT_EQ(help.status, 0) << command;
    EXPECT_THAT(help.out, HasSubstr("Example:\n  naru " + command)) << command;
  }
}

TEST_F(ProgramTest, UsageErrorsExitWithTwo) {
  EXPECT_EQ(run({}).status, 2);
  EXPECT_EQ(run({"prepare"}).status, 2);
  EXPECT_EQ(run({"frobnicate"}).status, 2);
  EXPECT_THAT(run({"frobnicate"}).err, HasSubstr("there is no such command: run naru --help"));
  EXPECT_EQ(run({"prepare", in(), "--out", out(), "--device", "gpu"}).status, 2);
  EXPECT_EQ(run({"prepare", in(), "--out", out(), "--memory", "lots"}).status, 2);
  EXPECT_EQ(run({"prepare", in(), "--out", out(), "--resume", "--force"}).status, 2);
}

TEST_F(ProgramTest, UsageErrorsRepeatNoArgument) {
  const std::vector<std::string> cases[] = {
      {"recipes", "show", "ct-1mm", "/data/SMITH^JOHN"},
      {"doctor", "/data/SMITH^JOHN"},
      {"inspect", in(), "--no-such=SMITH"},
      {"inspect", in(), "--threads", "SMITH"},
      {"prepare", in(), "--out", out(), "--threads", "-1"},
  };
  for (std::vector<std::string> arguments : cases) {
    arguments.push_back("--json");
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.status, 2) << finished.err;
    EXPECT_THAT(finished.err + finished.out, Not(HasSubstr("SMITH")));
    EXPECT_THAT(finished.err, HasSubstr("--help"));
    EXPECT_EQ(json::parse(finished.out)["code"], "usage");
  }
  EXPECT_THAT(run({"inspect", in(), "--threads", "2000"}).err, HasSubstr("--threads: must be 0 to 1024"));
}

TEST_F(ProgramTest, ABoundThatHoldsNoEncoderIsRefused) {
  // 12 MiB a thread and 16 MiB beside them: 64 MiB hold four threads, and no more run than the machine has.
  const bool is_too_small = std::thread::hardware_concurrency() > 4;
  const Finished finished =
      run({"prepare", (folder_ / "absent").string(), "--out", out(), "--threads", "16", "--memory", "64MiB"});
  EXPECT_EQ(finished.status, is_too_small ? 2 : 1);
  EXPECT_THAT(finished.err, HasSubstr(is_too_small ? "--memory must be at least" : "[input_missing]"));
}

TEST_F(ProgramTest, AProjectNameIsCheckedBeforeAnyWork) {
  write_studies(1);
  test::spill(folder_ / "k.key", std::string(64, '3'));
  ::chmod((folder_ / "k.key").c_str(), 0600);
  for (const char* project : {"\xff", "two words", "../evil", ""}) {
    const Finished finished = run({"prepare", in(), "--out", out(), "--key-file", (folder_ / "k.key").string(),
                                   "--project", project, "--resume"});
    EXPECT_EQ(finished.status, 2);
    EXPECT_THAT(finished.err, HasSubstr("[usage]: --project must"));
    EXPECT_FALSE(fs::exists(folder_ / ".out.naru-work"));
  }
}

TEST_F(ProgramTest, ClosedStreamsHarmNeitherTheRunNorTheDataset) {
  write_studies(2);
  for (const std::string closed : {"2>&-", ">&-", "<&- >&- 2>&-", "| head -c 1; exit ${PIPESTATUS[0]}"}) {
    const std::string command = "HOME='" + folder_.path().string() + "' XDG_STATE_HOME='" +
                                (folder_ / "state").string() + "' '" NARU_PROGRAM "' prepare '" + in() + "' --out '" +
                                out() + "' --force " + closed;
    test::spill(folder_ / "script", command);
    const int status = std::system(("bash '" + (folder_ / "script").string() + "'").c_str());
    EXPECT_EQ(status, 0) << closed;
    EXPECT_EQ(run({"verify", out()}).status, 0) << closed;
  }
}

TEST_F(ProgramTest, AResultThatCannotBeStoredIsAFailure) {
  test::spill(folder_ / "script", "'" NARU_PROGRAM "' recipes > /dev/full");
  EXPECT_EQ(WEXITSTATUS(std::system(("bash '" + (folder_ / "script").string() + "' 2>&-").c_str())), 1);
}

TEST_F(ProgramTest, HelpThatCannotBeStoredIsAFailureToo) {
  for (const std::string arguments : {"--version", "prepare --help", "serve --print-config"}) {
    test::spill(folder_ / "script", "'" NARU_PROGRAM "' " + arguments + " > /dev/full");
    EXPECT_EQ(WEXITSTATUS(std::system(("bash '" + (folder_ / "script").string() + "' 2>&-").c_str())), 1) << arguments;
  }
}

TEST_F(ProgramTest, TellsItsVersionAsOneDocument) {
  const json document = json::parse(run({"--json", "--version"}).out);
  EXPECT_EQ(document["schema"], "naru.version/1");
  EXPECT_THAT(document["version"].get<std::string>(), testing::StartsWith("0."));
}

TEST_F(ProgramTest, PrintsOneDocumentWhateverIsAskedForWithJson) {
  const json help = json::parse(run({"prepare", "--help", "--json"}).out);
  EXPECT_EQ(help["schema"], "naru.help/1");
  EXPECT_EQ(help["text"], run({"prepare", "--help"}).out);
  const json configuration = json::parse(run({"serve", "--print-config", "--json"}).out);
  EXPECT_EQ(configuration["schema"], "naru.configuration/1");
  EXPECT_EQ(configuration["toml"], run({"serve", "--print-config"}).out);
  const json routes = json::parse(run({"serve", "--print-routes", "--json"}).out);
  EXPECT_EQ(routes["schema"], "naru.routes/1");
  EXPECT_GT(routes["items"].size(), 70U);
  std::istringstream lines(run({"serve", "--print-routes"}).out);
  for (const json& item : routes["items"]) {
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(json::parse(line), item);
  }
  std::string more;
  EXPECT_FALSE(std::getline(lines, more)) << more;
}

/// Lines that the other runs have not, and no words of headers.
TEST_F(ProgramTest, VerboseTellsOfStacksCasesAndTimes) {
  write_studies(1);
  const Finished prepared = run({"prepare", in(), "--out", out(), "--verbose"});
  for (const char* line : {"device cpu", "working memory: at most", "stack 1: 10 slices: accept", "1 cases are planned",
                           "slices at a time, on cpu", ": made, ", "time for read: "}) {
    EXPECT_THAT(prepared.err, HasSubstr(line));
  }
  EXPECT_THAT(run({"inspect", in(), "--verbose"}).err, HasSubstr("stack 1: 10 slices: accept"));
  EXPECT_THAT(run({"verify", out(), "--verbose"}).err, HasSubstr("case 1 of 1: read; 0 differences so far"));
  const Finished deidentified = run({"deidentify", in(), "--out", (folder_ / "deid").string(), "--verbose"});
  EXPECT_THAT(deidentified.err, HasSubstr("10 instances delivered"));
  for (const char* command : {"inspect", "verify"}) {
    const std::string of = command == std::string("inspect") ? in() : out();
    EXPECT_THAT(run({command, of}).err, Not(HasSubstr("slices: accept")));
  }
}

TEST_F(ProgramTest, PreparesAndVerifiesAndSaysSoInJson) {
  write_studies(2);
  const Finished prepared = run({"prepare", in(), "--out", out(), "--json"});
  EXPECT_EQ(prepared.status, 0) << prepared.err;
  const json summary = json::parse(prepared.out);  // one document and nothing else
  EXPECT_EQ(summary["schema"], "naru.prepare/1");
  EXPECT_EQ(summary["cases"], 2);
  EXPECT_THAT(prepared.err, HasSubstr("reading headers"));
  const Finished verified = run({"verify", out(), "--json"});
  EXPECT_EQ(verified.status, 0) << verified.out;
  EXPECT_EQ(json::parse(verified.out)["whole"], true);
  struct stat status {};
  ::stat((folder_ / "out.report").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(ProgramTest, QuietMeansQuiet) {
  write_studies(1);
  const Finished prepared = run({"prepare", in(), "--out", out(), "--quiet"});
  EXPECT_EQ(prepared.out, "");
  EXPECT_EQ(prepared.err, "");
}

TEST_F(ProgramTest, RejectedInputsExitWithThree) {
  write_studies(1);
  test::spill(folder_ / "in/notes.txt", "not DICOM");
  const Finished prepared = run({"prepare", in(), "--out", out()});
  EXPECT_EQ(prepared.status, 3);
  EXPECT_THAT(prepared.out, HasSubstr("not_dicom"));
  EXPECT_EQ(run({"inspect", in()}).status, 3);
}

TEST_F(ProgramTest, FailuresNameCodeAndRemedyAndPublishNothing) {
  write_studies(1);
  fs::create_directories(folder_ / "empty");
  test::spill(folder_ / "full/file", "x");
  test::spill(folder_ / "bad.toml", "schema = \"naru.recipe/1\"\nname = \"x\"\n[output]\nformat = \"nii\"\n");
  const struct {
    std::vector<std::string> arguments;
    const char* code;
    const char* text;
  } cases[] = {
      {{"prepare", (folder_ / "empty").string(), "--out", out()}, "input_empty", "no files"},
      {{"prepare", (folder_ / "absent").string(), "--out", out()}, "input_missing", "INPUT 1"},
      {{"prepare", in(), "--out", (folder_ / "full").string()}, "output_exists", "--force"},
      {{"prepare", in(), "--out", out(), "--recipe", (folder_ / "bad.toml").string()},
       "recipe_invalid",
       "bad.toml:4:1"},
      {{"prepare", in(), "--out", out(), "--recipe", "no-such"}, "recipe_invalid", "naru recipes"},
      {{"prepare", in(), "--out", out(), "--device", "cuda:99"}, "device_unavailable", ""},
      {{"prepare", in(), "--out", out(), "--key-file", (folder_ / "absent.key").string()}, "key_invalid", "absent.key"},
      {{"prepare", in(), "--out", "/proc/naru-out"}, "output_unwritable", "OUT"},
      {{"verify", in()}, "dataset_invalid", "SHA256SUMS"},
  };
  for (const auto& c : cases) {
    const Finished finished = run(c.arguments);
    EXPECT_EQ(finished.status, 1) << c.code;
    EXPECT_THAT(finished.err, HasSubstr(std::string("[") + c.code + "]"));
    EXPECT_THAT(finished.err, HasSubstr(c.text));
    EXPECT_FALSE(fs::exists(out())) << c.code;
    EXPECT_FALSE(fs::exists(folder_ / ".out.naru-work")) << c.code;
  }
  const Finished as_json = run({"prepare", (folder_ / "empty").string(), "--out", out(), "--json"});
  EXPECT_EQ(json::parse(as_json.out)["code"], "input_empty");
}

TEST_F(ProgramTest, NoPermissionIsSaidForAUserWhoHasNone) {
  write_studies(1);
  fs::permissions(folder_ / "in", fs::perms::none);
  if (::access(in().c_str(), R_OK) == 0) {
    std::cout << "running as a user who may read everything: nothing to refuse here\n";
    EXPECT_EQ(run({"inspect", in()}).status, 0);
  } else {
    EXPECT_THAT(run({"inspect", in()}).err, HasSubstr("[input_unreadable]"));
  }
  fs::permissions(folder_ / "in", fs::perms::owner_all);
}

TEST_F(ProgramTest, ReadsPathsFromStandardInput) {
  write_studies(1);
  test::spill(folder_ / "list", in() + "\n");
  EXPECT_EQ(run({"prepare", "-", "--out", out()}, folder_ / "list").status, 0);
}

TEST_F(ProgramTest, NoPatientTokenReachesAnyOutputStream) {
  test::PhantomOptions options;
  options.token = "ZQXJTOKEN";
  options.patient_id = "ZQXJTOKEN";
  options.fault = test::Fault::truncated;
  test::write_series(options, folder_ / "in/ZQXJTOKEN^A");
  options.fault = test::Fault::none;
  options.series_uid = "2.999.8.9";
  test::write_series(options, folder_ / "in/ZQXJTOKEN^B");
  const Finished prepared = run({"prepare", in(), "--out", out(), "--verbose"});
  EXPECT_EQ(prepared.status, 3);
  EXPECT_THAT(prepared.out + prepared.err, Not(HasSubstr("ZQXJ")));
}

TEST_F(ProgramTest, InspectListsGeometryAndWritesNothing) {
  write_studies(1);
  const Finished inspected = run({"inspect", in(), "--json"});
  EXPECT_EQ(inspected.status, 0);
  const json document = json::parse(inspected.out);
  EXPECT_EQ(document["schema"], "naru.inspect/1");
  EXPECT_EQ(document["series"][0]["shape"], (json{64, 64, 10}));
  EXPECT_EQ(document["series"][0]["verdict"], "accept");
  EXPECT_THAT(run({"inspect", in()}).out, testing::ContainsRegex("64 × 64 × 10 +0.8 × 0.8 × 1.25 +LPS +accept"));
}

TEST_F(ProgramTest, InspectSaysThatPrepareHoldsADeclaredText) {
  test::PhantomOptions options;
  options.image_type = "DERIVED\\SECONDARY\\SCREEN SAVE";  // a page of text, as Burned In Annotation would say
  test::write_series(options, folder_ / "in");
  const Finished inspected = run({"inspect", in(), "--json"});
  EXPECT_EQ(inspected.status, 3);
  const json document = json::parse(inspected.out);
  EXPECT_EQ(document["series"][0]["verdict"], "reject");
  EXPECT_EQ(document["series"][0]["findings"][0]["code"], "text_suspected");
  EXPECT_EQ(document["inputs"]["quarantined"], 20);
  EXPECT_EQ(run({"prepare", in(), "--out", out()}).status, 1) << "nothing is left to deliver";
}

TEST_F(ProgramTest, InspectNamesFilesOnRequestAlone) {
  write_studies(1);
  test::spill(folder_ / "in/HONG^GILDONG \xb0.txt", "not DICOM");
  EXPECT_THAT(run({"inspect", in()}).out, Not(HasSubstr("HONG")));
  EXPECT_THAT(run({"inspect", in(), "--json"}).out, Not(HasSubstr("HONG")));
  EXPECT_THAT(run({"inspect", in(), "--files"}).out, HasSubstr("HONG^GILDONG \\xb0.txt"));
  const json document = json::parse(run({"inspect", in(), "--files", "--json"}).out);
  EXPECT_EQ(document["in_no_volume"][0]["reason"], "not_dicom");
  EXPECT_EQ(document["in_no_volume"][0]["paths"].size(), 1);
}

TEST_F(ProgramTest, InspectDecodesOnRequest) {
  test::PhantomOptions options;
  options.transfer_syntax_uid = "1.2.840.10008.1.2.4.80";
  const auto files = test::write_series(options, folder_ / "in").files;
  std::string damaged = test::slurp(files[3]);
  for (std::size_t at = damaged.size() - 200; at < damaged.size() - 40; ++at) damaged[at] = '\xff';
  test::spill(files[3], damaged);
  EXPECT_EQ(run({"inspect", in()}).status, 0);
  const Finished decoded = run({"inspect", in(), "--decode", "--json"});
  EXPECT_EQ(decoded.status, 3) << decoded.out;
  EXPECT_EQ(run({"inspect", in(), "--decode", "--json", "--memory", "64MiB", "--device", "cpu"}).out, decoded.out);
  EXPECT_EQ(run({"inspect", in(), "--memory", "lots"}).status, 2);
  const json document = json::parse(decoded.out);
  EXPECT_EQ(document["reasons"]["corrupt"], 1);
  EXPECT_EQ(document["series"][0]["verdict"], "reject");
  EXPECT_THAT(document["series"][0]["findings"][0]["remedy"].get<std::string>(), HasSubstr("Export"));
}

TEST_F(ProgramTest, InspectPrintsNoTerminalEscapes) {
  test::PhantomOptions options;
  options.series_uid = "2.999.8\x1b[2J";
  test::write_series(options, folder_ / "in");
  const Finished inspected = run({"inspect", in()});
  EXPECT_THAT(inspected.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(inspected.out, HasSubstr("2.999.8?[2J"));
}

TEST_F(ProgramTest, TheDataOfAServerAreLookedAfterOnlyWhereTheyAre) {
  const fs::path typo = folder_ / "typo";
  for (const std::vector<std::string>& act :
       std::vector<std::vector<std::string>>{{"admin", "fsck"},
                                             {"admin", "reidentify", "job-1", "--reason", "call back"},
                                             {"admin", "backup", "--out", (folder_ / "backup").string()}}) {
    std::vector<std::string> arguments = act;
    arguments.insert(arguments.end(), {"--data", typo.string()});
    const Finished done = run(arguments);
    EXPECT_EQ(done.status, 1) << done.out;
    EXPECT_THAT(done.err, HasSubstr("[input_missing]"));
  }
  EXPECT_FALSE(fs::exists(typo));
  EXPECT_FALSE(fs::exists(folder_ / "backup"));
}

TEST_F(ProgramTest, AServerWhoseDatabaseIsGoneRemovesNothing) {
  const fs::path data = folder_ / "data", received = data / "content" / "ab" / "received";
  std::ofstream(folder_ / "password") << "correct horse battery staple\n";
  ASSERT_EQ(run({"serve", "--init", "admin", "--data", data.string()}, folder_ / "password").status, 0);
  EXPECT_EQ(run({"admin", "fsck", "--data", data.string()}).status, 0);
  std::ofstream(received) << "a study";
  for (const auto& entry : fs::directory_iterator(data)) {
    if (entry.path().filename().string().starts_with("naru.db")) fs::remove(entry.path());
  }
  for (const std::vector<std::string>& act :
       std::vector<std::vector<std::string>>{{"admin", "fsck", "--repair"}, {"serve", "--listen", "127.0.0.1:0"}}) {
    std::vector<std::string> arguments = act;
    arguments.insert(arguments.end(), {"--data", data.string()});
    const Finished done = run(arguments);
    EXPECT_EQ(done.status, 1) << done.out;
    EXPECT_THAT(done.err, HasSubstr("[store_unavailable]"));
  }
  EXPECT_TRUE(fs::exists(received));
  EXPECT_FALSE(fs::exists(data / "naru.db"));
}

TEST_F(ProgramTest, RecipesAreListedAndShown) {
  EXPECT_THAT(run({"recipes"}).out, HasSubstr("ct-1mm"));
  const Finished shown = run({"recipes", "show", "ct-1mm"});
  test::spill(folder_ / "mine.toml", shown.out);
  write_studies(1);
  EXPECT_EQ(run({"prepare", in(), "--out", out(), "--recipe", (folder_ / "mine.toml").string()}).status, 0);
  EXPECT_EQ(run({"recipes", "show", "nothing"}).status, 2);
  EXPECT_THAT(run({"recipes", "show", "ct-1mm", "--json"}).out, HasSubstr(R"("name":"ct-1mm")"));
}

TEST_F(ProgramTest, DoctorLooksAtTheMachine) {
  const Finished looked = run({"doctor", "--json"});
  EXPECT_EQ(looked.status, 0) << looked.out;
  EXPECT_EQ(json::parse(looked.out)["ok"], true);
}

TEST_F(ProgramTest, DoctorLooksAtTheKeyAndMakesNone) {
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("no key yet"));
  EXPECT_FALSE(fs::exists(folder_ / "state"));
  write_studies(1);
  EXPECT_EQ(run({"prepare", in(), "--out", out()}).status, 0);
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("is ready"));
  ::chmod((folder_ / "state/naru/keys/default.key").c_str(), 0644);
  EXPECT_EQ(run({"doctor"}).status, 1);
  fs::remove_all(folder_ / "state");
  test::spill(folder_ / "state", "a file where the folder would be");
  EXPECT_EQ(run({"doctor"}).status, 1);
}

TEST_F(ProgramTest, AutoSaysWhichDeviceItTook) {
  write_studies(1);
  EXPECT_THAT(run({"prepare", in(), "--out", out()}).err, HasSubstr("--device auto: running on c"));
}

TEST_F(ProgramTest, CtrlCStopsCleanlyAndResumeFinishes) {
  write_studies(30, 40);
  test::Program program({"prepare", in(), "--out", out()}, folder_.path());
  while (!fs::exists(folder_ / ".out.naru-work/cases") || fs::is_empty(folder_ / ".out.naru-work/cases")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  program.send(SIGINT);
  const Finished stopped = program.wait();
  EXPECT_EQ(stopped.status, 1) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("[canceled]"));
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_EQ(run({"prepare", in(), "--out", out(), "--resume"}).status, 0);
  EXPECT_EQ(run({"verify", out()}).status, 0);
}

TEST_F(ProgramTest, KilledAtAnyMomentOutIsAbsentOrWhole) {
  write_studies(6, 20);
  int absent = 0;
  for (int delay_ms = 5; delay_ms < 800; delay_ms = delay_ms * 3 / 2) {
    test::Program program({"prepare", in(), "--out", out(), "--resume"}, folder_.path());
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    program.send(SIGKILL);
    program.wait();
    if (fs::exists(out())) {
      EXPECT_EQ(run({"verify", out()}).status, 0) << delay_ms;
      fs::remove_all(out());
      fs::remove_all(folder_ / "out.report");
    } else {
      ++absent;
    }
  }
  EXPECT_GT(absent, 0);
  EXPECT_EQ(run({"prepare", in(), "--out", out(), "--resume"}).status, 0);
  EXPECT_EQ(run({"verify", out()}).status, 0);
  EXPECT_FALSE(fs::exists(folder_ / ".out.naru-work"));
}

/// Holds a soft limit of this process, and so of the programs that it starts, while it lives.
class Limit {
 public:
  Limit(__rlimit_resource resource, rlim_t most) : resource_(resource) {
    ::getrlimit(resource_, &before_);
    const rlimit limit{most, before_.rlim_max};
    is_set_ = ::setrlimit(resource_, &limit) == 0;
  }
  ~Limit() { ::setrlimit(resource_, &before_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  bool is_set() const { return is_set_; }

 private:
  __rlimit_resource resource_;
  rlimit before_{};
  bool is_set_ = false;
};

TEST_F(ProgramTest, ALimitOnTheSizeOfFilesIsSaidAndPublishesNothing) {
  write_studies(1, 40);
  const Finished finished = [&] {
    const Limit limit(RLIMIT_FSIZE, 16 << 10);
    return run({"prepare", in(), "--out", out(), "--recipe", "original-grid"});
  }();
  EXPECT_EQ(finished.status, 1) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("[output_unwritable]"));
  EXPECT_THAT(finished.err, HasSubstr("ulimit -f"));
  EXPECT_FALSE(fs::exists(out()));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these want a stack that they know
TEST_F(ProgramTest, ALimitThatLetsNoThreadStartIsSaid) {
  write_studies(2, 20);
  const Finished finished = [&] {
    const Limit limit(RLIMIT_STACK, rlim_t{1} << 46);  // so much each thread takes of the addresses
    if (!limit.is_set()) std::cout << "no right to raise the limit here: nothing is tested\n";
    return limit.is_set() ? run({"inspect", in()}) : Finished{1, "", "[memory_exceeded]"};
  }();
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err, HasSubstr("[memory_exceeded]"));
}
#endif

TEST_F(ProgramTest, ALimitOnOpenFilesIsSaid) {
  write_studies(1, 4);
  const Finished finished = [&] {
    const Limit limit(RLIMIT_NOFILE, 9);
    return run({"prepare", in(), "--out", out()});
  }();
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err, HasSubstr("ulimit -n"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(ProgramTest, AFullDiskPublishesNothing) {
  write_studies(2, 200);
  const fs::path small = folder_ / "small";
  fs::create_directories(small);
  if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=256k") != 0) {
    std::cout << "no right to mount a small file system here: tests/pipeline/files_test.cpp stands in\n";
    EXPECT_EQ(run({"prepare", in(), "--out", out()}).status, 0);
    return;
  }
  const Finished finished = run({"prepare", in(), "--out", (small / "out").string(), "--recipe", "original-grid"});
  const bool published = fs::exists(small / "out");
  ::umount(small.c_str());
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err, HasSubstr("[disk_full]"));
  EXPECT_FALSE(published);
}

TEST_F(ProgramTest, EveryActOfACommandExplainsItselfAndTheOutputOptions) {
  const std::vector<std::string> acts[] = {{"audit", "verify"}, {"key", "list"},     {"key", "rotate"},
                                           {"key", "destroy"},  {"admin", "backup"}, {"admin", "restore"},
                                           {"admin", "fsck"},   {"recipes", "show"}, {"admin", "reidentify"}};
  for (std::vector<std::string> act : acts) {
    const std::string words = act[0] + ' ' + act[1];
    act.emplace_back("--help");
    const Finished help = run(act);
    EXPECT_EQ(help.status, 0) << words;
    for (const std::string& text :
         {"Example:\n  naru " + words, std::string("--json"), std::string("--quiet"), std::string("--verbose")}) {
      EXPECT_THAT(help.out, HasSubstr(text)) << words;
    }
  }
}

TEST_F(ProgramTest, ActsPrintOneDocumentUnderJsonAlsoForErrors) {
  const std::string absent = (folder_ / "absent").string();
  const std::vector<std::string> failing[] = {{"audit", "verify", absent, "--key", absent},
                                              {"audit", "verify"},
                                              {"key", "rotate"},
                                              {"key", "rotate", "--project", "absent"},
                                              {"key", "destroy"},
                                              {"key", "destroy", "--project", "x"},
                                              {"admin", "backup", "--data", absent},
                                              {"admin", "restore", absent, "--data", absent},
                                              {"admin", "fsck", "--data", absent},
                                              {"admin", "reidentify", "job-1", "--reason", "r", "--data", absent},
                                              {"admin", "reidentify", "job-1", "--data", absent},
                                              {"admin", "fsck", "--backup", absent},
                                              {"recipes", "show", "absent"},
                                              {"recipes", "show"}};
  for (std::vector<std::string> arguments : failing) {
    arguments.emplace_back("--json");
    const Finished finished = run(arguments);
    EXPECT_NE(finished.status, 0) << arguments[0] << ' ' << arguments[1];
    EXPECT_EQ(json::parse(finished.out)["schema"], "naru.error/1") << arguments[0] << ' ' << arguments[1];
  }
  EXPECT_EQ(json::parse(run({"key", "list", "--json"}).out)["schema"], "naru.keys/1");
  for (const auto& arguments : {std::vector<std::string>{"recipes", "show", "ct-1mm", "--json"},
                                {"recipes", "show", "--json", "ct-1mm"},
                                {"recipes", "--json", "show", "ct-1mm"}}) {
    EXPECT_EQ(json::parse(run(arguments).out)["schema"], "naru.recipe/1");
  }
}

/// The bound is on what is decoded; a listing takes what its headers take.
TEST_F(ProgramTest, InspectListsMoreFilesThanItsBoundHoldsToDecode) {
  write_studies(1);
  for (int n = 0; n < 11'000; ++n) test::spill(folder_ / "in" / std::to_string(n), "x");  // 6 KiB each is 64 MiB
  EXPECT_EQ(run({"inspect", in(), "--memory", "64MiB"}).status, 3);
  EXPECT_THAT(run({"inspect", in(), "--memory", "64MiB", "--decode"}).err, HasSubstr("[memory_exceeded]"));
}

}  // namespace
}  // namespace naru
