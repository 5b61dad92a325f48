/// What an error means for a job: whose fault it is, and whether another attempt may go better.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "server/jobs/job_state.h"

namespace naru::server {

struct FailureRule {
  ErrorCode code;
  JobEvent event;          ///< work_failed or system_failed, once no attempt is left
  bool can_pass;           ///< another attempt may go better
  bool needs_more_memory;  ///< the next attempt may use twice as much
  std::string_view reason;
};

/// The rule of `code`. What the table does not name is a defect: it is tried again, and ends in SYSTEM_ERROR.
const FailureRule& failure_rule(ErrorCode code);

inline constexpr std::int64_t kFirstBackOffMs = 5'000, kLongestBackOffMs = 600'000;

/// How long to wait after the attempt numbered `attempt` (1, 2, ...) failed: 5 s, 10 s, 20 s, ... up to 10 minutes.
std::int64_t back_off_ms(std::int64_t attempt);

}  // namespace naru::server
