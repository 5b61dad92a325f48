#include "server/jobs/job_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <fstream>

#include "server/jobs/job_events.h"
#include "server/jobs/job_place.h"
#include "tests/server/jobs/job_world.h"
#include "tests/server/support/wait_until.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::JobWorld;
using test::lease_of;
using test::wait_until;

/// What a worker of the test does.
struct Script {
  bool waits = false;              ///< until it is asked to stop or killed
  std::optional<WorkError> error;  ///< how it ends; else with a result
  std::function<void()> before_end = [] {};
};

/// Plays scripts instead of running workers.
class StageExecutor final : public JobExecutor {
 public:
  explicit StageExecutor(fs::path folder) : folder_(std::move(folder)) {}

  class Work final : public RunningWork {
   public:
    Work(StageExecutor& stage, Script script, JobOrder order)
        : stage_(stage), script_(std::move(script)), order_(std::move(order)) {}
    ~Work() override { ++stage_.ended; }
    WorkNews poll(milliseconds wait) override {
      WorkNews news;
      if (!has_spoken_) {
        news.progress = WorkProgress{"preparing volumes", 1, 2, "cases", 0};
        has_spoken_ = true;
        return news;
      }
      if (is_killed_) return news.end = WorkEnd{{}, {}, SIGKILL}, news;
      if (is_asked_) return news.end = WorkEnd{{}, WorkError{ErrorCode::canceled, "stopped"}, 0}, news;
      if (script_.waits) return std::this_thread::sleep_for(std::min(wait, milliseconds(5))), news;
      script_.before_end();
      if (script_.error) return news.end = WorkEnd{{}, script_.error, 0}, news;
      fs::create_directories(stage_.result_folder(order_.job_id));
      std::ofstream(stage_.result_folder(order_.job_id) / "file") << order_.key;
      news.end = WorkEnd{WorkResult{{{"cases", 2}, {"out", "/secret/path"}}}, {}, 0};
      return news;
    }
    void ask_to_stop() override { is_asked_ = true; }
    void kill() override { is_killed_ = true; }

   private:
    StageExecutor& stage_;
    Script script_;
    JobOrder order_;
    bool has_spoken_ = false, is_asked_ = false, is_killed_ = false;
  };

  std::unique_ptr<RunningWork> start(const JobOrder& order) override {
    const std::lock_guard lock(mutex_);
    orders.push_back(order);
    Script script;
    if (!scripts.empty()) script = std::move(scripts.front()), scripts.pop_front();
    return std::make_unique<Work>(*this, std::move(script), order);
  }
  fs::path result_folder(const std::string& job_id) const override { return folder_ / job_id / "out"; }
  std::vector<std::string> kept() const override {
    std::vector<std::string> ids;
    if (!fs::exists(folder_)) return ids;
    for (const auto& entry : fs::directory_iterator(folder_)) ids.push_back(entry.path().filename().string());
    return ids;
  }
  void clear(const std::string& job_id) override { fs::remove_all(folder_ / job_id); }
  std::size_t start_count() {
    const std::lock_guard lock(mutex_);
    return orders.size();
  }

  std::deque<Script> scripts;
  std::vector<JobOrder> orders;
  std::atomic<int> ended = 0;

 private:
  fs::path folder_;
  std::mutex mutex_;
};

class JobRunnerTest : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  JobRunnerTest() {
    for (const std::string organisation : {"org-a", "org-b"}) {
      world_.add_instance("study-" + organisation, std::string(63, '0') + organisation.back());
    }
  }

  std::unique_ptr<JobRunner> make_runner(int worker_count = 1) {
    JobRunnerOptions options;
    options.data = data_;
    options.worker_count = worker_count;
    options.threads = 4;
    options.lease = milliseconds(2000);
    options.heartbeat = options.idle = milliseconds(20);
    options.node = "node-1";
    options.publish = [this](const fs::path& folder, const CancelToken& cancel) {
      EXPECT_TRUE(fs::exists(folder / "file"));
      while_read_(cancel);
      return [id = folder.filename().string()](Transaction& transaction, const JobRow& job) {
        transaction.execute(
            "INSERT INTO datasets (id, organisation_id, job_id, name, state, sha256, file_count, size_bytes, "
            "leaf_number, created_ms) VALUES ($1, $2, $3, $4, 'published', 'x', 1, 1, 0, 0)",
            {id, job.organisation_id, job.id, job.name});
      };
    };
    const JobRunnerParts parts{*world_.database, world_.keys, world_.ledger, world_.clock, stage_};
    return std::make_unique<JobRunner>(parts, world_.limits, options);
  }

  bool reaches(const std::string& id, JobState state) {
    return wait_until([&] { return world_.job(id).state == state; });
  }
  void person(JobRow (JobQueue::*act)(Transaction&, const Caller&, std::string_view) const, const std::string& id) {
    world_.write(
        [&](Transaction& t) { (world_.queue.*act)(t, world_.steward(world_.job_in(t, id).organisation_id), id); });
  }

  JobWorld world_{GetParam()};
  fs::path data_ = world_.folder / "data";
  StageExecutor stage_{world_.folder / "data/jobs"};
  /// What happens while the dataset of a job is read.
  std::function<void(const CancelToken&)> while_read_ = [](const CancelToken&) {};
};
NARU_FOR_EACH_DATABASE(JobRunnerTest);

TEST_P(JobRunnerTest, AJobRunsAndItsDatasetIsPublished) {
  const std::string id = world_.submit("org-a").id;
  const auto runner = make_runner();
  ASSERT_TRUE(reaches(id, JobState::complete));
  const JobRow job = world_.job(id);
  EXPECT_EQ(job.dataset_id, dataset_id_of(id));
  EXPECT_TRUE(fs::exists(data_ / "datasets" / dataset_id_of(id) / "file"));
  EXPECT_TRUE(wait_until([&] { return stage_.kept().empty(); }));
  EXPECT_EQ(job.progress["result"], (nlohmann::ordered_json{{"cases", 2}})) << "counts, and no path";
  ASSERT_EQ(stage_.orders.size(), 1U);
  EXPECT_EQ(stage_.orders[0].input_sha256, std::vector<std::string>{std::string(63, '0') + "a"});
  EXPECT_EQ(stage_.orders[0].key.size(), 64U);
  EXPECT_EQ(stage_.orders[0].threads, 4);
}

TEST_P(JobRunnerTest, SeveralRunSideBySide) {
  stage_.scripts = {Script{.waits = true, .error = {}}, Script{.waits = true, .error = {}}};
  const std::string a = world_.submit("org-a").id, b = world_.submit("org-b").id;
  auto runner = make_runner(2);
  EXPECT_TRUE(reaches(a, JobState::running));
  EXPECT_TRUE(reaches(b, JobState::running));
  EXPECT_EQ(runner->running_count(), 2U);
}

TEST_P(JobRunnerTest, WithoutWorkersJobsWait) {
  const std::string id = world_.submit("org-a").id;
  JobClaims before = world_.claims("node-1/before");
  ASSERT_TRUE(before.claim(test::kRoom));
  auto runner = make_runner(0);
  EXPECT_TRUE(reaches(id, JobState::queued)) << "those of an earlier process, too";
  runner.reset();
  EXPECT_EQ(stage_.start_count(), 0U);
}

TEST_P(JobRunnerTest, WhatCanPassIsTriedAgain) {
  stage_.scripts = {Script{.waits = false, .error = WorkError{ErrorCode::disk_full, "no room"}}};
  const std::string id = world_.submit("org-a").id;
  const auto runner = make_runner();
  ASSERT_TRUE(wait_until([&] { return world_.job(id).error_code == "disk_full"; }));
  world_.clock.advance(60'000);
  EXPECT_TRUE(reaches(id, JobState::complete));
}

TEST_P(JobRunnerTest, WhatCannotPassEndsTheJob) {
  stage_.scripts = {Script{.waits = false, .error = WorkError{ErrorCode::nothing_delivered, "none"}}};
  const std::string id = world_.submit("org-a").id;
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::executor_error));
  EXPECT_EQ(stage_.start_count(), 1U);
}

TEST_P(JobRunnerTest, PauseStopsTheWorkerAndResumeGoesOn) {
  stage_.scripts = {Script{.waits = true, .error = {}}};
  const std::string id = world_.submit("org-a").id;
  const auto runner = make_runner();
  ASSERT_TRUE(reaches(id, JobState::running));
  person(&JobQueue::pause, id);
  ASSERT_TRUE(reaches(id, JobState::paused));
  person(&JobQueue::resume, id);
  EXPECT_TRUE(reaches(id, JobState::complete));
}

TEST_P(JobRunnerTest, CancelStopsTheWorkerAndNothingIsPublished) {
  stage_.scripts = {Script{.waits = true, .error = {}}};
  const std::string id = world_.submit("org-a").id;
  const auto runner = make_runner();
  ASSERT_TRUE(reaches(id, JobState::running));
  person(&JobQueue::cancel, id);
  EXPECT_TRUE(reaches(id, JobState::canceled));
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM datasets"), 0);
}

TEST_P(JobRunnerTest, ACancelInTheLastMomentWinsAndLeavesNoFolder) {
  const std::string id = world_.submit("org-a").id;
  stage_.scripts = {Script{.waits = false, .error = {}, .before_end = [&] { person(&JobQueue::cancel, id); }}};
  auto runner = make_runner();
  ASSERT_TRUE(reaches(id, JobState::canceled));
  runner.reset();
  runner = make_runner();  // its first look around clears up
  EXPECT_TRUE(wait_until([&] { return !fs::exists(data_ / "datasets" / dataset_id_of(id)); }));
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM datasets"), 0);
}

TEST_P(JobRunnerTest, AServerThatStopsLetsItsJobsWaitForTheNextStart) {
  stage_.scripts = {Script{.waits = true, .error = {}}};
  const std::string id = world_.submit("org-a").id;
  auto runner = make_runner();
  ASSERT_TRUE(reaches(id, JobState::running));
  runner.reset();
  EXPECT_EQ(world_.job(id).state, JobState::queued);
  EXPECT_EQ(world_.job(id).attempt, 0);
  EXPECT_EQ(stage_.ended, 1);
  runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::complete));
}

TEST_P(JobRunnerTest, JobsOfAKilledServerGoOnAtTheNextStart) {
  const std::string id = world_.submit("org-a").id;
  JobClaims killed = world_.claims("node-1/killed");
  ASSERT_TRUE(killed.claim(test::kRoom));
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::complete));
}

TEST_P(JobRunnerTest, ADatasetThatWasMovedBeforeACrashIsPublishedWithoutAnotherRun) {
  const std::string id = world_.submit("org-a").id;
  naru::test::spill(data_ / "datasets" / dataset_id_of(id) / "file", "whole");
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::complete));
  EXPECT_EQ(stage_.start_count(), 0U);
}

TEST_P(JobRunnerTest, AWorkerWhoseJobWasTakenOverIsEndedAndPublishesNothing) {
  stage_.scripts = {Script{.waits = true, .error = {}}};
  const std::string id = world_.submit("org-a").id;
  const auto runner = make_runner();
  ASSERT_TRUE(reaches(id, JobState::running));
  const JobRow before = world_.job(id);
  world_.write([&](Transaction& t) {  // as another server would
    JobRow job = read_job(t, id, true).value();
    job.fence += 1;
    job.lease_owner = "node-2/x";
    update_job(t, job);
  });
  EXPECT_TRUE(wait_until([&] { return stage_.ended == 1; }));
  EXPECT_EQ(world_.job(id).fence, before.fence + 1);
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM datasets"), 0);
}

TEST_P(JobRunnerTest, TheLeaseIsKeptWhileTheDatasetIsRead) {
  const std::string id = world_.submit("org-a").id;
  while_read_ = [&](const CancelToken& cancel) {
    for (int beat = 0; beat < 3; ++beat) {
      const auto before = world_.job(id).lease_until_ms;
      EXPECT_TRUE(wait_until([&] { return world_.job(id).lease_until_ms != before; }));
    }
    EXPECT_FALSE(cancel.is_canceled());
  };
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::complete));
}

TEST_P(JobRunnerTest, ReadingADatasetStopsWhereTheJobWasTakenOver) {
  const std::string id = world_.submit("org-a").id;
  std::atomic<bool> was_stopped = false;
  while_read_ = [&](const CancelToken& cancel) {
    world_.write([&](Transaction& t) {  // as another server would
      JobRow job = read_job(t, id, true).value();
      job.fence += 1;
      job.lease_owner = "node-2/x";
      update_job(t, job);
    });
    was_stopped = wait_until([&] { return cancel.is_canceled(); });
    cancel.throw_if_canceled();
  };
  auto runner = make_runner();
  EXPECT_TRUE(wait_until([&] { return was_stopped.load(); }));
  EXPECT_TRUE(wait_until([&] { return runner->running_count() == 0; }));
  EXPECT_EQ(world_.job(id).lease_owner, "node-2/x") << "the other one's job is as it was";
  EXPECT_EQ(world_.job(id).state, JobState::running);
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM datasets"), 0);
}

TEST_P(JobRunnerTest, ReadingADatasetStopsWhereItIsNotWantedAnyMore) {
  const std::string id = world_.submit("org-a").id;
  while_read_ = [&](const CancelToken& cancel) {
    person(&JobQueue::cancel, id);
    EXPECT_TRUE(wait_until([&] { return cancel.is_canceled(); }));
    cancel.throw_if_canceled();
  };
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::canceled));
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM datasets"), 0);
}

TEST_P(JobRunnerTest, AGrantThatEndsMeanwhileDeliversNothing) {
  world_.add_grant("grant-1", "study-org-a");
  JobRequest request = world_.request("org-a");
  request.grant_id = "grant-1";
  const std::string id =
      world_.write([&](Transaction& t) { return world_.queue.submit(t, world_.steward("org-a"), request); }).id;
  stage_.scripts = {Script{.waits = false, .error = {}, .before_end = [&] {
                             world_.write(
                                 [&](Transaction& t) { t.execute("UPDATE grants SET state = 'revoked'", {}); });
                           }}};
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::executor_error));
  EXPECT_EQ(world_.job(id).error_code, "grant_ended");
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM datasets"), 0);
}

TEST_P(JobRunnerTest, WhatCameAfterTheGrantIsLeftOutAndSaid) {
  world_.add_grant("grant-1", "study-org-a");
  world_.add_instance("study-org-a", std::string(63, '1') + "a");
  world_.add_instance("study-org-a", std::string(63, '2') + "a");
  JobRequest request = world_.request("org-a");
  request.grant_id = "grant-1";
  const std::string id =
      world_.write([&](Transaction& t) { return world_.queue.submit(t, world_.steward("org-a"), request); }).id;
  const auto runner = make_runner();
  ASSERT_TRUE(reaches(id, JobState::complete));
  EXPECT_EQ(stage_.orders.at(0).input_sha256, std::vector<std::string>{std::string(63, '0') + "a"});
  EXPECT_EQ(
      stage_.orders.at(0).record.cohort,
      "1 instances, as approved; 2 that arrived later were left out: an amendment with takes_later_instances adds "
      "them");
  const auto events = world_.write([&](Transaction& t) { return job_events(t, id, 0); });
  const auto read = std::ranges::find(events, "inputs_read", &JobEventRow::kind);
  ASSERT_NE(read, events.end());
  EXPECT_EQ(read->detail["instances"], 1);
  EXPECT_EQ(read->detail["arrived_later"], 2);
}

TEST_P(JobRunnerTest, FilesThatAreNoLongerThoseThatWereApprovedAreNotDelivered) {
  world_.add_grant("grant-1", "study-org-a");
  world_.write([&](Transaction& t) {
    t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ('f', 1, 0)");
    t.execute("UPDATE instances SET sha256 = 'f' WHERE study_id = 'study-org-a'");
  });
  JobRequest request = world_.request("org-a");
  request.grant_id = "grant-1";
  const std::string id =
      world_.write([&](Transaction& t) { return world_.queue.submit(t, world_.steward("org-a"), request); }).id;
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::executor_error));
  EXPECT_EQ(world_.job(id).error_code, "conflict");
  EXPECT_EQ(stage_.start_count(), 0U);
}

TEST_P(JobRunnerTest, AStudyThatWasDestroyedMeanwhileEndsTheJob) {
  const std::string id = world_.submit("org-a").id;
  world_.write([&](Transaction& t) { t.execute("UPDATE studies SET state = 'destroyed'", {}); });
  const auto runner = make_runner();
  EXPECT_TRUE(reaches(id, JobState::executor_error));
  EXPECT_EQ(world_.job(id).error_code, "gone");
}

TEST_P(JobRunnerTest, AJobThatFilledTheDiskGivesUpWhatItHadMade) {
  const std::string id = world_.submit("org-a").id;
  stage_.scripts = {Script{.waits = false, .error = WorkError{ErrorCode::disk_full, "no room"}, .before_end = [&] {
                             fs::create_directories(stage_.result_folder(id));
                           }}};
  const auto runner = make_runner();
  EXPECT_TRUE(wait_until([&] { return world_.job(id).error_code == "disk_full"; }));
  EXPECT_EQ(world_.job(id).state, JobState::queued);
  EXPECT_TRUE(stage_.kept().empty());
}

TEST_P(JobRunnerTest, AStudyThatIsOpenAgainHoldsTheJobUpUntilItCloses) {
  const std::string id = world_.submit("org-a").id;
  world_.write([&](Transaction& t) { t.execute("UPDATE studies SET state = 'open' WHERE id = 'study-org-a'", {}); });
  JobClaims claims = world_.claims("node-1/a");
  EXPECT_FALSE(claims.claim(test::kRoom));
  world_.write([&](Transaction& t) { t.execute("UPDATE studies SET state = 'closed' WHERE id = 'study-org-a'", {}); });
  EXPECT_EQ(claims.claim(test::kRoom).value().id, id);
}

TEST(JobPlace, DatasetAndJobNameEachOther) {
  EXPECT_EQ(dataset_id_of("job-0123"), "dataset-0123");
  EXPECT_EQ(job_id_of_dataset("dataset-0123"), "job-0123");
}

TEST(JobPlace, CountsTheGpusThatAContainerHas) {
  const naru::test::TempFolder devices;
  EXPECT_EQ(count_gpus(devices.path()), 0U);
  for (const char* name : {"nvidia3", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia", "tty0"}) {
    std::ofstream(devices / name).put(0);
  }
  EXPECT_EQ(count_gpus(devices.path()), 2U);
}

TEST(JobPlace, GpusAndThreadsAreShared) {
  EXPECT_EQ(device_for("auto", 0, {}), "cpu");
  EXPECT_EQ(device_for("auto", 1, 0), "auto");
  EXPECT_EQ(device_for("auto", 2, 1), "auto:1") << "a GPU that cannot be used gives way to the CPU";
  EXPECT_EQ(device_for("cuda", 2, 1), "cuda:1");
  EXPECT_EQ(device_for("cuda:0", 2, 1), "cuda:0");
  EXPECT_EQ(device_for("cpu", 2, {}), "cpu");
  EXPECT_EQ(threads_of_one(8, 3), 2);
  EXPECT_EQ(threads_of_one(1, 3), 1);
}

}  // namespace
}  // namespace naru::server
