#include "server/jobs/local_executor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <set>
#include <thread>

#include "core/error.h"
#include "pipeline/files.h"
#include "tests/pipeline/pixels/burned_picture.h"
#include "tests/server/support/wait_until.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::wait_until;

constexpr std::size_t kSeriesCount = 6;

/// The processes that `process` started.
std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", process))) {
    std::ifstream file(task.path() / "children");
    for (pid_t child = 0; file >> child;) children.push_back(child);
  }
  return children;
}

/// False for what has gone, and for what only waits to be asked for its status.
bool is_alive(pid_t process) {
  const std::string status = naru::test::slurp(fmt::format("/proc/{}/stat", process));
  const std::size_t end = status.rfind(')');
  return end != std::string::npos && end + 2 < status.size() && status[end + 2] != 'Z';
}

/// Every file below `folder` with its bytes.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[entry.path().lexically_relative(folder).string()] = naru::test::slurp(entry.path());
    }
  }
  return files;
}

class LocalExecutorTest : public testing::Test {
 protected:
  LocalExecutorTest() { store_series(); }

  /// Series as the content store holds them: files named by their hashes.
  void store_series() {
    for (std::size_t n = 0; n < kSeriesCount; ++n) {
      naru::test::PhantomOptions options;
      options.size = {96, 96, 12};
      options.series_uid = fmt::format("2.999.7.{}", n);
      options.seed = static_cast<unsigned>(n);
      for (const fs::path& file : naru::test::write_series(options, folder_ / "series").files) store(file);
    }
  }

  void store(const fs::path& file) {
    const std::string sha256 = hash_file(file).value().sha256;
    fs::create_directories(folder_ / "content");
    fs::rename(file, folder_ / "content" / sha256);
    inputs_.insert(sha256);
  }

  /// A series of which each slice shows a picture.
  void store_pictures(const std::string& series_uid, const std::vector<naru::test::Picture>& pictures) {
    naru::test::PhantomOptions options;
    options.size = {naru::test::Picture::kSize, naru::test::Picture::kSize, std::ssize(pictures)};
    options.series_uid = series_uid;
    const auto files = naru::test::write_series(options, folder_ / "series").files;
    for (std::size_t n = 0; n < pictures.size(); ++n) {
      std::string bytes = naru::test::slurp(files[n]);
      const std::string pixels = naru::test::bytes_of(pictures[n].values, 2);  // the last element
      naru::test::spill(files[n], bytes.replace(bytes.size() - pixels.size(), pixels.size(), pixels));
      store(files[n]);
    }
  }

  LocalExecutorOptions options(const std::string& data = "data") const {
    return {.data = folder_ / data, .program = NARU_PROGRAM, .path_of = [this](const std::string& sha256) {
              return folder_ / "content" / sha256;
            }};
  }

  JobOrder order(WorkKind kind = WorkKind::prepare) const {
    JobOrder made;
    made.job_id = "job-1";
    made.fence = 1;
    made.kind = kind;
    made.input_sha256.assign(inputs_.begin(), inputs_.end());
    made.key = std::string(64, 'a');
    made.project = "set";
    made.device = "cpu";
    made.threads = 1;
    made.memory_bytes = std::uint64_t{1} << 30;
    return made;
  }

  static WorkEnd finish(
      RunningWork& work, const std::function<void(const WorkNews&)>& on_news = [](const auto&) {}) {
    std::optional<WorkEnd> end;
    EXPECT_TRUE(wait_until([&] {
      WorkNews news = work.poll(milliseconds(50));
      on_news(news);
      if (news.end) end = std::move(news.end);
      return end.has_value();
    }));
    return end.value_or(WorkEnd{});
  }

  naru::test::TempFolder folder_;
  std::set<std::string> inputs_;
};

TEST_F(LocalExecutorTest, LeavesTheDatasetAndTheReportAndTellsHowFarItIs) {
  LocalExecutor executor(options());
  std::set<std::string> stages;
  JobOrder job = order();
  job.record.purpose = "DUO:0000042";
  job.record.recipient = "org-company";
  job.record.decision_number = "DRB-2026-012";
  job.record.reviewer = "user-reviewer";
  const auto work = executor.start(job);
  const WorkEnd end = finish(*work, [&](const WorkNews& news) {
    if (news.progress) stages.insert(news.progress->stage);
  });
  ASSERT_TRUE(end.result) << (end.error ? end.error->message : "");
  EXPECT_EQ(end.result->facts["cases"], kSeriesCount);
  EXPECT_TRUE(stages.contains("preparing volumes"));
  EXPECT_TRUE(fs::exists(executor.result_folder("job-1") / "SHA256SUMS"));
  EXPECT_TRUE(fs::exists(folder_ / "data/reports/job-1/report.html"));
  const auto record = nlohmann::json::parse(naru::test::slurp(folder_ / "data/reports/job-1/record.json"));
  EXPECT_EQ(record["schema"], "naru.record/1");
  EXPECT_EQ(record["purpose"], "DUO:0000042");
  EXPECT_EQ(record["recipient"], "org-company");
  EXPECT_EQ(record["decision_number"], "DRB-2026-012");
  EXPECT_EQ(record["reviewer"], "user-reviewer");
  EXPECT_EQ(record["residual_check"], "passed");
  EXPECT_EQ(record["counts_by_action"]["prepare"], kSeriesCount);
  EXPECT_EQ(record["policies"].size(), 1U);
  EXPECT_EQ(record["key_id"].get<std::string>().find(job.key), std::string::npos);
  EXPECT_EQ(executor.kept(), std::vector<std::string>{"job-1"});
  executor.clear("job-1");
  EXPECT_TRUE(executor.kept().empty());
}

TEST_F(LocalExecutorTest, DeidentifiesAsWell) {
  LocalExecutor executor(options());
  JobOrder job = order(WorkKind::deidentify);
  job.record.purpose = "research";
  const WorkEnd end = finish(*executor.start(job));
  ASSERT_TRUE(end.result) << (end.error ? end.error->message : "");
  EXPECT_EQ(end.result->facts["instances"], inputs_.size());
  EXPECT_THAT(naru::test::slurp(folder_ / "data/reports/job-1/record.json"), testing::HasSubstr("research"));
}

TEST_F(LocalExecutorTest, TheSecondRunOfAFinishedJobGivesTheSame) {
  LocalExecutor executor(options());
  ASSERT_TRUE(finish(*executor.start(order())).result);
  const auto before = contents(executor.result_folder("job-1"));
  const WorkEnd again = finish(*executor.start(order()));
  ASSERT_TRUE(again.result) << (again.error ? again.error->message : "");
  EXPECT_EQ(again.result->facts["resumed"], kSeriesCount);
  EXPECT_EQ(contents(executor.result_folder("job-1")), before);
}

/// Stops the first run by `stop` at its first finished case, goes on, and compares with a run that nobody disturbed.
void stop_and_go_on(LocalExecutor& disturbed, LocalExecutor& calm, const JobOrder& order,
                    const std::function<WorkEnd(RunningWork&, const std::function<void(const WorkNews&)>&)>& finish,
                    const std::function<void(RunningWork&)>& stop) {
  bool was_stopped = false;
  const auto work = disturbed.start(order);
  const WorkEnd first = finish(*work, [&](const WorkNews& news) {
    const bool is_now = news.progress && news.progress->stage == "preparing volumes" && news.progress->done > 0;
    if (was_stopped || !is_now) return;
    was_stopped = true;
    stop(*work);
  });
  ASSERT_TRUE(was_stopped);
  EXPECT_FALSE(first.result) << "it was too fast to be stopped";
  EXPECT_FALSE(fs::exists(disturbed.result_folder(order.job_id)));
  const WorkEnd second = finish(*disturbed.start(order), [](const WorkNews&) {});
  ASSERT_TRUE(second.result) << (second.error ? second.error->message : "");
  EXPECT_GT(second.result->facts["resumed"], 0);
  const WorkEnd whole = finish(*calm.start(order), [](const WorkNews&) {});
  ASSERT_TRUE(whole.result);
  EXPECT_EQ(contents(disturbed.result_folder(order.job_id)), contents(calm.result_folder(order.job_id)));
}

TEST_F(LocalExecutorTest, AJobThatWasPausedGivesTheBytesOfOneThatWasNot) {
  LocalExecutor disturbed(options()), calm(options("calm"));
  stop_and_go_on(disturbed, calm, order(), finish, [](RunningWork& work) { work.ask_to_stop(); });
}

TEST_F(LocalExecutorTest, AJobThatWasKilledGivesTheBytesOfOneThatWasNot) {
  LocalExecutor disturbed(options()), calm(options("calm"));
  stop_and_go_on(disturbed, calm, order(), finish, [](RunningWork& work) { work.kill(); });
}

TEST_F(LocalExecutorTest, SaysHowAWorkerEnded) {
  LocalExecutor executor(options());
  const auto killed = executor.start(order());
  killed->kill();
  const WorkEnd by_signal = finish(*killed);
  EXPECT_EQ(by_signal.signal, SIGKILL);
  EXPECT_FALSE(by_signal.result || by_signal.error);
  JobOrder bad = order();
  bad.recipe = "nonsense = 1\n";
  const WorkEnd by_itself = finish(*executor.start(bad));
  ASSERT_TRUE(by_itself.error);
  EXPECT_EQ(by_itself.error->code, ErrorCode::recipe_invalid);
}

TEST_F(LocalExecutorTest, AWorkerEndsWithItsHandle) {
  LocalExecutor executor(options());
  auto work = executor.start(order());
  // The newest: the process may have others, such as a database.
  const pid_t worker = children_of(::getpid()).back();
  ASSERT_TRUE(is_alive(worker));
  work.reset();
  EXPECT_FALSE(is_alive(worker));
}

TEST_F(LocalExecutorTest, AWorkerEndsWithTheServer) {
  const pid_t server = ::fork();
  if (server == 0) {
    LocalExecutor executor(options());
    const auto work = executor.start(order());
    ::pause();
    ::_exit(0);
  }
  std::vector<pid_t> workers;
  ASSERT_TRUE(wait_until([&] {
    workers = children_of(server);
    return !workers.empty() && fs::exists(folder_ / "data/jobs/job-1/.out.naru-work");
  }));
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  EXPECT_TRUE(wait_until([&] { return !is_alive(workers.front()); }));
  EXPECT_FALSE(fs::exists(folder_ / "data/jobs/job-1/out"));
}

TEST_F(LocalExecutorTest, TheKeyIsSeenByNobodyElse) {
  LocalExecutor executor(options());
  ::setenv("NARU_TEST_SECRET", "hunter2", 1);
  const auto work = executor.start(order());
  const std::string process = fmt::format("/proc/{}", children_of(::getpid()).back());
  ASSERT_TRUE(wait_until([&] { return fs::exists(folder_ / "data/jobs/job-1/.out.naru-work"); }));
  const std::string key = order().key;
  for (const char* const name : {"/cmdline", "/environ"}) {
    const std::string text = naru::test::slurp(process + name);
    EXPECT_FALSE(text.empty());
    EXPECT_THAT(text, testing::Not(testing::HasSubstr(key)));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("hunter2"))) << "what it does not need is not passed on";
  }
  EXPECT_THAT(naru::test::slurp(process + "/limits"), testing::ContainsRegex("Max core file size +0 +0"));
}

TEST_F(LocalExecutorTest, AProgramThatTalksNonsenseIsEnded) {
  naru::test::spill(folder_ / "chatter", "#!/bin/sh\nhead -c 5000000 /dev/zero\nsleep 1000\n");
  ::chmod((folder_ / "chatter").c_str(), 0700);
  LocalExecutorOptions wrong = options();
  wrong.program = folder_ / "chatter";
  LocalExecutor executor(wrong);
  const WorkEnd end = finish(*executor.start(order()));
  EXPECT_EQ(end.signal, SIGKILL);
  wrong.program = folder_ / "not-there";
  EXPECT_THROW(LocalExecutor(wrong).start(order()), Error);
}

TEST_F(LocalExecutorTest, AResultWithoutTheStatusThatBelongsToItIsNone) {
  naru::test::spill(folder_ / "liar", "#!/bin/sh\necho '{\"type\":\"result\",\"result\":{}}'\nexit 1\n");
  ::chmod((folder_ / "liar").c_str(), 0700);
  LocalExecutorOptions wrong = options();
  wrong.program = folder_ / "liar";
  LocalExecutor executor(wrong);
  EXPECT_FALSE(finish(*executor.start(order())).result);
}

TEST_F(LocalExecutorTest, LooksForTextAndFacesWhereTheRecipeOfAJobSaysSo) {
  using naru::test::Picture;
  using naru::test::with_text;
  inputs_.clear();
  store_pictures("2.999.8.1", {with_text(6, 8), Picture(), Picture(), Picture()});     // on black
  store_pictures("2.999.8.2", {with_text(70, 120), Picture(), Picture(), Picture()});  // over anatomy
  for (const WorkKind kind : {WorkKind::prepare, WorkKind::deidentify}) {
    const std::string data = kind == WorkKind::prepare ? "prepared" : "deidentified";
    LocalExecutor executor(options(data));
    JobOrder job = order(kind);
    job.recipe = R"(schema = "naru.recipe/1"
name = "pixels"
[pixels]
text = "redact"
face = "remove"
)";
    const WorkEnd end = finish(*executor.start(job));
    ASSERT_TRUE(end.result) << data << (end.error ? end.error->message : "");
    EXPECT_EQ(end.result->facts["inputs"]["used"], 4) << data;
    EXPECT_EQ(end.result->facts["reasons"]["text_suspected"], 4) << data;
    const fs::path report = folder_ / data / "reports/job-1";
    const std::string texts = naru::test::slurp(report / "pixels.jsonl");
    for (const char* const action : {"redacted", "held"}) EXPECT_THAT(texts, testing::HasSubstr(action)) << data;
    EXPECT_THAT(naru::test::slurp(report / "faces.jsonl"), testing::HasSubstr("too_thin")) << data;
  }
}

}  // namespace
}  // namespace naru::server
