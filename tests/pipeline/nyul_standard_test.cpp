#include "pipeline/nyul_standard.h"

#include <cstring>

#include "pipeline/outputs/nifti.h"
#include "tests/pipeline/prepare_job.h"

namespace naru::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHead = "schema = \"naru.recipe/1\"\nname = \"t\"\n[select]\nmodality = [\"MR\"]\n";
constexpr int kSize = 32, kSlices = 6;

/// Tissue of growing brightness around a brighter middle, in a dark background. `patient` changes the anatomy.
std::string voxels_of(int patient, int slice) {
  std::string bytes;
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      const int away = (x - 16) * (x - 16) + (y - 16 + patient % 3) * (y - 16 + patient % 3);
      const int value = away < 25 ? 900 + 3 * x : away < 150 ? 300 + 9 * y + slice + 5 * patient : (x * y) % 7;
      bytes += static_cast<char>(value & 0xFF);
      bytes += static_cast<char>(value >> 8);
    }
  }
  return bytes;
}

class NyulStandardTest : public PrepareJobTest {
 protected:
  /// One MR series, brightened by a scanner as the rescale says.
  void put_mr(int patient, const std::string& slope, const std::string& intercept, const std::string& name = "") {
    for (int n = 0; n < kSlices; ++n) {
      SliceBytes slice = slice_of("P" + std::to_string(patient), n + 1);
      slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4").text(0x00080060, "CS", "MR");
      slice.number(0x00280010, kSize).number(0x00280011, kSize).number(0x00280103, 0);
      if (!name.empty()) slice.text(0x00100010, "PN", name);
      slice.text(0x00281053, "DS", slope).text(0x00281052, "DS", intercept);
      slice.text(0x00200032, "DS", "0\\0\\" + std::to_string(2 * n)).raw(0x7FE00010, "OW", voxels_of(patient, n));
      spill(folder_ / "in" / ("P" + std::to_string(patient)) / std::to_string(n), slice.bytes());
    }
  }

  void use(const std::string& intensity) {
    options_.recipe = parse_recipe(std::string(kHead) + "[output]\ncompression = \"none\"\n" + intensity, "test");
  }

  std::vector<float> voxels_at(const fs::path& out, const Json& line) {
    const auto image = read_nifti(out / line["image"].get<std::string>(), 1 << 24).image;
    std::vector<float> values(image->voxels.size() / sizeof(float));
    std::memcpy(values.data(), image->voxels.data(), image->voxels.size());
    return values;
  }

  static const Json& normalize_step(const Json& line) {
    for (const Json& step : line["steps"]) {
      if (step["op"] == "normalize") return step;
    }
    throw std::runtime_error("no step normalises");
  }
};

constexpr const char* kNyul = "[intensity]\nnormalize = \"nyul\"\n";

TEST_F(NyulStandardTest, BringsScannersOfDifferentGainToOneScale) {
  put_mr(3, "1", "0");
  put_mr(6, "2.5", "0");  // the same anatomy but for 15 units, brightened
  use(kNyul);
  run();
  const auto lines = manifest();
  ASSERT_EQ(lines.size(), 2U);
  const auto a = voxels_at(options_.out, lines[0]), b = voxels_at(options_.out, lines[1]);
  double apart = 0;
  for (std::size_t v = 0; v < a.size(); ++v) apart = std::max(apart, static_cast<double>(std::abs(a[v] - b[v])));
  EXPECT_LT(apart, 4);  // of a scale of 100, where units are up to 1,500 apart
  EXPECT_GT(*std::ranges::max_element(a), 99);
  const Json dataset = Json::parse(slurp(options_.out / "dataset.json"));
  for (const Json& line : lines) {
    const Json& step = normalize_step(line);
    EXPECT_EQ(step["method"], "nyul");
    EXPECT_EQ(step["foreground"], "mean");
    EXPECT_EQ(step["standard_scale"], dataset["nyul"]["standard_scale"]);
    EXPECT_EQ(line["dtype"], "float32");
    EXPECT_TRUE(line["units"].is_null());
  }
  EXPECT_EQ(dataset["nyul"]["percentiles"].size(), 11U);
  EXPECT_EQ(dataset["nyul"]["standard_scale"][0], 0);
  EXPECT_EQ(dataset["nyul"]["standard_scale"][10], 100);
}

TEST_F(NyulStandardTest, OnlyTheTrainingPartTeaches) {
  for (int patient = 0; patient < 12; ++patient) put_mr(patient, std::to_string(1 + patient), "10");
  use(std::string(kNyul) + "[split]\ntrain = 0.5\nval = 0.2\ntest = 0.3\n");
  run();
  std::vector<NyulLandmarks> taught;
  const auto lines = manifest();
  for (const Json& line : lines) {
    if (line["split"] == "train") taught.push_back(normalize_step(line)["landmarks"].get<NyulLandmarks>());
  }
  ASSERT_GT(taught.size(), 1U);
  ASSERT_LT(taught.size(), lines.size());
  const auto expected = nyul_standard(taught);
  const auto stated = normalize_step(lines[0])["standard_scale"].get<NyulLandmarks>();
  for (std::size_t i = 0; i < stated.size(); ++i) EXPECT_NEAR(stated[i], (*expected)[i], 1e-9);
}

TEST_F(NyulStandardTest, TheLearnedScaleGivesTheSameVoxelsToOneCaseAlone) {
  put_mr(1, "1", "0");
  put_mr(2, "3", "7");
  use(kNyul);
  run();
  const auto lines = manifest();
  const Json scale = normalize_step(lines[0])["standard_scale"];
  std::map<std::string, std::vector<float>> together;
  for (const Json& line : lines) together[line["case"]] = voxels_at(options_.out, line);
  fs::remove_all(folder_ / "in/P1");
  options_.out = folder_ / "alone";
  use(std::string(kNyul) + "nyul_landmarks = " + scale.dump() + "\n");
  run();
  const auto alone = manifest();
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(voxels_at(options_.out, alone[0]), together.at(alone[0]["case"]));
}

TEST_F(NyulStandardTest, GivesTheSameBytesAgainAndAfterAnInterruption) {
  for (int patient = 0; patient < 6; ++patient) put_mr(patient, std::to_string(1 + patient), "0");
  use(kNyul);
  run();
  const auto expected = contents(options_.out);
  options_.out = folder_ / "again";
  Executor executor = Executor::cpu(2);
  std::istringstream no_input;
  const ProjectKey key = ProjectKey::load(folder_ / "k.key");
  CancelToken cancel;
  const auto stop_after_one = [&](const Progress& progress) {
    if (progress.stage == "preparing volumes" && progress.done == 1) cancel.cancel();
  };
  EXPECT_THROW(prepare(options_, key, executor, no_input, cancel, stop_after_one), Error);
  options_.on_existing = OnExisting::resume;
  const std::size_t resumed_count = run().resumed_count;
  EXPECT_GE(resumed_count, 1U);
  EXPECT_LE(resumed_count, 4U);  // three more may have been in the making
  EXPECT_EQ(contents(options_.out), expected);
}

TEST_F(NyulStandardTest, APatientMayBeCalledLikeAMethod) {
  put_mr(1, "1", "0", "Otsu^Nyul");
  for (const char* method : {"zscore", "nyul"}) {
    use(std::string("[intensity]\nnormalize = \"") + method + "\"\n");
    EXPECT_EQ(run().case_count, 1U) << method;
    options_.out = folder_ / "next";
  }
}

TEST_F(NyulStandardTest, SaysSoWhereNoCaseTeaches) {
  put_mr(1, "1", "0");
  use(std::string(kNyul) + "[split]\ntrain = 0\nval = 1\ntest = 0\n");
  try {
    run();
    FAIL() << "nothing was learned";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::recipe_invalid);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("nyul_landmarks"));
    EXPECT_THAT(error.what(), ::testing::StartsWith("recipe test:8:13: "));
  }
  EXPECT_FALSE(fs::exists(options_.out));
}

}  // namespace
}  // namespace naru::test
