#include "server/jobs/failure.h"

#include <algorithm>
#include <array>

namespace naru::server {

namespace {

using enum ErrorCode;
constexpr auto work = JobEvent::work_failed, machine = JobEvent::system_failed;

constexpr std::array kRules = {
    FailureRule{usage, work, false, false, "the same order will be refused again"},
    FailureRule{input_missing, machine, false, false, "a received file is gone from the store"},
    FailureRule{input_unreadable, machine, false, false, "a received file cannot be read"},
    FailureRule{input_empty, work, false, false, "the studies hold no file"},
    FailureRule{nothing_delivered, work, false, false, "the same inputs give the same answer"},
    FailureRule{recipe_invalid, work, false, false, "a recipe does not change"},
    FailureRule{key_invalid, work, false, false, "a key does not change"},
    FailureRule{output_exists, machine, false, false, "something else lies where the dataset was to be"},
    FailureRule{output_busy, machine, true, false, "an earlier worker of the job is still ending"},
    FailureRule{output_unwritable, machine, true, false, "the folder may become writable again"},
    FailureRule{disk_full, machine, true, false, "room may be made"},
    FailureRule{memory_exceeded, machine, true, true, "more memory may be given"},
    FailureRule{device_unavailable, work, true, false, "a GPU may come back"},
    FailureRule{dataset_invalid, work, false, false, "the same dataset is as invalid again"},
    FailureRule{canceled, machine, true, false, "the worker was stopped, but not by us"},
    FailureRule{grant_ended, work, false, false, "a grant that ended does not come back"},
    FailureRule{conflict, work, false, false, "files that changed do not become those that were approved"},
    FailureRule{gone, work, false, false, "destroyed studies do not come back"},
    FailureRule{store_unavailable, machine, true, false, "the database may come back"},
    FailureRule{internal, machine, true, false, "a defect, or a worker that was killed"},
};

}  // namespace

const FailureRule& failure_rule(ErrorCode code) {
  const auto found = std::ranges::find(kRules, code, &FailureRule::code);
  return found == kRules.end() ? kRules.back() : *found;
}

std::int64_t back_off_ms(std::int64_t attempt) {
  constexpr std::int64_t kMostDoublings = 20;
  const std::int64_t doublings = std::clamp<std::int64_t>(attempt - 1, 0, kMostDoublings);
  return std::min(kLongestBackOffMs, kFirstBackOffMs << doublings);
}

}  // namespace naru::server
