/// The only way in which a job changes its state.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "server/jobs/job_row.h"

namespace naru::server {

class Clock;
class Ledger;
class Transaction;

/// Adds a line to what happened to the job, for GET .../events and .../log. The caller then updates the row.
/// @param detail ids, states, counts and codes only
void add_job_event(Transaction& transaction, JobRow& job, std::string_view kind, nlohmann::ordered_json detail,
                   std::int64_t now_ms);

/// Moves the job by the table of job_state.h: its row with all its members, a row of job_events and a leaf of the
/// ledger, in one transaction. `job` was read to change in it.
/// @param actor a user's id, or "server"
/// @throws Error{conflict} where the event has no meaning in the job's state; nothing was changed then
void move_job(Transaction& transaction, Ledger& ledger, const Clock& clock, JobRow& job, JobEvent event,
              std::string_view actor, nlohmann::ordered_json detail = nlohmann::ordered_json::object());

}  // namespace naru::server
