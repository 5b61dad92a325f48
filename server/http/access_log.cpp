#include "server/http/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "server/clock.h"

namespace naru::server {

namespace {
constexpr std::size_t kMaxWaitingLines = 8192;

std::string time_text(std::int64_t now_ms) {
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), now_ms % 1000);
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}
}  // namespace

std::string to_line(const AccessEntry& entry, std::int64_t now_ms) {
  const nlohmann::ordered_json line = {
      {"time", time_text(now_ms)},
      {"request", entry.request_id},
      {"method", entry.method},
      {"route", entry.route},
      {"status", entry.status},
      {"sent_bytes", entry.sent_bytes},
      {"ms", std::round(entry.elapsed_ms * 1000) / 1000},
      {"client", entry.client_address},
      {"user", entry.user_id},
  };
  return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

AccessLog::AccessLog(bool is_on) : is_on_(is_on) {
  if (is_on_) thread_ = std::thread([this] { write_lines(); });
}

AccessLog::~AccessLog() {
  if (!is_on_) return;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void AccessLog::add(const AccessEntry& entry) {
  if (!is_on_) return;
  std::string line = to_line(entry, SystemClock().now_ms());
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() >= kMaxWaitingLines) {
      ++dropped_;
      return;
    }
    lines_.push_back(std::move(line));
  }
  changed_.notify_one();
}

void AccessLog::write_lines() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_ending_ || !lines_.empty(); });
    if (lines_.empty()) return;
    std::deque<std::string> lines;
    lines.swap(lines_);
    lock.unlock();
    std::string text;
    for (const std::string& line : lines) text += line;
    write_all(text);
    lock.lock();
  }
}

}  // namespace naru::server
