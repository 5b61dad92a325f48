#include "core/log.h"

#include <gtest/gtest.h>

#include <string>

namespace naru::test {
namespace {

/// What `write` leaves on stderr at `level`.
template <class Write>
std::string logged(LogLevel level, const Write& write) {
  log::set_level(level);
  testing::internal::CaptureStderr();
  write();
  log::set_level(LogLevel::normal);
  return testing::internal::GetCapturedStderr();
}

void write_all() {
  log::detail("detail {}", 1);
  log::info("info {}", 2);
  log::warning("warning {}", 3);
}

TEST(Log, ShowsWhatItsLevelAsksFor) {
  EXPECT_EQ(logged(LogLevel::quiet, write_all), "naru: warning 3\n");
  EXPECT_EQ(logged(LogLevel::normal, write_all), "naru: info 2\nnaru: warning 3\n");
  EXPECT_EQ(logged(LogLevel::verbose, write_all), "naru: detail 1\nnaru: info 2\nnaru: warning 3\n");
}

TEST(Log, WritesTextThatWasMarkedAsPublic) {
  const auto write = [] { log::info("{} found {:>6} times", Public{"gap"}, 12); };
  EXPECT_EQ(logged(LogLevel::normal, write), "naru: gap found     12 times\n");
}

TEST(Log, DoesNotCompileWithTextThatWasNotMarked) {
  static_assert(log::kMayBeLogged<int> && log::kMayBeLogged<const double&> && log::kMayBeLogged<Public>);
  static_assert(!log::kMayBeLogged<std::string> && !log::kMayBeLogged<const char*>);
  static_assert(!log::kMayBeLogged<std::string_view> && !log::kMayBeLogged<const char(&)[5]>);
}

}  // namespace
}  // namespace naru::test
