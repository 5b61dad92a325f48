#include "server/jobs/job_move.h"

#include <fmt/format.h>

#include <string>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/clock.h"

namespace naru::server {

using Json = nlohmann::ordered_json;

void add_job_event(Transaction& transaction, JobRow& job, std::string_view kind, Json detail, std::int64_t now_ms) {
  ++job.event_count;
  transaction.execute("INSERT INTO job_events (job_id, number, at_ms, kind, detail) VALUES ($1, $2, $3, $4, $5)",
                      {job.id, job.event_count, now_ms, std::string(kind), detail.dump()});
}

void move_job(Transaction& transaction, Ledger& ledger, const Clock& clock, JobRow& job, JobEvent event,
              std::string_view actor, Json detail) {
  const auto next = next_state(job.state, event);
  if (!next && is_terminal(job.state)) {
    throw Error(
        ErrorCode::conflict,
        fmt::format("the job has ended ({}): it cannot be paused, resumed or canceled any more", name(job.state)));
  }
  if (!next) {
    throw Error(ErrorCode::conflict,
                fmt::format("the job is {}: {} has no meaning there", name(job.state), name(event)));
  }
  const std::int64_t now_ms = clock.now_ms();
  Json told = {{"from", name(job.state)}, {"to", name(*next)}, {"attempt", job.attempt}};
  told.update(detail);
  job.state = *next;
  if (!is_leased(job)) {
    job.lease_owner.reset();
    job.lease_until_ms.reset();
    job.wish = JobWish::none;
  }
  if (is_terminal(job.state)) job.ended_ms = now_ms;
  add_job_event(transaction, job, name(event), told, now_ms);
  update_job(transaction, job);
  ledger.append(transaction,
                {fmt::format("job.{}", name(event)), job.organisation_id, std::string(actor), job.id, told});
}

}  // namespace naru::server
