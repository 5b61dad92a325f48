#include "server/jobs/job_state.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace naru::server {
namespace {

std::vector<JobState> all_states() {
  std::vector<JobState> states;
  for (int s = 0; s < kJobStateCount; ++s) states.push_back(static_cast<JobState>(s));
  return states;
}

std::vector<JobEvent> all_events() {
  std::vector<JobEvent> events;
  for (int e = 0; e < kJobEventCount; ++e) events.push_back(static_cast<JobEvent>(e));
  return events;
}

/// What is wanted, written out a second time: one row a state, one column an event, empty for "refused".
/// claimed, started, pause_requested, resumed, interrupted, retried, finished, work_failed, system_failed,
/// cancel_requested
using Nexts = std::array<std::string_view, kJobEventCount>;
const std::map<std::string_view, Nexts> kWanted = {
    {"QUEUED", {"INITIALIZING", "", "PAUSED", "", "", "", "", "", "SYSTEM_ERROR", "CANCELED"}},
    {"INITIALIZING",
     {"", "RUNNING", "PAUSED", "", "QUEUED", "QUEUED", "", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED"}},
    {"RUNNING", {"", "", "PAUSED", "", "QUEUED", "QUEUED", "COMPLETE", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED"}},
    {"PAUSED", {"", "", "", "QUEUED", "", "", "", "", "SYSTEM_ERROR", "CANCELED"}},
    {"COMPLETE", {}},
    {"EXECUTOR_ERROR", {}},
    {"SYSTEM_ERROR", {}},
    {"CANCELED", {}},
};

TEST(JobState, EveryPairOfStateAndEventDoesWhatIsWanted) {
  int allowed = 0;
  for (const JobState state : all_states()) {
    for (const JobEvent event : all_events()) {
      const auto next = next_state(state, event);
      const std::string_view wanted = kWanted.at(name(state))[static_cast<std::size_t>(event)];
      EXPECT_EQ(next ? name(*next) : "", wanted) << name(state) << " on " << name(event);
      allowed += next.has_value() ? 1 : 0;
    }
  }
  EXPECT_EQ(allowed, static_cast<int>(job_transitions().size()));
}

TEST(JobState, ATransitionStandsOnceAndHasAReason) {
  std::set<std::pair<JobState, JobEvent>> seen;
  for (const JobTransition& row : job_transitions()) {
    EXPECT_TRUE(seen.emplace(row.from, row.event).second) << name(row.from) << " on " << name(row.event);
    EXPECT_NE(row.from, row.to);
    EXPECT_FALSE(row.reason.empty());
  }
}

TEST(JobState, NothingLeavesATerminalState) {
  const std::set<JobState> terminal = {JobState::complete, JobState::executor_error, JobState::system_error,
                                       JobState::canceled};
  for (const JobState state : all_states()) EXPECT_EQ(is_terminal(state), terminal.contains(state)) << name(state);
}

/// States that `from` reaches by any run of events.
std::set<JobState> reachable(JobState from) {
  std::set<JobState> seen = {from};
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (const JobTransition& row : job_transitions()) {
      if (seen.contains(row.from) && seen.insert(row.to).second) has_grown = true;
    }
  }
  return seen;
}

TEST(JobState, AQueuedJobCanReachEveryState) {
  EXPECT_EQ(reachable(JobState::queued).size(), static_cast<std::size_t>(kJobStateCount));
}

TEST(JobState, AJobThatHasNotEndedCanAlwaysBeCanceledAndCanStillBeCompleted) {
  for (const JobState state : all_states()) {
    if (is_terminal(state)) continue;
    EXPECT_EQ(next_state(state, JobEvent::cancel_requested), JobState::canceled) << name(state);
    EXPECT_TRUE(reachable(state).contains(JobState::complete)) << name(state);
  }
}

TEST(JobState, NamesAreThoseOfTesAndLeadBack) {
  const std::vector<std::string> wanted = {"QUEUED",   "INITIALIZING",   "RUNNING",      "PAUSED",
                                           "COMPLETE", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED"};
  std::vector<std::string> names;
  for (const JobState state : all_states()) {
    names.emplace_back(name(state));
    EXPECT_EQ(job_state_from_name(name(state)), state);
  }
  EXPECT_EQ(names, wanted);
  for (const std::string_view other : {"", "queued", "RUNNING ", "PREEMPTED"}) {
    EXPECT_FALSE(job_state_from_name(other)) << other;
  }
}

TEST(JobState, NamesOfEventsDiffer) {
  std::set<std::string_view> names;
  for (const JobEvent event : all_events()) names.insert(name(event));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kJobEventCount));
}

}  // namespace
}  // namespace naru::server
