/// The life of a job, as a pure state machine: no clock, no disk, no thread. Whoever holds a job asks `next_state` what
/// an event does to it and stores the answer; queue, worker and HTTP route all ask the same table.
///
/// States carry the names of GA4GH Task Execution Service 1.1 (tesState), because clients read them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace naru::server {

enum class JobState {
  queued,          ///< accepted, waiting for a worker
  initializing,    ///< a worker has it: inputs and recipe are checked, OUT is staged
  running,         ///< cases are being made
  paused,          ///< stopped on request; finished cases are kept
  complete,        ///< OUT is published
  executor_error,  ///< the work itself failed: no case, a bad recipe, a device that failed
  system_error,    ///< the machine failed: disk full, out of memory, no folder
  canceled,        ///< stopped on request; nothing is published
};

enum class JobEvent {
  claimed,          ///< a worker took the job
  started,          ///< all is ready; the first case begins
  pause_requested,  ///< by a person
  resumed,          ///< by a person, after a pause
  interrupted,      ///< the worker is gone or had to stop: the server stops, was killed, or lost the lease
  retried,          ///< an attempt failed by what can pass, and there are attempts left
  finished,         ///< OUT was published
  work_failed,
  system_failed,
  cancel_requested,
};

inline constexpr int kJobStateCount = 8, kJobEventCount = 10;

/// "QUEUED", "EXECUTOR_ERROR", ...: as TES spells them.
std::string_view name(JobState state);
std::optional<JobState> job_state_from_name(std::string_view name);

/// "claimed", "pause_requested", ...: for the ledger and the log.
std::string_view name(JobEvent event);

/// True where no event leads on: complete, executor_error, system_error, canceled.
bool is_terminal(JobState state);

/// One allowed transition, and why it exists.
struct JobTransition {
  JobState from;
  JobEvent event;
  JobState to;
  std::string_view reason;
};
std::span<const JobTransition> job_transitions();

/// The state after `event`, or empty where the event has no meaning in `state` (it is then refused, and nothing
/// changes).
std::optional<JobState> next_state(JobState state, JobEvent event);

}  // namespace naru::server
