#include "cli/command.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/temp_folder.h"

namespace naru::cli {
namespace {

using ::testing::HasSubstr;

TEST(DeviceAuto, SaysWhyItTakesTheCpu) {
  CudaStatus status;
  EXPECT_THAT(std::string(why_cpu(status)), HasSubstr("without CUDA"));
  status.built_in = true;
  EXPECT_THAT(std::string(why_cpu(status)), HasSubstr("driver"));
  status.driver_version = 12020, status.runtime_version = 13000;
  EXPECT_THAT(std::string(why_cpu(status)), HasSubstr("older"));
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

/// As the server asks for it: the GPU of a number, and where it cannot be used another one or the CPU.
TEST(DeviceAuto, TakesANumberAndNeverFails) {
  if (why_cpu(cuda_status()).empty()) GTEST_SKIP() << "this machine has a GPU";
  ::testing::internal::CaptureStderr();
  MachineOptions options;
  options.device = "auto:3";
  EXPECT_FALSE(make_executor(options).is_cuda());
  ::testing::internal::GetCapturedStderr();
  for (const char* device : {"auto:", "auto:x", "auto:-1", "cpu:1", "cuda:1x", "", "gpu"}) {
    options.device = device;
    EXPECT_THROW(make_executor(options), Error) << device;
  }
}

/// As load_recipe does: an OUT may be called as the recipe that made it.
TEST(OptionsToRepeat, TakesTheNameOfABuiltInBeforeAPath) {
  const test::TempFolder folder;
  std::filesystem::create_directories(folder / "ct-1mm");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto builtin = options_to_repeat("ct-1mm", "", "", "default", "", {});
  const auto file = options_to_repeat("my.toml", "", "", "default", "", {});
  std::filesystem::current_path(before);
  EXPECT_EQ(builtin, (std::vector<std::string>{"--recipe", "ct-1mm"}));
  ASSERT_EQ(file.size(), 2U);
  EXPECT_TRUE(std::filesystem::path(file[1]).is_absolute());
}

TEST(OptionsToRepeat, KeepsTheRecordAndTheMachineThatWereGiven) {
  EXPECT_EQ(options_to_repeat("", "", "", "default", "", {}), std::vector<std::string>());
  EXPECT_EQ(
      options_to_repeat("", "/r", "/record.toml", "lung", "/k", {.device = "cpu", .threads = 2, .memory = "4GiB"}),
      (std::vector<std::string>{"--report", "/r", "--record", "/record.toml", "--project", "lung", "--key-file", "/k",
                                "--device", "cpu", "--threads", "2", "--memory", "4GiB"}));
  const auto relative = options_to_repeat("", "", "record.toml", "default", "", {});
  ASSERT_EQ(relative.size(), 2U);
  EXPECT_TRUE(std::filesystem::path(relative[1]).is_absolute());
}

}  // namespace
}  // namespace naru::cli
