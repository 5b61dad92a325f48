#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "core/error.h"
#include "server/auth/auth.h"
#include "server/config.h"
#include "server/http/open_files.h"
#include "server/http/range.h"
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

/// Whether the token or session by which a stream was asked for still holds, and the account has its roles.
std::function<bool()> still_holds(Services& services, const Caller& caller) {
  return [&auth = *services.auth, caller] {
    const auto now = caller_by(auth, caller.credential);
    return now && now->user_id == caller.user_id && now->roles == caller.roles;
  };
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
                    .body = std::make_shared<JobEventSource>(services.database, still_holds(services, request.caller),
                                                             job.id, after)};
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

struct ReportFile {
  std::string name;  ///< below the report's folder, with '/' between
  std::uint64_t size_bytes = 0;
};

/// Not what only a job that is gone on with reads, nor a file that is being written. And neither the way back to the
/// patients nor pictures that show the text on them: a token with the scope read must not do for these.
bool is_served(std::string_view name) {
  constexpr std::array<std::string_view, 2> kUnservedEnds = {".tmp", ".full.png"};
  return !name.starts_with("finished/") && name != "link.sealed" &&
         std::ranges::none_of(kUnservedEnds, [&](std::string_view end) { return name.ends_with(end); });
}

/// Empty for what is no regular file, or went away.
std::optional<ReportFile> report_file(const fs::path& folder, std::string name) {
  struct stat facts {};
  if (!is_served(name) || ::lstat((folder / name).c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
  return ReportFile{std::move(name), static_cast<std::uint64_t>(facts.st_size)};
}

/// Sorted by name.
std::vector<ReportFile> report_files(const fs::path& folder) {
  std::vector<ReportFile> files;
  std::error_code failure;
  for (fs::recursive_directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
    if (it.depth() == 0 && it->path().filename() == "finished") it.disable_recursion_pending();
    auto file = report_file(folder, it->path().lexically_relative(folder).string());
    if (file) files.push_back(std::move(*file));
  }
  std::ranges::sort(files, {}, &ReportFile::name);
  return files;
}

/// A file of a report with what it holds: a run may put another in its place while it is sent.
struct OpenReportFile {
  Representation representation;
  Segment segment;
};

/// A file of a report changes by being replaced alone, so that what is open stays as it is.
std::optional<OpenReportFile> open_report_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) {
    const bool is_missing = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG;
    if (is_missing) return std::nullopt;
    throw Error(ErrorCode::internal, "a file of the report cannot be opened: see the server's limit of open files");
  }
  auto opened = std::make_shared<const OpenFile>(descriptor);
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
  const auto& [seconds, nanoseconds] = facts.st_mtim;
  const auto size_bytes = static_cast<std::uint64_t>(facts.st_size);
  return OpenReportFile{
      {fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", facts.st_ino, facts.st_size, seconds, nanoseconds), size_bytes},
      {"", path, size_bytes, std::move(opened)}};
}

/// One of those, without a look at the others: a report may hold a picture of each of a hundred thousand files.
std::optional<OpenReportFile> report_file_called(const fs::path& folder, std::string_view name) {
  if (!is_served(name)) return std::nullopt;
  fs::path parent = folder;
  for (std::size_t begin = 0, end = 0; end != name.npos; begin = end + 1) {
    end = name.find('/', begin);
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return std::nullopt;  // no path leads out of the folder
    if (end == name.npos) break;
    parent /= part;
    std::error_code ignored;
    if (!fs::is_directory(fs::symlink_status(parent, ignored))) return std::nullopt;  // no link does, either
  }
  return open_report_file(folder / name);
}

Response list_report(Services& services, Request& request) {
  Json json = {{"schema", "naru.job-report/1"}, {"items", Json::array()}};
  for (const ReportFile& file : report_files(report_folder(services, request))) {
    json["items"].push_back({{"name", file.name}, {"size_bytes", file.size_bytes}});
  }
  return json_response(json);
}

std::string_view media_type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes = {
      {{".html", "text/html; charset=utf-8"},
       {".json", "application/json"},
       {".jsonl", "application/jsonl"},
       {".png", "image/png"}}};
  const auto found = std::ranges::find_if(kTypes, [&](const auto& row) { return name.ends_with(row.first); });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

/// Of the names that `list_report` tells alone.
Response show_report_file(Services& services, Request& request) {
  const fs::path folder = report_folder(services, request);
  const std::string& name = request.path_values.at(1);
  auto file = report_file_called(folder, name);
  if (!file) throw Error(ErrorCode::not_found, "the job's report has no such file, or there is none yet");
  LongBody body;
  body.segments = std::make_shared<const std::vector<Segment>>(1, std::move(file->segment));
  Response response = ranged_response(request, file->representation, std::move(body));
  if (response.status != 200 && response.status != 206) return response;
  response.headers.add("Content-Type", std::string(media_type_of(name)));
  response.headers.add("Content-Security-Policy",
                       "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  response.headers.add("Cache-Control", "private, no-store");
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
    Route{Method::get, "/api/v1/jobs/{job_id}/report/{path*}", Door::roles, kSteward, Scope::read, show_report_file},
};

}  // namespace

std::span<const Route> job_routes() { return kRoutes; }

}  // namespace naru::server
