/// What workers do with jobs: take one, keep it, end it.
///
/// A claim gives a lease: owner, fence and a stamp that each heartbeat changes. The fence grows with every claim of the
/// job and stays in its row, and whatever a worker writes is refused (LeaseLost) unless the row still holds its owner
/// and fence, checked in the transaction that writes. So whether a worker is alive never has to be known, only guessed:
/// - guessed dead while it lives (it was stopped for a while, the database was away, clocks jumped): another attempt
///   begins, the first one's next write is refused, and it ends itself. Two may compute; one can publish, since the
///   dataset's row is written in the transaction that checks the fence. Nothing is doubled.
/// - guessed alive while it is dead: LeaseWatch counts in monotonic time of the process that watches, in which a dead
///   worker's stamp stands still, so the guess is right after one lease time. Nothing is stuck or lost.
/// The wall clock decides only how long a back-off lasts, and then within bounds: a time to come that is further off
/// than the longest back-off can only come from a jump, and counts as now.
///
/// An attempt that finishes a case starts the count of attempts anew, so a long job outlives any number of restarts,
/// and a job that ends its worker each time ends in SYSTEM_ERROR.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/work_order.h"
#include "server/jobs/job_queue.h"
#include "server/jobs/job_row.h"
#include "server/jobs/lease_watch.h"

namespace naru::server {

class Database;
struct JobInputs;

struct Lease {
  std::string job_id;
  std::int64_t fence = 0;
  bool operator==(const Lease&) const = default;
  auto operator<=>(const Lease&) const = default;
};

/// The job belongs to another worker now, or to none: stop, write nothing.
class LeaseLost : public std::exception {
 public:
  const char* what() const noexcept override { return "the lease of the job was lost"; }
};

/// What this host has left for another job.
struct Room {
  std::int64_t free_memory_bytes = 0;
  bool has_free_device = true;  ///< for jobs that are not for the CPU alone
};

class JobClaims {
 public:
  /// @param owner names this process, "NODE/RANDOM": a restart is another owner
  JobClaims(Database& database, Ledger& ledger, const Clock& clock, JobLimits limits, std::chrono::milliseconds lease,
            std::string owner);

  /// Takes the job whose turn it is: of the organisation with the fewest running, then by priority, then the oldest.
  /// Empty where there is none, or where it does not fit into `room` yet: a smaller one behind it is not preferred,
  /// else a large one would never run. Jobs that lack a device are passed over.
  std::optional<JobRow> claim(const Room& room);

  /// The row, locked, if it is still ours. @throws LeaseLost
  JobRow held(Transaction& transaction, const Lease& lease) const;

  /// Renews the lease and tells how far the work is; with its first progress a job is RUNNING.
  /// @return what people wish. @throws LeaseLost
  JobWish heartbeat(const Lease& lease, const std::optional<WorkProgress>& progress);

  /// Writes down what a job under a grant works on, and how much came too late for the grant: an event of the job and a
  /// leaf "job.inputs_read". @throws LeaseLost
  void note_inputs(Transaction& transaction, const Lease& lease, const JobInputs& inputs);

  /// Within the transaction that wrote the dataset's row. `job` is what `held` gave.
  void complete(Transaction& transaction, JobRow& job, const std::string& dataset_id, nlohmann::ordered_json counts);
  /// Instead, where a cancel is wished. `job` is what `held` gave.
  void withdraw(Transaction& transaction, JobRow& job);
  /// Waits for another attempt, or ends the job: see failure.h. @throws LeaseLost
  void fail(const Lease& lease, ErrorCode code, std::string_view text);
  /// The worker stopped because it was asked to: does what is wished, else lets the job wait for the next worker
  /// without counting the attempt. @throws LeaseLost
  void stopped(const Lease& lease);

  /// At the start: lets jobs wait again that an earlier process of this node had. @return how many
  std::size_t recover();
  /// Lets jobs wait again whose workers are gone. `ours` are held by living workers of this process. @return how many
  std::size_t interrupt_dead(LeaseWatch& watch, LeaseWatch::Time now, const std::set<Lease>& ours);

  const std::string& owner() const { return owner_; }

 private:
  void move(Transaction& transaction, JobRow& job, JobEvent event,
            nlohmann::ordered_json detail = nlohmann::ordered_json::object());
  /// Does what is wished, where something is.
  bool obey(Transaction& transaction, JobRow& job);
  bool interrupt(const SeenLease& lease);
  std::int64_t next_stamp(const JobRow& job) const;

  Database& database_;
  Ledger& ledger_;
  const Clock& clock_;
  JobLimits limits_;
  std::int64_t lease_ms_;
  std::string owner_;
};

}  // namespace naru::server
