/// Where a job spends its time: spans of work, added up by stage, and kept one by one where a trace is asked for.
///
/// A job owns a `Trace`. Threads that work for it say so with a `TraceScope`; code that does the work opens a `Span`
/// and needs to know of neither: on a thread that works for no trace a span does nothing. A thread that hands work to
/// others passes its `trace_context()` on. Names are string literals, and cases are known by their pseudonyms: nothing
/// here can carry patient data.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace naru {

/// What a job does, in the order in which a case goes through it. `read` is input to memory, `copy` moves voxels as
/// they are (between host and device, or to their place in a result), `write` is memory to output.
enum class Stage { scan, read, decode, copy, compute, encode, write };
inline constexpr std::size_t kStageCount = 7;

using StageSeconds = std::array<double, kStageCount>;

/// "scan", "read", ...
std::string_view name(Stage stage);

/// What a span may tell of its work beside its name.
struct SpanFacts {
  std::optional<std::int64_t> slab = {};
  std::optional<std::uint64_t> bytes = {};
};

struct TraceEvent {
  std::optional<Stage> stage;  ///< empty: work of several stages
  std::string_view name;
  std::int64_t start_ns = 0, duration_ns = 0;  ///< since the trace began
  std::size_t row = 0;                         ///< index into TraceLog::rows
  std::string_view case_id;                    ///< empty: of no case. Lives as long as the trace
  SpanFacts facts;
};

struct TraceLog {
  std::vector<TraceEvent> events;  ///< in the order in which they ended
  std::vector<std::string> rows;   ///< a name a thread, e.g. "reader 3"
};

class Trace;

/// For whom a thread works.
struct TraceContext {
  Trace* trace = nullptr;
  std::string_view case_id;  ///< lives as long as the trace
};

/// Thread-safe. Outlives every scope and span that works for it.
class Trace {
 public:
  using Clock = std::chrono::steady_clock;

  /// @param keeps_events for `log`; else only sums are kept, in fixed memory
  explicit Trace(bool keeps_events) : keeps_events_(keeps_events), start_(Clock::now()) {}
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// The context in which one case is worked on.
  TraceContext of_case(const std::string& case_id);

  /// Seconds during which at least one thread was in a stage, by stage: work side by side counts once, so that none is
  /// longer than the job, and together they are longer where stages overlap. A span within another counts for its own
  /// stage alone.
  StageSeconds seconds() const;

  /// Seconds since the trace began.
  double age_seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  /// All spans that have ended.
  TraceLog log() const;

 private:
  friend class Span;
  struct Busy {
    int threads = 0;
    Clock::time_point since;
    Clock::duration total{0};
  };

  void enter(std::optional<Stage> stage, Clock::time_point now);
  void leave(std::optional<Stage> stage, Clock::time_point now);
  void keep(TraceEvent event, Clock::time_point start, Clock::time_point end, std::string_view role);

  const bool keeps_events_;
  const Clock::time_point start_;
  mutable std::mutex mutex_;
  std::array<Busy, kStageCount> busy_;
  std::map<std::thread::id, std::size_t> row_of_thread_;
  std::map<std::string, TraceContext, std::less<>> cases_;  ///< its keys stay where they are
  TraceLog log_;
};

/// For whom the calling thread works.
TraceContext trace_context();

/// While it lives the calling thread works for `context`, as `role`: names its row in a trace unless it has one.
class TraceScope {
 public:
  TraceScope(TraceContext context, std::string_view role);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  TraceContext context_before_;
  std::string_view role_before_;
};

/// Work of the calling thread, from construction to destruction. @pre names are string literals
class Span {
 public:
  Span(Stage stage, std::string_view name, SpanFacts facts = {}) : Span(std::optional(stage), name, facts) {}
  /// Around spans of several stages.
  explicit Span(std::string_view name) : Span(std::nullopt, name, {}) {}
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  Span(std::optional<Stage> stage, std::string_view name, SpanFacts facts);

  Trace* trace_;
  Span* around_ = nullptr;  ///< does not count while this one does
  TraceEvent event_;
  Trace::Clock::time_point start_;
};

}  // namespace naru
