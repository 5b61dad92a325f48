// Whole jobs on an emulated device (tests/emulation): the same bytes as on the CPU, also where the device has little
// memory or fails in the midst of a job.

#include <gmock/gmock.h>

#include <cstdlib>
#include <random>

#include "tests/emulation/cuda_runtime_api.h"
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
    result_ = prepare(options_, ProjectKey::load(folder_ / "k.key"), executor, no_input, CancelToken(),
                      [](const Progress&) {});
    Made made;
    for (const Json& line : manifest()) {
      made.checksums.push_back(line.at("sha256"));
      made.devices.push_back(line.at("device"));
    }
    return made;
  }
  PrepareResult result_;  ///< of the last job
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

/// A series of small volumes of different values, one after the other in time.
class PrepareSequenceTest : public PrepareCudaTest {
 protected:
  PrepareSequenceTest() { options_.inputs = {(folder_ / "series").string()}; }

  /// @param along_x slices lie behind each other from left to right, else from foot to head
  void put_series(int volumes, bool along_x = false) {
    std::filesystem::remove_all(folder_ / "series");
    constexpr int kColumns = 21, kRows = 18, kSlices = 5;
    std::mt19937 random(7);
    for (int n = 0; n < volumes * kSlices; ++n) {
      test::SliceBytes slice = test::slice_of("P3", n + 1);
      slice.number(0x00280010, kRows).number(0x00280011, kColumns).number(0x00280103, 0);
      slice.number(0x00280101, 12).number(0x00280102, 11);
      slice.text(0x00200100, "IS", std::to_string(n / kSlices + 1));  // Temporal Position Identifier
      const std::string at = std::to_string(3 * (n % kSlices));
      slice.text(0x00200032, "DS", along_x ? at + "\\0\\0" : "0\\0\\" + at);
      if (along_x) slice.text(0x00200037, "DS", "0\\1\\0\\0\\0\\-1");
      std::vector<int> values(kColumns * kRows);
      for (int& value : values) value = static_cast<int>(random() % 4000);
      slice.raw(0x7FE00010, "OW", test::bytes_of(values, 2));
      test::spill(folder_ / "series" / std::to_string(n), slice.bytes());
    }
  }
};

TEST_F(PrepareSequenceTest, IsMadeTogetherToTheBytesOfTheCpu) {
  for (const char* recipe :
       {"[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n",
        "[orient]\naxes = \"ILP\"\n[intensity]\nnormalize = \"percentile\"\n[crop]\nforeground = true\n",
        "[resample]\nspacing_mm = [1.3, 0.9, 2]\ninterpolator = \"bspline\"\nconvention = \"nnunet\"\n",
        "[resample]\nspacing_mm = [1.3, 0.9, 2]\nconvention = \"monai\"\n"
        "[intensity]\nclip = [50, 3000]\nclip_when = \"before\"\nnormalize = \"window\"\n"}) {
    for (const bool along_x : {false, true}) {
      for (const int volumes : {2, 7}) {
        put_series(volumes, along_x);
        make_by(recipe);
        const Made cpu = made_on_cpu(), device = made_on_device();
        EXPECT_EQ(device.checksums.size(), 1u) << recipe;
        EXPECT_EQ(device.checksums, cpu.checksums) << recipe << volumes << along_x;
        EXPECT_THAT(device.devices, Each("cuda:emulated"));
        options_.on_existing = OnExisting::replace;
      }
    }
  }
}

TEST_F(PrepareSequenceTest, NeedsNoMoreLaunchesAndWaitsThanOneVolume) {
  make_by("[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n");
  std::vector<std::pair<long long, long long>> asked;
  for (const int volumes : {1, 2, 9}) {
    put_series(volumes);
    const emulation::Counts before = emulation::counts();
    made_on_device();
    const emulation::Counts after = emulation::counts();
    asked.emplace_back(after.launches - before.launches, after.waits - before.waits);
    options_.on_existing = OnExisting::replace;
  }
  EXPECT_THAT(asked, Each(asked.front()));
  // Histogram and resampling; to the device, the histogram, the result, back from the device, and what is freed then.
  EXPECT_EQ(asked.front(), std::pair(2LL, 5LL));
}

TEST_F(PrepareSequenceTest, IsMadeInSmallerGroupsWhereMemoryIsShort) {
  make_by("[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n");
  constexpr int kVolumes = 40, kFiles = 5 * kVolumes;
  put_series(kVolumes);
  const Made together = made_on_device();
  const std::uint64_t limit = result_.memory_used_bytes - 1;
  constexpr std::uint64_t kMuch = std::uint64_t{1} << 40;
  options_.memory_limit_bytes = limit + kMuch - memory_beside_headers(kMuch, kFiles);
  options_.on_existing = OnExisting::replace;
  const emulation::Counts before = emulation::counts();
  EXPECT_EQ(made_on_device().checksums, together.checksums);
  EXPECT_LE(result_.memory_used_bytes, limit);
  const long long launches = emulation::counts().launches - before.launches;
  EXPECT_GT(launches, 2);
  EXPECT_LT(launches, kVolumes);
}

TEST_F(PrepareSequenceTest, IsMadeVolumeByVolumeWhereTheDeviceHasNotTheMemory) {
  make_by("[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n");
  put_series(40);
  const Made cpu = made_on_cpu();
  ::setenv("NARU_EMULATED_BYTES", "600000", 1);  // for the histogram, and some volumes
  ::testing::internal::CaptureStderr();
  const Made device = made_on_device();
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("made volume by volume"));
  EXPECT_THAT(said, Not(HasSubstr("in slabs")));
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

/// Last in this file: a device that was lost gives no memory back.
class PrepareLostDeviceTest : public PrepareSequenceTest {
 protected:
  void expect_bytes_of_the_cpu_after(std::initializer_list<const char*> launches) {
    const Made cpu = made_on_cpu();
    for (const char* count : launches) {
      ::setenv("NARU_EMULATED_LAUNCHES", count, 1);
      ::testing::internal::CaptureStderr();
      const Made made = made_on_device();
      EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("failed"));
      EXPECT_EQ(made.checksums, cpu.checksums) << count;
      EXPECT_EQ(made.devices.back(), "cpu");
      ::unsetenv("NARU_EMULATED_LAUNCHES");
      (void)cudaGetLastError();  // the device is there again, and counts anew
      options_.on_existing = OnExisting::replace;
    }
  }
};

TEST_F(PrepareLostDeviceTest, GoesOnWithTheCpu) {
  options_.inputs = {(folder_ / "in").string()};
  make_by("[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n[pixels]\ntext = \"redact\"\n");
  expect_bytes_of_the_cpu_after({"0", "1", "8"});
}

TEST_F(PrepareLostDeviceTest, GoesOnWithTheCpuInASeries) {
  put_series(9);
  make_by("[resample]\nspacing_mm = [1.3, 0.9, 2]\n[intensity]\nnormalize = \"zscore\"\n");
  expect_bytes_of_the_cpu_after({"0", "1"});
}

}  // namespace
}  // namespace naru
