#include "server/jobs/job_state.h"

#include <algorithm>
#include <array>

namespace naru::server {

namespace {

using enum JobState;
using enum JobEvent;

constexpr std::array<std::string_view, kJobStateCount> kStateNames = {
    "QUEUED", "INITIALIZING", "RUNNING", "PAUSED", "COMPLETE", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED",
};
constexpr std::array<std::string_view, kJobEventCount> kEventNames = {
    "claimed", "started",  "pause_requested", "resumed",       "interrupted",
    "retried", "finished", "work_failed",     "system_failed", "cancel_requested",
};

constexpr std::array kTransitions = {
    JobTransition{queued, claimed, initializing, "a worker is free"},
    JobTransition{queued, pause_requested, paused, "held back before any work"},
    JobTransition{queued, system_failed, system_error, "the job could not be kept or handed over"},
    JobTransition{queued, cancel_requested, canceled, "withdrawn before any work"},
    JobTransition{initializing, started, running, "inputs and recipe are sound, OUT is staged"},
    JobTransition{initializing, pause_requested, paused, "held back before any case was begun"},
    JobTransition{initializing, interrupted, queued, "no case was begun, so it simply waits again"},
    JobTransition{initializing, retried, queued, "waits until what was in the way may have passed"},
    JobTransition{initializing, work_failed, executor_error, "the recipe or the inputs cannot be worked on"},
    JobTransition{initializing, system_failed, system_error, "no folder, disk or memory to work with"},
    JobTransition{initializing, cancel_requested, canceled, "withdrawn; the staging folder is removed"},
    JobTransition{running, pause_requested, paused, "stops after the case in hand; finished cases are kept"},
    JobTransition{running, interrupted, queued, "finished cases are kept; the next worker goes on after them"},
    JobTransition{running, retried, queued, "finished cases are kept; waits until what was in the way may have passed"},
    JobTransition{running, finished, complete, "OUT was published by one rename"},
    JobTransition{running, work_failed, executor_error, "no case could be made, or the device failed"},
    JobTransition{running, system_failed, system_error, "disk full or memory exceeded"},
    JobTransition{running, cancel_requested, canceled, "stopped; nothing is published"},
    JobTransition{paused, resumed, queued, "waits for a worker, who goes on after the finished cases"},
    JobTransition{paused, system_failed, system_error, "what was finished is lost"},
    JobTransition{paused, cancel_requested, canceled, "given up; what was finished is removed"},
};

}  // namespace

std::string_view name(JobState state) { return kStateNames[static_cast<std::size_t>(state)]; }

std::optional<JobState> job_state_from_name(std::string_view name) {
  const auto found = std::ranges::find(kStateNames, name);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<JobState>(found - kStateNames.begin());
}

std::string_view name(JobEvent event) { return kEventNames[static_cast<std::size_t>(event)]; }

bool is_terminal(JobState state) {
  return std::ranges::find(kTransitions, state, &JobTransition::from) == kTransitions.end();
}

std::span<const JobTransition> job_transitions() { return kTransitions; }

std::optional<JobState> next_state(JobState state, JobEvent event) {
  const auto found = std::ranges::find_if(
      kTransitions, [=](const JobTransition& row) { return row.from == state && row.event == event; });
  if (found == kTransitions.end()) return std::nullopt;
  return found->to;
}

}  // namespace naru::server
