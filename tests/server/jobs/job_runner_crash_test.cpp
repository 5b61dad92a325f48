/// A server that is killed at every step of a job, and at random instants: the next start must finish the job, once.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "pipeline/files.h"
#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/jobs/job_runner.h"
#include "server/jobs/local_executor.h"
#include "server/store/database.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr auto kDeadline = std::chrono::seconds(120);
constexpr std::string_view kJobId = "job-00000000000000000000000000000001";
constexpr const char* kFolderVariable = "NARU_TEST_JOB_FOLDER";

constexpr std::array kCrashPoints = {"job.claimed",      "job.worker_started", "job.worker_ended", "job.before_rename",
                                     "job.after_rename", "job.before_commit",  "job.after_commit"};

JobLimits limits() {
  return {.max_queued_per_organisation = 10,
          .max_attempts = 1'000'000,
          .memory_bytes = std::int64_t{1} << 30,
          .total_memory_bytes = std::int64_t{1} << 30,
          .device = "cpu"};
}

/// What a server is made of, as far as jobs go, on the files of `folder`.
struct Server {
  explicit Server(const fs::path& folder)
      : data(folder / "data"),
        database(open_database("sqlite:" + (folder / "naru.db").string())),
        keys(folder / "master.key", true),
        ledger(*database, keys, clock, "test.example/log"),
        executor({.data = data, .program = NARU_PROGRAM, .path_of = [folder](const std::string& sha256) {
                    return folder / "content" / sha256;
                  }}) {}

  void run() {
    JobRunnerOptions options;
    options.data = data;
    options.threads = 1;
    options.heartbeat = options.idle = milliseconds(20);
    options.node = "node-1";
    options.publish = [](const fs::path& folder, const CancelToken&) {
      return [id = folder.filename().string()](Transaction& transaction, const JobRow& job) {
        transaction.execute(
            "INSERT INTO datasets (id, organisation_id, job_id, name, state, sha256, file_count, size_bytes, "
            "leaf_number, created_ms) VALUES ($1, $2, $3, $4, 'published', 'x', 1, 1, 0, 0)",
            {id, job.organisation_id, job.id, job.name});
      };
    };
    runner = std::make_unique<JobRunner>(JobRunnerParts{*database, keys, ledger, clock, executor}, limits(), options);
  }
  template <class Work>
  auto write(Work&& work) {
    return in_transaction(*database, Access::write, std::forward<Work>(work));
  }
  JobRow job() {
    return write([](Transaction& t) { return read_job(t, kJobId, false).value(); });
  }
  std::int64_t number(const std::string& sql) {
    return write([&](Transaction& t) { return t.query(sql).front().integer(0); });
  }

  fs::path data;
  SystemClock clock;
  std::unique_ptr<Database> database;
  KeyStore keys;
  Ledger ledger;
  LocalExecutor executor;
  std::unique_ptr<JobRunner> runner;
};

/// Run by the tests below, as another process.
TEST(JobRunnerCrash, DISABLED_IsTheServerThatIsKilled) {
  const char* const folder = std::getenv(kFolderVariable);
  ASSERT_NE(folder, nullptr);
  Server server{fs::path(folder)};
  server.run();
  while (true) ::pause();
}

class World {
 public:
  World() {
    Server server(folder_.path());
    server.write([&](Transaction& t) {
      t.execute("INSERT INTO organisations (id, name, kind, created_ms) VALUES ('org-a', 'A', 'hospital', 0)");
      t.execute(
          "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, "
          "created_ms, received_ms) VALUES ('study-1', 'org-a', '2.999.1', 'closed', 0, 0, 'CT', 0, 0)");
      for (int n = 0; n < 3; ++n) store_series(t, n);
      JobRow job;
      job.id = kJobId;
      job.organisation_id = "org-a";
      job.created_by = "user-1";
      job.kind = "prepare";
      job.name = "set";
      job.max_attempts = limits().max_attempts;
      job.memory_bytes = limits().memory_bytes;
      job.device = "cpu";
      insert_job(t, job);
      t.execute("INSERT INTO job_studies (job_id, study_id) VALUES ($1, 'study-1')", {std::string(kJobId)});
    });
  }

  pid_t start_server(const char* crash_at) const {
    const pid_t process = ::fork();
    if (process != 0) return process;
    for (const char* shard : {"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"}) ::unsetenv(shard);  // it runs one test
    ::setenv(kFolderVariable, folder_.path().c_str(), 1);
    if (crash_at != nullptr) ::setenv("NARU_CRASH_AT", crash_at, 1);
    ::execl("/proc/self/exe", "server", "--gtest_also_run_disabled_tests",
            "--gtest_filter=JobRunnerCrash.DISABLED_IsTheServerThatIsKilled", nullptr);
    ::_exit(127);
  }

  /// The next start, until all is done; then everything must be there once.
  void finish_and_check() {
    Server server(folder_.path());
    server.run();
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!is_terminal(server.job().state) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(20));
    }
    server.runner.reset();
    server.run();  // its first look around clears up what a crash after the commit left
    while (!server.executor.kept().empty() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(20));
    }
    server.runner.reset();
    EXPECT_EQ(server.job().state, JobState::complete) << server.job().error_text.value_or("");
    EXPECT_EQ(server.number("SELECT COUNT(*) FROM datasets"), 1);
    EXPECT_TRUE(server.executor.kept().empty());
    EXPECT_TRUE(fs::exists(server.data / "reports" / kJobId / "report.html"));
    EXPECT_EQ(server.number("SELECT COUNT(*) FROM ledger_leaves"),
              server.number("SELECT COUNT(*) FROM job_events WHERE kind <> 'stage'"));
    EXPECT_EQ(verify(server.data / "datasets" / dataset_id_of(kJobId)), 0);
    EXPECT_EQ(std::distance(fs::directory_iterator(server.data / "datasets"), {}), 1);
  }

 private:
  void store_series(Transaction& t, int number) {
    naru::test::PhantomOptions options;
    options.size = {64, 64, 8};
    options.series_uid = fmt::format("2.999.7.{}", number);
    for (const fs::path& file : naru::test::write_series(options, folder_ / "series").files) {
      const std::string sha256 = hash_file(file).value().sha256;
      fs::create_directories(folder_ / "content");
      fs::rename(file, folder_ / "content" / sha256);
      t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, 1, 0)", {sha256});
      t.execute(
          "INSERT INTO instances (study_id, sop_instance_uid, sha256, series_uid, sop_class_uid, transfer_syntax_uid, "
          "modality, source, received_ms) VALUES ('study-1', $1, $2, 's', 'c', 't', 'CT', 'upload', 0)",
          {"2.999." + sha256, sha256});
    }
  }

  int verify(const fs::path& dataset) const {
    const pid_t process = ::fork();
    if (process == 0) {
      ::execl(NARU_PROGRAM, "naru", "verify", "--quiet", dataset.c_str(), nullptr);
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    return status;
  }

  naru::test::TempFolder folder_;
};

TEST(JobRunnerCrash, AJobSurvivesAKillAtEveryStepAndIsPublishedOnce) {
  for (const char* const point : kCrashPoints) {
    SCOPED_TRACE(point);
    World world;
    int status = 0;
    ::waitpid(world.start_server(point), &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the step was never reached";
    world.finish_and_check();
  }
}

TEST(JobRunnerCrash, AJobSurvivesKillsAtRandomInstants) {
  std::mt19937 random(7);
  World world;
  for (int n = 0; n < 25; ++n) {
    const pid_t server = world.start_server(nullptr);
    std::this_thread::sleep_for(milliseconds(random() % 600));
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
  }
  world.finish_and_check();
}

}  // namespace
}  // namespace naru::server
