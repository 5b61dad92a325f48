#include "core/trace.h"

#include <fmt/format.h>

#include <utility>

namespace naru {

namespace {

constexpr std::array<std::string_view, kStageCount> kStageNames = {"scan",    "read",   "decode", "copy",
                                                                   "compute", "encode", "write"};

/// What a thread knows of itself.
struct ThreadState {
  TraceContext context;
  std::string_view role = "thread";
  Span* innermost = nullptr;
};
thread_local ThreadState this_thread;

std::int64_t nanoseconds(Trace::Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

}  // namespace

std::string_view name(Stage stage) { return kStageNames[static_cast<std::size_t>(stage)]; }

TraceContext Trace::of_case(const std::string& case_id) {
  const std::lock_guard lock(mutex_);
  const auto place = cases_.try_emplace(case_id).first;
  place->second = {this, place->first};
  return place->second;
}

StageSeconds Trace::seconds() const {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  StageSeconds result{};
  for (std::size_t s = 0; s < kStageCount; ++s) {
    const Busy& busy = busy_[s];
    const auto running = busy.threads > 0 ? now - busy.since : Clock::duration{0};
    result[s] = std::chrono::duration<double>(busy.total + running).count();
  }
  return result;
}

TraceLog Trace::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

void Trace::enter(std::optional<Stage> stage, Clock::time_point now) {
  if (!stage) return;
  const std::lock_guard lock(mutex_);
  Busy& busy = busy_[static_cast<std::size_t>(*stage)];
  if (busy.threads++ == 0) busy.since = now;
}

void Trace::leave(std::optional<Stage> stage, Clock::time_point now) {
  if (!stage) return;
  const std::lock_guard lock(mutex_);
  Busy& busy = busy_[static_cast<std::size_t>(*stage)];
  // Clocks are read before the lock is had: the later of two threads may come first.
  if (--busy.threads == 0 && now > busy.since) busy.total += now - busy.since;
}

void Trace::keep(TraceEvent event, Clock::time_point start, Clock::time_point end, std::string_view role) {
  if (!keeps_events_) return;
  event.start_ns = nanoseconds(start - start_);
  event.duration_ns = nanoseconds(end - start);
  const std::lock_guard lock(mutex_);
  const auto [row, is_new] = row_of_thread_.try_emplace(std::this_thread::get_id(), log_.rows.size());
  if (is_new) log_.rows.push_back(fmt::format("{} {}", role, row->second + 1));
  event.row = row->second;
  log_.events.push_back(event);
}

TraceContext trace_context() { return this_thread.context; }

TraceScope::TraceScope(TraceContext context, std::string_view role)
    : context_before_(std::exchange(this_thread.context, context)),
      role_before_(std::exchange(this_thread.role, role)) {}

TraceScope::~TraceScope() {
  this_thread.context = context_before_;
  this_thread.role = role_before_;
}

Span::Span(std::optional<Stage> stage, std::string_view name, SpanFacts facts) : trace_(this_thread.context.trace) {
  if (trace_ == nullptr) return;
  event_ = {stage, name, 0, 0, 0, this_thread.context.case_id, facts};
  start_ = Trace::Clock::now();
  around_ = std::exchange(this_thread.innermost, this);
  if (around_ != nullptr) around_->trace_->leave(around_->event_.stage, start_);
  trace_->enter(stage, start_);
}

Span::~Span() {
  if (trace_ == nullptr) return;
  const auto end = Trace::Clock::now();
  trace_->leave(event_.stage, end);
  if (around_ != nullptr) around_->trace_->enter(around_->event_.stage, end);
  this_thread.innermost = around_;
  trace_->keep(event_, start_, end, this_thread.role);
}

}  // namespace naru
