#include "server/jobs/job_events.h"

#include <fmt/format.h>

#include <utility>

#include "server/jobs/job_row.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr auto kLongestStream = std::chrono::minutes(10);

std::string time_text(std::int64_t time_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(time_ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace

Json to_json(const JobEventRow& event) {
  return {{"number", event.number}, {"at_ms", event.at_ms}, {"kind", event.kind}, {"detail", event.detail}};
}

std::vector<JobEventRow> job_events(Transaction& transaction, const std::string& job_id, std::int64_t after) {
  std::vector<JobEventRow> events;
  for (const Row& row : transaction.query("SELECT number, at_ms, kind, detail FROM job_events WHERE job_id = $1 AND "
                                          "number > $2 ORDER BY number LIMIT $3",
                                          {job_id, after, kMaxJobEvents})) {
    events.push_back({row.integer(0), row.integer(1), row.text(2), Json::parse(row.text(3))});
  }
  return events;
}

std::string log_text(const std::vector<JobEventRow>& events) {
  std::string text;
  for (const JobEventRow& event : events) {
    text += fmt::format("{} {} {} {}\n", time_text(event.at_ms), event.number, event.kind, event.detail.dump());
  }
  return text;
}

JobEventSource::JobEventSource(Database& database, std::function<bool()> may_watch, std::string job_id,
                               std::int64_t after)
    : database_(database),
      may_watch_(std::move(may_watch)),
      job_id_(std::move(job_id)),
      after_(after),
      end_(std::chrono::steady_clock::now() + kLongestStream) {}

std::vector<ServerEvent> JobEventSource::next() {
  is_over_ = !may_watch_();
  if (is_over_) return {};
  const auto [job, events] = in_transaction(database_, Access::read, [&](Transaction& transaction) {
    auto found = read_job(transaction, job_id_, false);
    return std::pair(std::move(found), job_events(transaction, job_id_, after_));
  });
  std::vector<ServerEvent> news;
  for (const JobEventRow& event : events) {
    news.push_back({std::to_string(event.number), event.kind, to_json(event).dump()});
    after_ = event.number;
  }
  if (job && job->progress != progress_) {
    progress_ = job->progress;
    news.push_back({"", "progress", progress_.dump()});
  }
  const bool has_all = !job || (is_terminal(job->state) && after_ >= job->event_count);
  is_over_ = has_all || std::chrono::steady_clock::now() >= end_;
  return news;
}

}  // namespace naru::server
