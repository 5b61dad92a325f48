/// What is counted for the operator, in Prometheus' text format (version 0.0.4).
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

/// Labels of one series, e.g. {{"code", "not_found"}}. Values are words of ours, never what clients sent.
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Metrics {
 public:
  /// Adds to a counter. `name` is one of the table in metrics.cpp, which says what it means.
  void add(std::string_view name, Labels labels, double amount = 1);

  /// Adds one observation to a histogram of seconds.
  void observe_seconds(std::string_view name, Labels labels, double seconds);

  /// A gauge that is asked for when somebody looks: label text → value.
  using Gauge = std::function<std::vector<std::pair<std::string, double>>()>;
  void add_gauge(std::string name, std::string help, std::string label, Gauge gauge);

  /// Everything. A gauge that throws is left out: metrics are there when the database is not.
  std::string text() const;

 private:
  struct Histogram {
    std::vector<std::uint64_t> counts;
    double sum = 0;
  };
  struct GaugeInfo {
    std::string name, help, label;
    Gauge gauge;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, double>, std::less<>> counters_;
  std::map<std::string, std::map<std::string, Histogram>, std::less<>> histograms_;
  std::vector<GaugeInfo> gauges_;
};

}  // namespace naru::server
