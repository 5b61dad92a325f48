#include <fmt/format.h>

#include <array>
#include <charconv>

#include "core/error.h"
#include "server/config.h"
#include "server/jobs/job_events.h"
#include "server/jobs/job_queue.h"
#include "server/routes/idempotency.h"
#include "server/routes/json_body.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr Roles kReaders = {Role::hospital_steward, Role::reviewer, Role::auditor, Role::admin};
constexpr Roles kSteward = {Role::hospital_steward};
constexpr std::size_t kMaxWordBytes = 256;
constexpr std::string_view kReportPage = "report.html";

/// A whole number, 0 or more. @throws Error{request_invalid} naming `what`
std::int64_t number_of(std::string_view text, std::string_view what) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc{} && end == text.data() + text.size() && number >= 0) return number;
  throw Error(ErrorCode::request_invalid, fmt::format("{} must be a whole number, 0 or more", what));
}

JobRequest request_in(const Request& request) {
  const JsonBody body(request, {"kind", "name", "recipe", "study_ids", "grant_id", "priority"});
  JobRequest job;
  job.kind = body.text("kind", kMaxWordBytes);
  job.name = body.text("name", kMaxWordBytes);
  job.recipe = body.text_if("recipe", JobQueue::kMaxRecipeBytes).value_or("");
  job.study_ids = body.texts("study_ids", JobQueue::kMaxStudies, kMaxWordBytes);
  job.grant_id = body.text_if("grant_id", kMaxWordBytes);
  if (body.has("priority")) job.priority = body.integer("priority");
  return job;
}

Response create_job(Services& services, Request& request) {
  const JobRequest wanted = request_in(request);
  return create_once(services, request, [&](Transaction& transaction) {
    const JobRow job = services.jobs.submit(transaction, request.caller, wanted);
    Response response = json_response(to_json(job), 201);
    response.headers.add("Location", fmt::format("/api/v1/jobs/{}", job.id));
    return response;
  });
}

JobFilter filter_of(const Request& request) {
  JobFilter filter;
  if (const auto state = request.query_value("state")) {
    filter.state = job_state_from_name(*state);
    if (!filter.state) throw Error(ErrorCode::request_invalid, "state must be one of QUEUED, RUNNING, COMPLETE, ...");
  }
  if (const auto token = request.query_value("page_token")) filter.page_token = *token;
  if (const auto limit = request.query_value("limit")) {
    filter.count = static_cast<std::size_t>(number_of(*limit, "limit"));
  }
  return filter;
}

Response list_jobs(Services& services, Request& request) {
  const JobFilter filter = filter_of(request);
  const JobPage page = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return services.jobs.list(transaction, request.caller, filter);
  });
  Json json = {{"schema", "naru.jobs/1"}, {"items", Json::array()}};
  for (const JobRow& job : page.jobs) json["items"].push_back(to_json(job));
  if (!page.next.empty()) json["next_page_token"] = page.next;
  return json_response(json);
}

/// The caller's job. @throws Error{not_found}
JobRow job_of_path(Services& services, const Request& request) {
  return in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return services.jobs.get(transaction, request.caller, request.path_values.at(0));
  });
}

Response show_job(Services& services, Request& request) {
  return json_response(to_json(job_of_path(services, request)));
}

using Change = JobRow (JobQueue::*)(Transaction&, const Caller&, std::string_view) const;

template <Change change>
Response change_job(Services& services, Request& request) {
  return json_response(to_json(in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    return (services.jobs.*change)(transaction, request.caller, request.path_values.at(0));
  })));
}

Response set_priority(Services& services, Request& request) {
  const JsonBody body(request, {"priority"});
  const std::int64_t priority = body.integer("priority");
  return json_response(to_json(in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    return services.jobs.set_priority(transaction, request.caller, request.path_values.at(0), priority);
  })));
}

std::int64_t after_of(const Request& request) {
  if (const auto last = request.headers.find("Last-Event-ID")) return number_of(*last, "Last-Event-ID");
  const auto after = request.query_value("after");
  return after ? number_of(*after, "after") : 0;
}

Response show_events(Services& services, Request& request) {
  const JobRow job = job_of_path(services, request);
  const std::int64_t after = after_of(request);
  const auto accept = request.headers.find("Accept");
  if (accept && accept->find("text/event-stream") != std::string_view::npos) {
    // A browser comes back whenever a stream ends, unless it is told so (HTML, server-sent events).
    if (is_terminal(job.state) && after >= job.event_count) return {204, {}, std::string()};
    Response stream{.status = 200,
                    .headers = {},
                    .body = std::make_shared<JobEventSource>(services.database, request.caller.user_id, job.id, after)};
    stream.headers.add("Content-Type", "text/event-stream");
    return stream;
  }
  const auto events = in_transaction(services.database, Access::read,
                                     [&](Transaction& transaction) { return job_events(transaction, job.id, after); });
  Json json = {{"schema", "naru.job-events/1"}, {"items", Json::array()}};
  for (const JobEventRow& event : events) json["items"].push_back(to_json(event));
  json["after"] = events.empty() ? after : events.back().number;
  return json_response(json);
}

Response show_log(Services& services, Request& request) {
  const std::string id = job_of_path(services, request).id;
  const std::int64_t after = after_of(request);
  Response response{
      .status = 200, .headers = {}, .body = in_transaction(services.database, Access::read, [&](Transaction& t) {
                                      return log_text(job_events(t, id, after));
                                    })};
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  return response;
}

/// The report stays in the hospital: only its steward sees it.
fs::path report_folder(Services& services, const Request& request) {
  return services.config.data / "reports" / job_of_path(services, request).id;
}

Response list_report(Services& services, Request& request) {
  Json json = {{"schema", "naru.job-report/1"}, {"items", Json::array()}};
  std::error_code failure;
  const fs::path folder = report_folder(services, request);
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
    if (!it->is_regular_file(failure)) continue;
    json["items"].push_back({{"name", it->path().filename().string()}, {"size_bytes", it->file_size(failure)}});
  }
  return json_response(json);
}

Response show_report(Services& services, Request& request) {
  const fs::path page = report_folder(services, request) / kReportPage;
  std::error_code failure;
  const std::uint64_t size_bytes = fs::file_size(page, failure);
  if (failure) throw Error(ErrorCode::not_found, "the job has no report yet");
  LongBody body;
  body.segments = std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"", page, size_bytes}});
  body.size_bytes = size_bytes;
  Response response{.status = 200, .headers = {}, .body = std::move(body)};
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy",
                       "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

constexpr std::array kRoutes = {
    Route{.method = Method::post,
          .pattern = "/api/v1/jobs",
          .door = Door::roles,
          .roles = kSteward,
          .scope = Scope::jobs,
          .handle = create_job,
          .is_idempotent_creation = true},
    Route{Method::get, "/api/v1/jobs", Door::roles, kReaders, Scope::read, list_jobs},
    Route{Method::get, "/api/v1/jobs/{job_id}", Door::roles, kReaders, Scope::read, show_job},
    Route{Method::patch, "/api/v1/jobs/{job_id}", Door::roles, kSteward, Scope::jobs, set_priority},
    Route{Method::post, "/api/v1/jobs/{job_id}/cancel", Door::roles, kSteward, Scope::jobs,
          change_job<&JobQueue::cancel>},
    Route{Method::post, "/api/v1/jobs/{job_id}/pause", Door::roles, kSteward, Scope::jobs,
          change_job<&JobQueue::pause>},
    Route{Method::post, "/api/v1/jobs/{job_id}/resume", Door::roles, kSteward, Scope::jobs,
          change_job<&JobQueue::resume>},
    Route{Method::get, "/api/v1/jobs/{job_id}/events", Door::roles, kReaders, Scope::read, show_events},
    Route{Method::get, "/api/v1/jobs/{job_id}/log", Door::roles, kReaders, Scope::read, show_log},
    Route{Method::get, "/api/v1/jobs/{job_id}/report", Door::roles, kSteward, Scope::read, list_report},
    Route{Method::get, "/api/v1/jobs/{job_id}/report/report.html", Door::roles, kSteward, Scope::read, show_report},
};

}  // namespace

std::span<const Route> job_routes() { return kRoutes; }

}  // namespace naru::server
