#include "server/jobs/job_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/prepare.h"
#include "pipeline/project_key.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/jobs/job_grant.h"
#include "server/jobs/job_move.h"
#include "server/jobs/job_recipe.h"
#include "server/random_id.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

Error invalid(std::string_view field, std::string_view problem) {
  return Error(ErrorCode::request_invalid, fmt::format("{} {}", field, problem));
}

/// (std::abs has no answer to the least number.)
void check_priority(std::int64_t priority) {
  if (priority >= -JobQueue::kMaxPriority && priority <= JobQueue::kMaxPriority) return;
  throw invalid("priority", "must be -9 to 9");
}

WorkKind check_fields(const JobRequest& request) {
  const auto kind = work_kind_from_name(request.kind);
  if (!kind) throw invalid("kind", "must be prepare or deidentify");
  if (!is_project_name(request.name)) {
    throw invalid("name", "must have 1 to 64 letters, digits, '-', '_' or '.', and not begin with '.'");
  }
  if (request.recipe.size() > JobQueue::kMaxRecipeBytes) throw invalid("recipe", "is longer than 64 KiB");
  if (request.study_ids.empty()) throw invalid("study_ids", "is empty");
  if (request.study_ids.size() > JobQueue::kMaxStudies) throw invalid("study_ids", "has more than 10000 entries");
  check_priority(request.priority);
  return *kind;
}

void check_studies(Transaction& transaction, const Caller& caller, const std::set<std::string>& study_ids) {
  std::size_t unknown = 0, not_closed = 0;
  for (const std::string& id : study_ids) {
    const Rows rows = transaction.query("SELECT state FROM studies WHERE id = $1 AND organisation_id = $2",
                                        {id, caller.organisation_id});
    if (rows.empty()) {
      ++unknown;
    } else if (rows.front().text(0) != "closed") {
      ++not_closed;
    }
  }
  if (unknown > 0) throw Error(ErrorCode::not_found, fmt::format("{} of the studies do not exist", unknown));
  if (not_closed == 0) return;
  throw Error(ErrorCode::conflict, fmt::format("{} of the studies are not closed, or were destroyed", not_closed));
}

/// "CREATED_MS.ID" of the last job of a page.
std::pair<std::int64_t, std::string> place_of(const std::string& token) {
  std::int64_t created_ms = 0;
  const char* const end = token.data() + token.size();
  const auto [at, failure] = std::from_chars(token.data(), end, created_ms);
  std::string id(std::min(at + 1, end), end);
  if (failure != std::errc{} || at == end || *at != '.' || !id.starts_with("job-")) {
    throw invalid("page_token", "is no place that a page gave");
  }
  return {created_ms, std::move(id)};
}

/// True where the wish is already what the state says.
bool is_granted(const JobRow& job, JobWish wish) {
  return (wish == JobWish::cancel && job.state == JobState::canceled) ||
         (wish == JobWish::pause && job.state == JobState::paused);
}

}  // namespace

JobLimits job_limits(const JobConfig& config) {
  const std::uint64_t total = config.memory_bytes != 0 ? config.memory_bytes : default_memory_limit_bytes();
  JobLimits limits;
  limits.max_queued_per_organisation = config.max_queued_per_organisation;
  limits.max_attempts = config.max_attempts;
  limits.total_memory_bytes = static_cast<std::int64_t>(total);
  limits.memory_bytes = limits.total_memory_bytes / std::max(1, config.worker_count);
  limits.device = config.device;
  return limits;
}

JobQueue::JobQueue(Ledger& ledger, const Clock& clock, JobLimits limits)
    : ledger_(ledger), clock_(clock), limits_(std::move(limits)) {}

void JobQueue::check_room(Transaction& transaction, const std::string& organisation_id) const {
  const Rows rows = transaction.query(
      "SELECT COUNT(*) FROM jobs WHERE organisation_id = $1 AND state IN ('QUEUED', 'INITIALIZING', 'RUNNING', "
      "'PAUSED')",
      {organisation_id});
  if (rows.front().integer(0) < limits_.max_queued_per_organisation) return;
  throw Error(ErrorCode::quota_exceeded,
              fmt::format("the organisation has {} jobs that have not ended: wait, or cancel some",
                          limits_.max_queued_per_organisation));
}

JobRow JobQueue::submit(Transaction& transaction, const Caller& caller, const JobRequest& request) const {
  const WorkKind kind = check_fields(request);
  const std::set<std::string> study_ids(request.study_ids.begin(), request.study_ids.end());
  check_studies(transaction, caller, study_ids);
  check_room(transaction, caller.organisation_id);
  JobRow job;
  job.id = random_id("job");
  job.organisation_id = caller.organisation_id;
  job.created_by = caller.user_id;
  job.grant_id = request.grant_id;
  job.kind = request.kind;
  job.name = request.name;
  const bool takes_the_grants = request.recipe.empty() && request.grant_id;
  job.recipe =
      recipe_toml(kind, takes_the_grants ? recipe_of_grant(transaction, *request.grant_id, caller.organisation_id)
                                         : request.recipe);
  job.priority = request.priority;
  job.max_attempts = limits_.max_attempts;
  job.memory_bytes = limits_.memory_bytes;
  job.device = has_gpu_part(kind, job.recipe) ? limits_.device : "cpu";
  job.created_ms = job.available_ms = clock_.now_ms();
  check_grant(transaction, job, std::vector(study_ids.begin(), study_ids.end()), job.created_ms);
  check_recipient(transaction, job);
  insert_job(transaction, job);
  for (const std::string& id : study_ids) {
    transaction.execute("INSERT INTO job_studies (job_id, study_id) VALUES ($1, $2)", {job.id, id});
  }
  const Json facts = {{"kind", job.kind},
                      {"studies", study_ids.size()},
                      {"recipe", recipe_identity(kind, job.recipe)},
                      {"grant", job.grant_id ? Json(*job.grant_id) : Json(nullptr)}};
  add_job_event(transaction, job, "created", facts, job.created_ms);
  update_job(transaction, job);
  ledger_.append(transaction, {"job.created", job.organisation_id, caller.user_id, job.id, facts});
  return job;
}

JobRow JobQueue::get(Transaction& transaction, const Caller& caller, std::string_view id) const {
  auto job = read_job(transaction, id, false);
  if (!job || job->organisation_id != caller.organisation_id) throw Error(ErrorCode::not_found, "there is no such job");
  return *std::move(job);
}

JobRow JobQueue::read_to_change(Transaction& transaction, const Caller& caller, std::string_view id) const {
  auto job = read_job(transaction, id, true);
  if (!job || job->organisation_id != caller.organisation_id) throw Error(ErrorCode::not_found, "there is no such job");
  return *std::move(job);
}

JobPage JobQueue::list(Transaction& transaction, const Caller& caller, const JobFilter& filter) const {
  const std::size_t count = std::clamp<std::size_t>(filter.count, 1, kMaxPage);
  std::pair<std::int64_t, std::string> place{std::numeric_limits<std::int64_t>::max(), ""};
  if (!filter.page_token.empty()) place = place_of(filter.page_token);
  const std::string state = filter.state ? std::string(name(*filter.state)) : "";
  const Rows rows = transaction.query(
      fmt::format("SELECT {} FROM jobs WHERE organisation_id = $1 AND (state = $2 OR $3 = 1) AND "
                  "(created_ms < $4 OR (created_ms = $4 AND id < $5)) ORDER BY created_ms DESC, id DESC LIMIT $6",
                  kJobColumns),
      {caller.organisation_id, state, std::int64_t{filter.state ? 0 : 1}, place.first, place.second,
       static_cast<std::int64_t>(count + 1)});
  JobPage page;
  for (const Row& row : rows) page.jobs.push_back(job_of(row));
  if (page.jobs.size() <= count) return page;
  page.jobs.resize(count);
  page.next = fmt::format("{}.{}", page.jobs.back().created_ms, page.jobs.back().id);
  return page;
}

JobRow JobQueue::wish(Transaction& transaction, const Caller& caller, JobRow job, JobWish wish) const {
  if (job.wish == wish || job.wish == JobWish::cancel) return job;  // who gives a job up gives it up for good
  const std::string kind = wish == JobWish::none ? "wish_withdrawn" : fmt::format("{}_wished", name(wish));
  job.wish = wish;
  add_job_event(transaction, job, kind, Json::object(), clock_.now_ms());
  update_job(transaction, job);
  ledger_.append(transaction, {fmt::format("job.{}", kind), job.organisation_id, caller.user_id, job.id});
  return job;
}

JobRow JobQueue::hold_back(Transaction& transaction, const Caller& caller, std::string_view id, JobWish wanted,
                           JobEvent event) const {
  JobRow job = read_to_change(transaction, caller, id);
  if (is_granted(job, wanted)) return job;
  if (is_leased(job)) return wish(transaction, caller, std::move(job), wanted);
  move_job(transaction, ledger_, clock_, job, event, caller.user_id);
  return job;
}

JobRow JobQueue::cancel(Transaction& transaction, const Caller& caller, std::string_view id) const {
  return hold_back(transaction, caller, id, JobWish::cancel, JobEvent::cancel_requested);
}

JobRow JobQueue::pause(Transaction& transaction, const Caller& caller, std::string_view id) const {
  return hold_back(transaction, caller, id, JobWish::pause, JobEvent::pause_requested);
}

JobRow JobQueue::resume(Transaction& transaction, const Caller& caller, std::string_view id) const {
  JobRow job = read_to_change(transaction, caller, id);
  if (job.state == JobState::queued) return job;
  if (is_leased(job)) return wish(transaction, caller, std::move(job), JobWish::none);
  job.attempt = 0;  // a person looked at it
  job.available_ms = clock_.now_ms();
  move_job(transaction, ledger_, clock_, job, JobEvent::resumed, caller.user_id);
  return job;
}

JobRow JobQueue::set_priority(Transaction& transaction, const Caller& caller, std::string_view id,
                              std::int64_t priority) const {
  check_priority(priority);
  JobRow job = read_to_change(transaction, caller, id);
  if (is_terminal(job.state)) throw Error(ErrorCode::conflict, "the job has ended");
  if (job.priority == priority) return job;
  const Json told = {{"priority", priority}};
  job.priority = priority;
  add_job_event(transaction, job, "priority_set", told, clock_.now_ms());
  update_job(transaction, job);
  ledger_.append(transaction, {"job.priority_set", job.organisation_id, caller.user_id, job.id, told});
  return job;
}

}  // namespace naru::server
