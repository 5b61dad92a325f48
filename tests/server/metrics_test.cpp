#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace naru::server::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CountersAddUpByTheirLabels) {
  Metrics metrics;
  metrics.add("naru_errors_total", {{"code", "not_found"}});
  metrics.add("naru_errors_total", {{"code", "not_found"}}, 2);
  metrics.add("naru_errors_total", {{"code", "gone"}});
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE naru_errors_total counter\nnaru_errors_total{code=\"gone\"} 1\n"
                                        "naru_errors_total{code=\"not_found\"} 3\n"));
}

TEST(Metrics, BucketsOfAHistogramHoldAllBelowTheirBound) {
  Metrics metrics;
  for (const double seconds : {0.1, 0.4, 100000.0}) metrics.observe_seconds("naru_work_seconds", {}, seconds);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("naru_work_seconds_bucket{le=\"0.1\"} 1\n")) << "a bound belongs to its bucket";
  EXPECT_THAT(text, HasSubstr("naru_work_seconds_bucket{le=\"0.5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("naru_work_seconds_bucket{le=\"28800\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("naru_work_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("naru_work_seconds_count 3\n"));
}

TEST(Metrics, AGaugeMayHaveSeveralLabels) {
  Metrics metrics;
  metrics.add_gauge("naru_two", "Two.", "", [] {
    return std::vector<std::pair<std::string, double>>{{"a=\"1\",b=\"2\"", 3}};
  });
  EXPECT_THAT(metrics.text(), HasSubstr("naru_two{a=\"1\",b=\"2\"} 3\n"));
}

TEST(Metrics, AreThereWhenTheDatabaseIsNot) {
  Metrics metrics;
  metrics.add_gauge("naru_broken", "Throws.", "",
                    []() -> std::vector<std::pair<std::string, double>> { throw std::runtime_error("away"); });
  metrics.add_gauge("naru_well", "Works.", "", [] { return std::vector<std::pair<std::string, double>>{{"", 4}}; });
  EXPECT_THAT(metrics.text(), HasSubstr("naru_well 4\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("naru_broken")));
}

}  // namespace
}  // namespace naru::server::test
