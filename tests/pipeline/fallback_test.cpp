#include "pipeline/fallback.h"

#include <gmock/gmock.h>

#include <vector>

namespace naru {
namespace {

using ::testing::ElementsAre;

/// A device that holds slabs of so many slices, and what was tried on it.
struct Device {
  std::int64_t most_slices = 0;
  bool cpu_has_room = true;
  std::vector<std::int64_t> tried = {};  ///< -1: on the CPU

  std::string make(const Attempt& attempt) {
    tried.push_back(attempt.on_cpu ? -1 : attempt.slab_slices);
    if (attempt.on_cpu ? cpu_has_room : attempt.slab_slices <= most_slices) return attempt.on_cpu ? "cpu" : "device";
    throw Error(ErrorCode::memory_exceeded, "as if");
  }
  std::string run(std::int64_t slices, bool can_be_slabbed = true) {
    return with_fallback(
        {slices}, can_be_slabbed, [&](const Attempt& attempt) { return make(attempt); },
        [](const Attempt&, ErrorCode) {});
  }
};

TEST(Fallback, TriesOnceWhereMemoryIsEnough) {
  Device device{300};
  EXPECT_EQ(device.run(300), "device");
  EXPECT_THAT(device.tried, ElementsAre(300));
}

TEST(Fallback, TakesThinnerSlabsUntilTheyFit) {
  Device device{20};
  EXPECT_EQ(device.run(300), "device");
  EXPECT_THAT(device.tried, ElementsAre(300, 75, 18));
}

TEST(Fallback, EndsOnTheCpuInsteadOfFailing) {
  Device device{0};
  EXPECT_EQ(device.run(7), "cpu");
  EXPECT_THAT(device.tried, ElementsAre(7, 1, -1));
  EXPECT_EQ(Device{0}.run(1), "cpu");
}

TEST(Fallback, MakesWhatNeedsWholeVolumesOnTheCpuAtOnce) {
  Device device{20};
  EXPECT_EQ(device.run(300, false), "cpu");
  EXPECT_THAT(device.tried, ElementsAre(300, -1));
}

TEST(Fallback, TakesVolumesOneByOneBeforeThinnerSlabs) {
  std::vector<std::pair<std::int64_t, bool>> tried;
  const auto make = [&](const Attempt& attempt) -> int {
    tried.emplace_back(attempt.slab_slices, attempt.is_together);
    if (!attempt.on_cpu) throw Error(ErrorCode::memory_exceeded, "as if");
    return 1;
  };
  with_fallback({4, true}, true, make, [](const Attempt&, ErrorCode) {});
  EXPECT_THAT(tried, ElementsAre(std::pair(4, true), std::pair(4, false), std::pair(1, false), std::pair(4, true)));
}

TEST(Fallback, PassesOnWhatTheCpuLacks) {
  Device device{0, false};
  EXPECT_THROW(device.run(4), Error);
  EXPECT_THAT(device.tried, ElementsAre(4, 1, -1));
}

TEST(Fallback, DoesNotTryAgainForAnotherReason) {
  int tried = 0;
  const auto fail = [&](const Attempt&) -> int {
    ++tried;
    throw Error(ErrorCode::disk_full, "as if");
  };
  EXPECT_THROW(with_fallback({8}, true, fail, [](const Attempt&, ErrorCode) {}), Error);
  EXPECT_EQ(tried, 1);
}

TEST(Fallback, SaysWhatItTriesNext) {
  std::vector<bool> on_cpu;
  Device device{0};
  with_fallback(
      {4}, true, [&](const Attempt& attempt) { return device.make(attempt); },
      [&](const Attempt& next, ErrorCode reason) {
        EXPECT_EQ(reason, ErrorCode::memory_exceeded);
        on_cpu.push_back(next.on_cpu);
      });
  EXPECT_THAT(on_cpu, ElementsAre(false, true));
}

TEST(Fallback, MakesOnTheCpuAtOnceWhatADeviceFailsAt) {
  std::vector<std::int64_t> tried;
  const auto make = [&](const Attempt& attempt) -> std::string {
    tried.push_back(attempt.on_cpu ? -1 : attempt.slab_slices);
    if (!attempt.on_cpu) throw Error(ErrorCode::device_unavailable, "as if");
    EXPECT_EQ(attempt.slab_slices, 300);
    return "cpu";
  };
  std::vector<ErrorCode> reasons;
  EXPECT_EQ(with_fallback({300}, true, make, [&](const Attempt&, ErrorCode reason) { reasons.push_back(reason); }),
            "cpu");
  EXPECT_THAT(tried, ElementsAre(300, -1));
  EXPECT_THAT(reasons, ElementsAre(ErrorCode::device_unavailable));
}

TEST(Fallback, MayFailAfterItLackedMemory) {
  int tried = 0;
  const auto make = [&](const Attempt& attempt) -> std::string {
    if (attempt.on_cpu) return "cpu";
    throw Error(++tried == 1 ? ErrorCode::memory_exceeded : ErrorCode::device_unavailable, "as if");
  };
  EXPECT_EQ(with_fallback({300}, true, make, [](const Attempt&, ErrorCode) {}), "cpu");
  EXPECT_EQ(tried, 2);
}

}  // namespace
}  // namespace naru
