/// Where the work of a job is done: an interface that a cluster's scheduler can keep as well as this machine.
///
/// An order names its inputs by their content and its job by id and fence; the executor finds the files and the place
/// for the work. An executor that outlives the server (a scheduler) puts "JOB.FENCE" into the name or comment of what
/// it runs, and so finds again after a restart what runs already.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/work_order.h"

namespace naru::server {

struct JobOrder {
  std::string job_id;
  std::int64_t fence = 0;  ///< of the claim
  WorkKind kind = WorkKind::prepare;
  std::vector<std::string> input_sha256;
  std::string recipe, key, project;
  std::string device;
  int threads = 0;
  std::uint64_t memory_bytes = 0;
  JobRecord record;
};

/// How work ended. Neither result nor error: it was killed, or ended without a word.
struct WorkEnd {
  std::optional<WorkResult> result;
  std::optional<WorkError> error;
  int signal = 0;  ///< that ended it; 0: none, or not known
};

struct WorkNews {
  std::optional<WorkProgress> progress;  ///< the latest, if there is a new one
  std::optional<WorkEnd> end;            ///< set once; the work is then gone
};

/// Work under way. One thread uses it, which also started it.
class RunningWork {
 public:
  virtual ~RunningWork() = default;  ///< ends the work if it still runs
  /// What is new; waits up to `wait` for it.
  virtual WorkNews poll(std::chrono::milliseconds wait) = 0;
  virtual void ask_to_stop() = 0;  ///< at the next case; finished ones are kept
  virtual void kill() = 0;         ///< at once; finished cases are kept
};

class JobExecutor {
 public:
  virtual ~JobExecutor() = default;

  /// Begins, or goes on after the cases that an earlier attempt finished.
  /// @throws Error{output_unwritable, disk_full, memory_exceeded}
  virtual std::unique_ptr<RunningWork> start(const JobOrder& order) = 0;

  /// The dataset of a job that ended with a result.
  virtual std::filesystem::path result_folder(const std::string& job_id) const = 0;

  /// Jobs of which something is kept, and removing it.
  virtual std::vector<std::string> kept() const = 0;
  virtual void clear(const std::string& job_id) = 0;
};

}  // namespace naru::server
