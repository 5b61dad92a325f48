#include "server/trouble_log.h"

#include <fmt/format.h>

#include "core/log.h"

namespace naru::server {

namespace {
constexpr std::size_t kMaxTexts = 64;
constexpr std::chrono::seconds kPeriod{60};
}  // namespace

std::optional<std::string> TroubleLog::line(const std::string& text, Time now) {
  if (said_.size() >= kMaxTexts && !said_.contains(text)) said_.clear();
  const auto [found, is_new] = said_.try_emplace(text, Said{now, 0});
  Said& said = found->second;
  if (!is_new && now - said.at < period_) {
    ++said.unsaid_count;
    return std::nullopt;
  }
  const std::uint64_t unsaid_count = said.unsaid_count;
  said = {now, 0};
  if (unsaid_count == 0) return text;
  return fmt::format("{} ({} times more since this was last said)", text, unsaid_count);
}

void warn_at_times(const std::string& text) {
  static std::mutex mutex;
  static TroubleLog troubles(kPeriod);
  std::optional<std::string> line;
  {
    const std::lock_guard lock(mutex);
    line = troubles.line(text, std::chrono::steady_clock::now());
  }
  if (line) log::warning("{}", Public{*line});
}

}  // namespace naru::server
