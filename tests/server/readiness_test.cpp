#include "server/readiness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/server/support/wait_until.h"

namespace naru::server::test {
namespace {

using namespace std::chrono_literals;

/// The code that it is refused with; empty where the server is ready.
std::string trouble_of(const Readiness& readiness) {
  try {
    readiness.require();
    return "";
  } catch (const Error& error) {
    return std::string(name(error.code()));
  }
}

TEST(Readiness, SaysWhatTheLastLookFound) {
  std::atomic<bool> is_full = true;
  const Readiness readiness(
      [&] {
        if (is_full) throw Error(ErrorCode::disk_full, "full");
      },
      1ms, 1h);
  EXPECT_TRUE(wait_until([&] { return trouble_of(readiness) == "disk_full"; }));
  is_full = false;
  EXPECT_TRUE(wait_until([&] { return trouble_of(readiness).empty(); }));
  is_full = true;
  EXPECT_TRUE(wait_until([&] { return trouble_of(readiness) == "disk_full"; }));
}

TEST(Readiness, DoesNotWaitForALookThatHangs) {
  std::atomic<bool> hangs = false;
  const auto look = [&] { hangs.wait(true); };
  const Readiness readiness(look, 1ms, 20ms);
  EXPECT_TRUE(wait_until([&] { return trouble_of(readiness).empty(); }));
  hangs = true;
  EXPECT_TRUE(wait_until([&] { return trouble_of(readiness) == "store_unavailable"; }));
  hangs = false;
  hangs.notify_all();
  EXPECT_TRUE(wait_until([&] { return trouble_of(readiness).empty(); }));
}

TEST(Readiness, IsNotReadyBeforeTheFirstLookHasEnded) {
  std::atomic<bool> waits = true;
  const Readiness readiness([&] { waits.wait(true); }, 1ms, 1h);
  EXPECT_EQ(trouble_of(readiness), "store_unavailable");
  waits = false;
  waits.notify_all();
  EXPECT_TRUE(wait_until([&] { return trouble_of(readiness).empty(); }));
}

}  // namespace
}  // namespace naru::server::test
