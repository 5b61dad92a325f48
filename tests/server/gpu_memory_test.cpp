#include "server/gpu_memory.h"

#include <gtest/gtest.h>

namespace naru::server::test {
namespace {

TEST(GpuMemory, IsWhatTheDriverSaysOfEachDevice) {
  const auto devices = gpu_memory(NARU_FAKE_NVML);
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0].used_bytes, 10000U);
  EXPECT_EQ(devices[0].total_bytes, 80000U);
  EXPECT_EQ(devices[1].used_bytes, 10001U);
  EXPECT_EQ(devices[1].total_bytes, 80001U);
}

}  // namespace
}  // namespace naru::server::test
