#include "server/jobs/job_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/digest.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/jobs/cohort.h"
#include "server/jobs/failure.h"
#include "server/jobs/job_move.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kServer = "server";

/// Stages in which cases are finished and kept for the next attempt.
struct CaseStage {
  std::string_view name;
  bool counts_kept;  ///< `done` begins with the cases of earlier attempts, not with 0
};
constexpr std::array kCaseStages = {CaseStage{"preparing volumes", true}, CaseStage{"de-identifying", false}};

/// True where a case was finished that was not finished before.
bool has_new_case(const Json& before, const WorkProgress& now) {
  const auto stage = std::ranges::find(kCaseStages, now.stage, &CaseStage::name);
  if (stage == kCaseStages.end() || now.done == 0) return false;
  return !stage->counts_kept || now.done > before.value("most_done", std::uint64_t{0});
}

void take_progress(JobRow& job, const WorkProgress& now) {
  const bool is_new_case = has_new_case(job.progress, now);
  const std::uint64_t most_done = job.progress.value("most_done", std::uint64_t{0});
  job.progress = to_json(now);
  job.progress["most_done"] = is_new_case ? std::max(most_done, now.done) : most_done;
  if (is_new_case) job.attempt = 1;
}

/// "NODE" of "NODE/RANDOM".
std::string_view node_of(std::string_view owner) { return owner.substr(0, owner.rfind('/')); }

}  // namespace

JobClaims::JobClaims(Database& database, Ledger& ledger, const Clock& clock, JobLimits limits,
                     std::chrono::milliseconds lease, std::string owner)
    : database_(database),
      ledger_(ledger),
      clock_(clock),
      limits_(std::move(limits)),
      lease_ms_(lease.count()),
      owner_(std::move(owner)) {}

void JobClaims::move(Transaction& transaction, JobRow& job, JobEvent event, Json detail) {
  move_job(transaction, ledger_, clock_, job, event, kServer, std::move(detail));
}

/// Differs from all before, also where the wall clock stands still or is set back: who watches sees every heartbeat,
/// however many came between two looks.
std::int64_t JobClaims::next_stamp(const JobRow& job) const {
  const std::int64_t stamp = clock_.now_ms() + lease_ms_;
  return job.lease_until_ms ? std::max(stamp, *job.lease_until_ms + 1) : stamp;
}

std::optional<JobRow> JobClaims::claim(const Room& room) {
  return in_transaction(database_, Access::write, [&](Transaction& transaction) -> std::optional<JobRow> {
    const std::int64_t now_ms = clock_.now_ms();
    const Rows rows = transaction.query(
        fmt::format("SELECT id FROM jobs WHERE state = 'QUEUED' AND (available_ms <= $1 OR available_ms > $2) AND "
                    "(device = 'cpu' OR $3 = 1) AND NOT EXISTS (SELECT 1 FROM job_studies JOIN studies ON studies.id = "
                    "job_studies.study_id WHERE job_studies.job_id = jobs.id AND studies.state = 'open') "
                    "ORDER BY (SELECT COUNT(*) FROM jobs others WHERE "
                    "others.organisation_id = jobs.organisation_id AND others.state IN ('INITIALIZING', 'RUNNING')), "
                    "priority DESC, created_ms, id LIMIT 1{}",
                    transaction.skip_locked()),
        {now_ms, now_ms + kLongestBackOffMs, std::int64_t{room.has_free_device ? 1 : 0}});
    if (rows.empty()) return std::nullopt;
    JobRow job = read_job(transaction, rows.front().text(0), true).value();
    if (std::min(job.memory_bytes, limits_.total_memory_bytes) > room.free_memory_bytes) return std::nullopt;
    ++job.fence;
    ++job.attempt;
    job.lease_owner = owner_;
    job.lease_until_ms = next_stamp(job);
    job.error_code.reset();
    job.error_text.reset();
    if (!job.started_ms) job.started_ms = now_ms;
    move(transaction, job, JobEvent::claimed, {{"fence", job.fence}});
    return job;
  });
}

JobRow JobClaims::held(Transaction& transaction, const Lease& lease) const {
  auto job = read_job(transaction, lease.job_id, true);
  if (!job || !is_leased(*job) || job->fence != lease.fence || job->lease_owner != owner_) throw LeaseLost();
  return *std::move(job);
}

void JobClaims::note_inputs(Transaction& transaction, const Lease& lease, const JobInputs& inputs) {
  JobRow job = held(transaction, lease);
  std::string lines;
  for (const std::string& hash : inputs.sha256) lines += hash + '\n';
  const nlohmann::ordered_json facts = {{"instances", inputs.sha256.size()},
                                        {"arrived_later", inputs.left_out_count},
                                        {"inputs_sha256", sha256_hex(lines)}};
  add_job_event(transaction, job, "inputs_read", facts, clock_.now_ms());
  update_job(transaction, job);
  ledger_.append(transaction, {"job.inputs_read", job.organisation_id, "server", job.id, facts});
}

JobWish JobClaims::heartbeat(const Lease& lease, const std::optional<WorkProgress>& progress) {
  return in_transaction(database_, Access::write, [&](Transaction& transaction) {
    JobRow job = held(transaction, lease);
    if (progress && job.state == JobState::initializing) move(transaction, job, JobEvent::started);
    if (progress) {
      const bool is_new_stage = job.progress.value("stage", "") != progress->stage;
      take_progress(job, *progress);
      if (is_new_stage) add_job_event(transaction, job, "stage", job.progress, clock_.now_ms());
    }
    job.lease_until_ms = next_stamp(job);
    update_job(transaction, job);
    return job.wish;
  });
}

void JobClaims::complete(Transaction& transaction, JobRow& job, const std::string& dataset_id, Json counts) {
  if (job.state == JobState::initializing) move(transaction, job, JobEvent::started);  // all was finished before
  job.dataset_id = dataset_id;
  job.progress = {{"result", std::move(counts)}};  // the last heartbeat was before the end
  move(transaction, job, JobEvent::finished, {{"dataset", dataset_id}});
}

void JobClaims::withdraw(Transaction& transaction, JobRow& job) { obey(transaction, job); }

bool JobClaims::obey(Transaction& transaction, JobRow& job) {
  if (job.wish == JobWish::none) return false;
  move(transaction, job, job.wish == JobWish::cancel ? JobEvent::cancel_requested : JobEvent::pause_requested);
  return true;
}

void JobClaims::fail(const Lease& lease, ErrorCode code, std::string_view text) {
  const FailureRule& rule = failure_rule(code);
  in_transaction(database_, Access::write, [&](Transaction& transaction) {
    JobRow job = held(transaction, lease);
    if (job.wish == JobWish::cancel || (job.wish == JobWish::pause && rule.can_pass)) {
      obey(transaction, job);
      return;
    }
    job.error_code = std::string(name(code));
    job.error_text = std::string(text);
    const bool helps = !rule.needs_more_memory || job.memory_bytes < limits_.total_memory_bytes;
    if (!rule.can_pass || !helps || job.attempt >= job.max_attempts) {
      return move(transaction, job, rule.event, {{"code", name(code)}});
    }
    const std::int64_t wait_ms = back_off_ms(job.attempt);
    job.available_ms = clock_.now_ms() + wait_ms;
    if (rule.needs_more_memory) job.memory_bytes = std::min(2 * job.memory_bytes, limits_.total_memory_bytes);
    move(transaction, job, JobEvent::retried, {{"code", name(code)}, {"wait_ms", wait_ms}});
  });
}

void JobClaims::stopped(const Lease& lease) {
  in_transaction(database_, Access::write, [&](Transaction& transaction) {
    JobRow job = held(transaction, lease);
    if (obey(transaction, job)) return;
    --job.attempt;
    job.available_ms = clock_.now_ms();
    move(transaction, job, JobEvent::interrupted, {{"why", "stopped"}});
  });
}

bool JobClaims::interrupt(const SeenLease& lease) {
  return in_transaction(database_, Access::write, [&](Transaction& transaction) {
    auto job = read_job(transaction, lease.job_id, true);
    const bool is_same = job && is_leased(*job) && job->fence == lease.fence && job->lease_until_ms == lease.until_ms;
    if (!is_same) return false;
    if (obey(transaction, *job)) return true;
    if (job->attempt >= job->max_attempts) {
      job->error_code = std::string(name(ErrorCode::internal));
      job->error_text = fmt::format("its worker was lost {} times without finishing a case", job->attempt);
      move(transaction, *job, JobEvent::system_failed, {{"code", *job->error_code}});
      return true;
    }
    job->available_ms = clock_.now_ms();
    move(transaction, *job, JobEvent::interrupted, {{"why", "worker_lost"}});
    return true;
  });
}

std::size_t JobClaims::recover() {
  const Rows rows = in_transaction(database_, Access::read, [](Transaction& transaction) {
    return transaction.query(
        "SELECT id, fence, lease_until_ms, lease_owner FROM jobs WHERE state IN ('INITIALIZING', 'RUNNING')");
  });
  std::size_t count = 0;
  for (const Row& row : rows) {
    const bool is_dead = row.text(3) != owner_ && node_of(row.text(3)) == node_of(owner_);
    if (is_dead && interrupt({row.text(0), row.integer(1), row.integer(2)})) ++count;
  }
  return count;
}

std::size_t JobClaims::interrupt_dead(LeaseWatch& watch, LeaseWatch::Time now, const std::set<Lease>& ours) {
  const Rows rows = in_transaction(database_, Access::read, [](Transaction& transaction) {
    return transaction.query("SELECT id, fence, lease_until_ms FROM jobs WHERE state IN ('INITIALIZING', 'RUNNING')");
  });
  std::vector<SeenLease> others;
  for (const Row& row : rows) {
    if (!ours.contains({row.text(0), row.integer(1)})) others.push_back({row.text(0), row.integer(1), row.integer(2)});
  }
  std::size_t count = 0;
  for (const SeenLease& lease : watch.dead(others, now)) count += interrupt(lease) ? 1 : 0;
  return count;
}

}  // namespace naru::server
