#include "pipeline/pixels/text_device.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/error.h"
#include "pipeline/pixels/text_detector.h"
#include "tests/pipeline/pixels/burned_picture.h"

namespace naru {
namespace {

using test::Picture;

class TextDeviceTest : public ::testing::Test {
 protected:
  TextDeviceTest() {
    const Picture picture = Picture().write("KIM 19800101", 70, 120);
    values_.assign(picture.values.begin(), picture.values.end());
    TextDevice here;
    on_this_thread_ = map_on(here);
  }

  VolumeView<const float> slice() const { return {values_.data(), {Picture::kSize, Picture::kSize, 1}}; }
  std::vector<float> map_on(TextDevice& device) const {
    return device.probability(TextDetector::built_in().network(), slice(), {{0, 0, 0}, {1000, 1000, 1000}});
  }

  std::vector<float> values_, on_this_thread_;
};

TEST_F(TextDeviceTest, UsesAStreamAgain) {
  int made = 0;
  TextDevice device([&] { return ++made, Executor::cpu(1); });
  for (int n = 0; n < 3; ++n) EXPECT_EQ(map_on(device), on_this_thread_);
  EXPECT_EQ(made, 1);
}

TEST_F(TextDeviceTest, ServesThreadsSideBySide) {
  constexpr int kThreads = 3;
  std::atomic<int> made = 0, same = 0;
  TextDevice device([&] { return ++made, Executor::cpu(1); });
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < kThreads; ++n) {
      threads.emplace_back([&] { same += map_on(device) == on_this_thread_ && map_on(device) == on_this_thread_; });
    }
  }
  EXPECT_EQ(same, kThreads);
  EXPECT_LE(made, kThreads);
}

TEST_F(TextDeviceTest, GivesWayToTheThreadForGoodWhereTheDeviceFails) {
  int tried = 0;
  TextDevice device([&]() -> Executor { throw Error(ErrorCode::device_unavailable, std::to_string(++tried)); });
  for (int n = 0; n < 2; ++n) EXPECT_EQ(map_on(device), on_this_thread_);
  EXPECT_EQ(tried, 1);
}

TEST_F(TextDeviceTest, TriesTheDeviceAgainWhereItLackedMemory) {
  int tried = 0;
  TextDevice device([&]() -> Executor {
    if (++tried == 1) throw Error(ErrorCode::memory_exceeded, "full");
    return Executor::cpu(1);
  });
  for (int n = 0; n < 3; ++n) EXPECT_EQ(map_on(device), on_this_thread_);
  EXPECT_EQ(tried, 2);
}

TEST_F(TextDeviceTest, HidesNoOtherFailure) {
  TextDevice device([]() -> Executor { throw Error(ErrorCode::internal, "a defect"); });
  EXPECT_THROW(map_on(device), Error);
}

TEST_F(TextDeviceTest, DecidesTheSameOnTheDevice) {
  TextDevice device([] { return Executor::cpu(1); });
  const auto& detector = TextDetector::built_in();
  const auto here = detector.find(slice(), {}), there = detector.find(slice(), {}, {}, device);
  ASSERT_FALSE(here.empty());
  ASSERT_EQ(there.size(), here.size());
  for (std::size_t n = 0; n < here.size(); ++n) {
    EXPECT_EQ(there[n].region.x, here[n].region.x);
    EXPECT_EQ(there[n].region.pixel_count, here[n].region.pixel_count);
    EXPECT_EQ(there[n].log_odds, here[n].log_odds);
  }
}

}  // namespace
}  // namespace naru
