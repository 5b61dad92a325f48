/// What happened to a job, for those who watch it: as a list, as lines of a log, as a stream.
///
/// Each event has a number, 1, 2, ... without gaps, and holds ids, states, counts and codes only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server/http/message.h"

namespace naru::server {

class Database;
class Transaction;

struct JobEventRow {
  std::int64_t number = 0, at_ms = 0;
  std::string kind;
  nlohmann::ordered_json detail;
};
nlohmann::ordered_json to_json(const JobEventRow& event);

inline constexpr std::int64_t kMaxJobEvents = 1000;  ///< in one answer

/// Those with numbers above `after`, at most kMaxJobEvents.
std::vector<JobEventRow> job_events(Transaction& transaction, const std::string& job_id, std::int64_t after);

/// "2026-01-31T08:15:00.250Z 12 claimed {...}", a line each.
std::string log_text(const std::vector<JobEventRow>& events);

/// Server-sent events: each event of the job under its number, and `progress` without one, so that a client that comes
/// back with Last-Event-ID misses none and gets none twice. Ends with the job, once nobody may watch any more, or after
/// a while, so that a client proves anew who it is.
class JobEventSource final : public EventSource {
 public:
  /// @param may_watch asked before each look
  JobEventSource(Database& database, std::function<bool()> may_watch, std::string job_id, std::int64_t after);
  std::vector<ServerEvent> next() override;
  bool is_over() const override { return is_over_; }

 private:
  Database& database_;
  std::function<bool()> may_watch_;
  std::string job_id_;
  std::int64_t after_;
  nlohmann::ordered_json progress_;
  std::chrono::steady_clock::time_point end_;
  bool is_over_ = false;
};

}  // namespace naru::server
