/// Progress on stderr: a bar on a terminal, plain lines otherwise.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "pipeline/scan.h"

namespace naru::cli {

class ProgressDisplay {
 public:
  /// @param quiet shows nothing
  explicit ProgressDisplay(bool quiet);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// Calls may come from any thread, but one at a time.
  void show(const Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;
  std::string status_text(const Progress& progress, double seconds) const;
  void show_bar(const Progress& progress, double seconds);
  void show_line(const Progress& progress, double seconds);

  bool quiet_, is_terminal_, bar_is_open_ = false;
  std::string_view stage_;
  Clock::time_point stage_start_, last_shown_;
};

}  // namespace naru::cli
