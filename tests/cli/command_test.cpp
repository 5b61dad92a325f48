#include "cli/command.h"

#include <gmock/gmock.h>

namespace naru::cli {
namespace {

using ::testing::HasSubstr;

TEST(DeviceAuto, SaysWhyItTakesTheCpu) {
  CudaStatus status;
  EXPECT_THAT(std::string(why_cpu(status)), HasSubstr("without CUDA"));
  status.built_in = true;
  EXPECT_THAT(std::string(why_cpu(status)), HasSubstr("driver"));
  status.driver_version = 13000;
  EXPECT_THAT(std::string(why_cpu(status)), HasSubstr("no GPU"));
  status.devices.push_back({});
  EXPECT_EQ(why_cpu(status), "");
}

TEST(DeviceAuto, RunsOnTheCpuWithOneLineWhereThereIsNoGpu) {
  if (why_cpu(cuda_status()).empty()) GTEST_SKIP() << "this machine has a GPU";
  ::testing::internal::CaptureStderr();
  const Executor executor = make_executor({});
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_FALSE(executor.is_cuda());
  EXPECT_THAT(said, HasSubstr("--device auto: running on cpu (" + std::string(why_cpu(cuda_status())) + ")"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
}

}  // namespace
}  // namespace naru::cli
