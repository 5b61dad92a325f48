#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "cli/print.h"

namespace naru::cli {

namespace {
constexpr int kBarWidth = 24;
constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(5);
}  // namespace

ProgressDisplay::ProgressDisplay(bool quiet) : quiet_(quiet), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressDisplay::~ProgressDisplay() {
  if (bar_is_open_) print(stderr, "\n");
}

void ProgressDisplay::show(const Progress& progress) {
  if (quiet_) return;
  const auto now = Clock::now();
  if (progress.stage != stage_) {
    if (bar_is_open_) print(stderr, "\n");
    bar_is_open_ = false;
    stage_ = progress.stage;
    stage_start_ = now;
    last_shown_ = {};
  }
  const bool is_last = progress.done == progress.total;
  const auto interval = is_terminal_ ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval);
  if (!is_last && now - last_shown_ < interval) return;
  last_shown_ = now;
  const double seconds = std::chrono::duration<double>(now - stage_start_).count();
  if (is_terminal_) {
    show_bar(progress, seconds);
  } else {
    show_line(progress, seconds);
  }
}

std::string ProgressDisplay::status_text(const Progress& progress, double seconds) const {
  std::string text = fmt::format("{}/{} {}", progress.done, progress.total, progress.unit);
  if (progress.studies > 0) text += fmt::format(", {}/{} studies", progress.studies_done, progress.studies);
  if (seconds > 0.05) text += fmt::format(", {:.0f} MB/s", static_cast<double>(progress.bytes) / seconds / 1e6);
  if (progress.done > 0 && progress.done < progress.total && seconds > 0.5) {
    const double left =
        seconds * static_cast<double>(progress.total - progress.done) / static_cast<double>(progress.done);
    const auto whole = static_cast<int>(std::lround(left));
    text += fmt::format(", {}:{:02} left", whole / 60, whole % 60);
  }
  return text;
}

void ProgressDisplay::show_bar(const Progress& progress, double seconds) {
  const auto filled = progress.total == 0 ? kBarWidth : static_cast<int>(kBarWidth * progress.done / progress.total);
  print(stderr, "\r\x1b[K{} [{:#<{}}{:.<{}}] {}", progress.stage, "", filled, "", kBarWidth - filled,
        status_text(progress, seconds));
  std::fflush(stderr);
  bar_is_open_ = true;
}

void ProgressDisplay::show_line(const Progress& progress, double seconds) {
  print(stderr, "naru: {}: {}\n", progress.stage, status_text(progress, seconds));
}

}  // namespace naru::cli
