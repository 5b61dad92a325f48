#include "pipeline/device_name.h"

#include <gtest/gtest.h>

namespace naru {
namespace {

TEST(ParseDeviceName, KnowsTheCpuAGpuAndEitherOne) {
  using Kind = DeviceName::Kind;
  EXPECT_EQ(parse_device_name("auto"), (DeviceName{Kind::automatic, std::nullopt}));
  EXPECT_EQ(parse_device_name("auto:3"), (DeviceName{Kind::automatic, 3}));
  EXPECT_EQ(parse_device_name("cpu"), (DeviceName{Kind::cpu, std::nullopt}));
  EXPECT_EQ(parse_device_name("cuda"), (DeviceName{Kind::cuda, std::nullopt}));
  EXPECT_EQ(parse_device_name("cuda:0"), (DeviceName{Kind::cuda, 0}));
  EXPECT_EQ(parse_device_name("cuda:12"), (DeviceName{Kind::cuda, 12}));
}

TEST(ParseDeviceName, TakesNothingElse) {
  for (const char* text : {"", "gpu", "CUDA", "cudax", "cuda:", "cuda:x", "cuda:1x", "cuda: 1", "cuda:+1", "cuda:-1",
                           "cuda:99999999999", "auto:", "cpu:0", "cpu ", " cpu", ":1"}) {
    EXPECT_EQ(parse_device_name(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace naru
