#include "server/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/log.h"

namespace naru::server {

namespace {

struct Info {
  std::string_view name, help;
};
constexpr std::array kCounters = {
    Info{"naru_errors_total", "Requests and jobs that failed, by code."},
    Info{"naru_witness_requests_total", "Checkpoints sent to witnesses, by witness and outcome."},
    Info{"naru_works_total", "Attempts at jobs that ended, by code; ok: with a result."},
};
constexpr std::array kHistograms = {
    Info{"naru_work_stage_seconds", "Time that an attempt at a job spent in each stage."},
    Info{"naru_work_seconds", "Time of an attempt at a job."},
};
/// Upper bounds of the histograms' buckets: from a small study to a night's work.
constexpr std::array kBounds = {0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 28800.0};

std::string label_text(Labels labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, value);
  }
  return text;
}

/// "{a="b"}", or "" where there are no labels.
std::string braces(const std::string& labels) { return labels.empty() ? "" : fmt::format("{{{}}}", labels); }

std::string with_bound(const std::string& labels, std::string_view bound) {
  return fmt::format("{{{}{}le=\"{}\"}}", labels, labels.empty() ? "" : ",", bound);
}

void add_head(std::string& text, std::string_view name, std::string_view help, std::string_view type) {
  text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

void Metrics::add(std::string_view name, Labels labels, double amount) {
  const std::lock_guard lock(mutex_);
  counters_[std::string(name)][label_text(labels)] += amount;
}

void Metrics::observe_seconds(std::string_view name, Labels labels, double seconds) {
  const std::lock_guard lock(mutex_);
  Histogram& histogram = histograms_[std::string(name)][label_text(labels)];
  histogram.counts.resize(kBounds.size() + 1);
  const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
  ++histogram.counts[static_cast<std::size_t>(bucket)];
  histogram.sum += seconds;
}

void Metrics::add_gauge(std::string name, std::string help, std::string label, Gauge gauge) {
  const std::lock_guard lock(mutex_);
  gauges_.push_back({std::move(name), std::move(help), std::move(label), std::move(gauge)});
}

std::string Metrics::text() const {
  std::string text;
  std::vector<GaugeInfo> gauges;
  {
    const std::lock_guard lock(mutex_);
    gauges = gauges_;
    for (const Info& info : kCounters) {
      add_head(text, info.name, info.help, "counter");
      const auto series = counters_.find(info.name);
      if (series == counters_.end()) continue;
      for (const auto& [labels, value] : series->second)
        text += fmt::format("{}{} {}\n", info.name, braces(labels), value);
    }
    for (const Info& info : kHistograms) {
      add_head(text, info.name, info.help, "histogram");
      const auto series = histograms_.find(info.name);
      if (series == histograms_.end()) continue;
      for (const auto& [labels, histogram] : series->second) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
          count += histogram.counts[i];
          const std::string bound = i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf";
          text += fmt::format("{}_bucket{} {}\n", info.name, with_bound(labels, bound), count);
        }
        text += fmt::format("{0}_sum{1} {2}\n{0}_count{1} {3}\n", info.name, braces(labels), histogram.sum, count);
      }
    }
  }
  for (const GaugeInfo& info : gauges) {
    try {
      const auto values = info.gauge();
      add_head(text, info.name, info.help, "gauge");
      for (const auto& [label, value] : values) {
        const std::string labels = info.label.empty() ? label : fmt::format("{}=\"{}\"", info.label, label);
        text += fmt::format("{}{} {}\n", info.name, braces(labels), value);
      }
    } catch (const std::exception&) {
      log::detail("a gauge could not be read");
    }
  }
  return text;
}

}  // namespace naru::server
