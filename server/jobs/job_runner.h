/// Runs jobs: takes them from the queue, has them worked on, publishes what comes out.
///
/// A thread a place. Each takes a job, starts its worker, renews the lease, passes on progress and wishes, and ends the
/// job. Publishing is one rename of OUT to DATA/datasets/ID and one transaction that writes the dataset's row and ends
/// the job. ID follows from the job's, so an attempt after a crash between the two finds the folder and goes on there;
/// without its row nobody sees it. Where a job ended otherwise, the folder is removed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/cancel.h"
#include "server/jobs/executor.h"
#include "server/jobs/job_claims.h"

namespace naru::server {

class KeyStore;

/// What a runner works with.
struct JobRunnerParts {
  Database& database;
  KeyStore& keys;
  Ledger& ledger;
  const Clock& clock;
  JobExecutor& executor;
};

struct JobRunnerOptions {
  std::filesystem::path data;
  int worker_count = 1;
  int threads = 0;            ///< of all workers together; 0: all of the machine
  std::size_t gpu_count = 0;  ///< jobs that are not for the CPU alone get one each; 0: they run on the CPU
  std::chrono::milliseconds lease{30'000};
  std::chrono::milliseconds heartbeat{1'000};  ///< and how often wishes are looked for
  std::chrono::milliseconds idle{500};         ///< between looks at an empty queue
  std::chrono::milliseconds grace{60'000};     ///< for a worker to stop, before it is killed
  std::string node;                            ///< names this host and data folder; empty: the host's name
  /// Reads the dataset in `folder`, outside of any transaction, and gives what writes its rows within the one that ends
  /// the job: delivery/dataset_store.h. The lease is kept meanwhile; where it is lost, or a cancel is wished, `cancel`
  /// is set.
  using WriteRows = std::function<void(Transaction&, const JobRow&)>;
  std::function<WriteRows(const std::filesystem::path& folder, const CancelToken& cancel)> publish;
  /// Told how a worker ended, for what is counted: its result, or the code of its failure. May be empty.
  std::function<void(const WorkResult* result, ErrorCode code)> count_end;
};

/// How many GPUs this machine shows.
std::size_t count_gpus(const std::filesystem::path& devices = "/dev");

class JobRunner {
 public:
  /// Starts. Jobs that an earlier process of this node had wait again at once.
  JobRunner(const JobRunnerParts& parts, JobLimits limits, JobRunnerOptions options);
  /// Asks all workers to stop, waits for them, and lets their jobs wait for the next start.
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// Takes no further job, and asks workers to stop; does not wait.
  void drain();
  /// How many jobs it has now.
  std::size_t running_count() const;
  /// Memory of the jobs that have a GPU now, by its number; those without a job are there with 0.
  std::map<std::size_t, std::int64_t> gpu_reserved_bytes() const;

 private:
  /// What a running job takes of this host.
  struct Place {
    std::int64_t memory_bytes = 0;
    std::optional<std::size_t> gpu;
  };
  class Held;

  void loop(const std::stop_token& stop, bool keeps_house);
  void keep_house();
  void remove_leftovers();
  bool claim_and_run(const std::stop_token& stop);
  void run(const std::stop_token& stop, const JobRow& job, const Place& place);
  JobOrder make_order(const JobRow& job, const Place& place);
  WorkEnd watch(const std::stop_token& stop, const Lease& lease, RunningWork& work, bool& was_asked);
  std::optional<JobWish> beat(const Lease& lease, const std::optional<WorkProgress>& progress);
  JobRunnerOptions::WriteRows read_result(const Lease& lease);
  void publish(const Lease& lease, const std::optional<WorkResult>& result);
  std::filesystem::path dataset_folder(const std::string& job_id) const;
  Room room() const;
  Place take_place(const JobRow& job);

  JobRunnerParts parts_;
  JobLimits limits_;
  JobRunnerOptions options_;
  JobClaims claims_;
  LeaseWatch watch_;
  bool has_recovered_ = false;  // used by the one thread that keeps house, as are the two below
  std::chrono::steady_clock::time_point next_look_, next_sweep_;
  std::mutex claiming_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable_any changed_;
  std::set<Lease> ours_;
  std::int64_t used_memory_bytes_ = 0;
  std::set<std::size_t> free_gpus_;
  std::map<std::size_t, std::int64_t> gpu_reserved_bytes_;
  std::vector<std::jthread> threads_;  // last: they use all the others
};

}  // namespace naru::server
