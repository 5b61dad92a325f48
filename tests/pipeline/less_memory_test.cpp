#include "pipeline/less_memory.h"

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
    return with_less_memory(
        slices, can_be_slabbed, [&](const Attempt& attempt) { return make(attempt); }, [](const Attempt&) {});
  }
};

TEST(LessMemory, TriesOnceWhereMemoryIsEnough) {
  Device device{300};
  EXPECT_EQ(device.run(300), "device");
  EXPECT_THAT(device.tried, ElementsAre(300));
}

TEST(LessMemory, TakesThinnerSlabsUntilTheyFit) {
  Device device{20};
  EXPECT_EQ(device.run(300), "device");
  EXPECT_THAT(device.tried, ElementsAre(300, 75, 18));
}

TEST(LessMemory, EndsOnTheCpuInsteadOfFailing) {
  Device device{0};
  EXPECT_EQ(device.run(7), "cpu");
  EXPECT_THAT(device.tried, ElementsAre(7, 1, -1));
  EXPECT_EQ(Device{0}.run(1), "cpu");
}

TEST(LessMemory, MakesWhatNeedsWholeVolumesOnTheCpuAtOnce) {
  Device device{20};
  EXPECT_EQ(device.run(300, false), "cpu");
  EXPECT_THAT(device.tried, ElementsAre(300, -1));
}

TEST(LessMemory, PassesOnWhatTheCpuLacks) {
  Device device{0, false};
  EXPECT_THROW(device.run(4), Error);
  EXPECT_THAT(device.tried, ElementsAre(4, 1, -1));
}

TEST(LessMemory, DoesNotTryAgainForAnotherReason) {
  int tried = 0;
  const auto fail = [&](const Attempt&) -> int {
    ++tried;
    throw Error(ErrorCode::disk_full, "as if");
  };
  EXPECT_THROW(with_less_memory(8, true, fail, [](const Attempt&) {}), Error);
  EXPECT_EQ(tried, 1);
}

TEST(LessMemory, SaysWhatItTriesNext) {
  std::vector<bool> on_cpu;
  Device device{0};
  with_less_memory(
      4, true, [&](const Attempt& attempt) { return device.make(attempt); },
      [&](const Attempt& next) { on_cpu.push_back(next.on_cpu); });
  EXPECT_THAT(on_cpu, ElementsAre(false, true));
}

}  // namespace
}  // namespace naru
