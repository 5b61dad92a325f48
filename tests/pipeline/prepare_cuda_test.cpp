// Whole jobs on an emulated device (tests/emulation): the same bytes as on the CPU, also where the device has little
// memory or fails in the midst of a job.

#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/pipeline/prepare_job.h"
#include "tests/support/phantom.h"

namespace naru {
namespace {

using test::Json;
using test::Picture;
using ::testing::Each;
using ::testing::HasSubstr;

class PrepareCudaTest : public test::PrepareJobTest {
 protected:
  PrepareCudaTest() {
    put_volume("P1", std::vector<Picture>(6));
    put_volume("P2", {Picture().write("KIM 19800101", 6, 8), Picture(), Picture(), Picture()});
  }
  ~PrepareCudaTest() override {
    for (const char* variable : {"NARU_EMULATED_BYTES", "NARU_EMULATED_LAUNCHES"}) ::unsetenv(variable);
  }

  void make_by(const std::string& body) {
    options_.recipe = parse_recipe("schema = \"naru.recipe/1\"\nname = \"t\"\n" + body, "test");
    options_.recipe->compression = Compression::none;
    options_.recipe->min_slices = 1;
  }

  /// The images' checksums, and the devices that made them.
  struct Made {
    std::vector<std::string> checksums, devices;
  };
  Made made_on(Executor executor, const std::string& out) {
    options_.out = folder_ / out;
    std::istringstream no_input;
    prepare(options_, ProjectKey::load(folder_ / "k.key"), executor, no_input, CancelToken(), [](const Progress&) {});
    Made made;
    for (const Json& line : manifest()) {
      made.checksums.push_back(line.at("sha256"));
      made.devices.push_back(line.at("device"));
    }
    return made;
  }
  Made made_on_cpu() { return made_on(Executor::cpu(2), "cpu"); }
  Made made_on_device() { return made_on(Executor::cuda(0, 1), "device"); }
};

TEST_F(PrepareCudaTest, MakesTheBytesOfTheCpu) {
  for (const char* recipe :
       {"[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n",
        "[orient]\naxes = \"ILP\"\n[intensity]\nnormalize = \"percentile\"\n[crop]\nforeground = true\n",
        "[resample]\nspacing_mm = [1.3, 0.9, 2]\ninterpolator = \"bspline\"\n"}) {
    make_by(recipe);
    const Made cpu = made_on_cpu(), device = made_on_device();
    EXPECT_EQ(device.checksums, cpu.checksums) << recipe;
    EXPECT_EQ(cpu.devices, (std::vector<std::string>{"cpu", "cpu"}));
    EXPECT_EQ(device.devices, (std::vector<std::string>{"cuda:emulated", "cuda:emulated"}));
    options_.on_existing = OnExisting::replace;
  }
}

/// Small slices: a network is slow here.
TEST_F(PrepareCudaTest, LooksForTextOnTheDevice) {
  test::PhantomOptions small;
  small.size = {64, 64, 3};
  test::write_series(small, folder_ / "small");
  options_.inputs = {(folder_ / "small").string()};
  make_by("[pixels]\ntext = \"redact\"\n");
  const Made cpu = made_on_cpu(), device = made_on_device();
  EXPECT_EQ(device.checksums, cpu.checksums);
  EXPECT_THAT(device.devices, Each("cuda:emulated"));
}

TEST_F(PrepareCudaTest, TakesSlabsOrTheCpuWhereTheDeviceHasLittleMemory) {
  make_by("[resample]\nspacing_mm = [1.3, 0.9, 2]\n");
  const Made cpu = made_on_cpu();
  ::setenv("NARU_EMULATED_BYTES", "1000000", 1);
  ::testing::internal::CaptureStderr();
  const Made slabs = made_on_device();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("made in slabs"));
  EXPECT_EQ(slabs.checksums, cpu.checksums);
  EXPECT_THAT(slabs.devices, Each("cuda:emulated"));
  options_.on_existing = OnExisting::replace;
  ::setenv("NARU_EMULATED_BYTES", "1000", 1);
  const Made none = made_on_device();
  EXPECT_EQ(none.checksums, cpu.checksums);
  EXPECT_THAT(none.devices, Each("cpu"));
}

TEST_F(PrepareCudaTest, GoesOnWithTheCpuWhereTheDeviceFails) {
  make_by("[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n[pixels]\ntext = \"redact\"\n");
  const Made cpu = made_on_cpu();
  for (const char* launches : {"0", "1", "8"}) {
    ::setenv("NARU_EMULATED_LAUNCHES", launches, 1);
    ::testing::internal::CaptureStderr();
    const Made made = made_on_device();
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("failed"));
    EXPECT_EQ(made.checksums, cpu.checksums) << launches;
    EXPECT_EQ(made.devices.back(), "cpu");
    ::unsetenv("NARU_EMULATED_LAUNCHES");
    options_.on_existing = OnExisting::replace;
  }
}

}  // namespace
}  // namespace naru
