#include "server/maintenance.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace naru::server::test {
namespace {

using namespace std::chrono_literals;

/// Until `count` comes to `least`; a hang is the test's failure by its time-out.
void wait_for(const std::atomic<int>& count, int least) {
  while (count < least) std::this_thread::sleep_for(1ms);
}

TEST(Maintenance, RunsEveryTaskAgainAndAgain) {
  std::atomic<int> first = 0, second = 0;
  {
    const Maintenance maintenance({{"a", 1ms, [&] { ++first; }}, {"b", 2ms, [&] { ++second; }}});
    wait_for(first, 3);
    wait_for(second, 3);
  }
  const int at_end = first;
  std::this_thread::sleep_for(10ms);
  EXPECT_EQ(first, at_end) << "nothing runs once it is gone";
}

TEST(Maintenance, GoesOnAfterATaskThatThrows) {
  std::atomic<int> bad = 0, good = 0;
  const Maintenance maintenance(
      {{"bad", 1ms, [&] { ++bad, throw std::runtime_error("no"); }}, {"good", 1ms, [&] { ++good; }}});
  wait_for(bad, 2);
  wait_for(good, 2);
}

}  // namespace
}  // namespace naru::server::test
