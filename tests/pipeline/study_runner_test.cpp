#include "pipeline/study_runner.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <sstream>

#include "pipeline/prepare.h"
#include "pipeline/verify.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::Fault;
using test::PhantomOptions;

constexpr double kFifteenDegrees = 0.26179938779914946;

const std::string kNativeFloats = "schema = \"naru.recipe/1\"\nname = \"t\"\n[output]\ndtype = \"float32\"\n";

class StudyRunnerTest : public ::testing::Test {
 protected:
  StudyRunnerTest() {
    test::spill(folder_ / "k.key", std::string(64, '7'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
  }

  /// @param memory for volumes, beside the headers
  PrepareResult run(const std::string& recipe, std::uint64_t memory = std::uint64_t{1} << 30,
                    const std::string& out = "out") {
    PrepareOptions options;
    options.inputs = {(folder_ / "in").string()};
    options.out = folder_ / out;
    options.recipe = recipe.find('\n') == std::string::npos ? load_recipe(recipe) : parse_recipe(recipe, "test");
    constexpr std::uint64_t kMuch = std::uint64_t{1} << 40;
    const auto files = std::distance(fs::recursive_directory_iterator(folder_ / "in"), {});
    options.memory_limit_bytes = memory + kMuch - memory_beside_headers(kMuch, static_cast<std::size_t>(files));
    options.on_existing = OnExisting::replace;
    Executor executor = Executor::cpu(1);
    std::istringstream no_input;
    return prepare(options, ProjectKey::load(folder_ / "k.key"), executor, no_input, cancel_, [](const Progress&) {});
  }

  Json line(const std::string& out = "out") {
    return Json::parse(test::slurp(folder_ / out / "manifest.jsonl"));  // one case: one line
  }

  NiftiImage image(const std::string& out = "out") {
    return *read_nifti(folder_ / out / line(out)["image"].get<std::string>(), 1 << 28).image;
  }

  test::TempFolder folder_;
  CancelToken cancel_;
};

std::vector<double> values_of(const NiftiImage& image) {
  std::vector<double> values;
  const std::size_t count = image.voxels.size() / size_bytes(image.dtype);
  for (std::size_t v = 0; v < count; ++v) {
    float real = 0;
    std::int16_t whole = 0;
    if (image.dtype == DType::float32) std::memcpy(&real, image.voxels.data() + 4 * v, 4);
    if (image.dtype == DType::int16) std::memcpy(&whole, image.voxels.data() + 2 * v, 2);
    values.push_back(image.dtype == DType::float32 ? static_cast<double>(real) : whole);
  }
  return values;
}

/// The part of voxels (padding left out) that are within `tolerance` of the truth at their place, as the affine has it.
double part_that_is_true(const NiftiImage& image, const PhantomOptions& options, double tolerance, double padding) {
  const test::PhantomField truth(options);
  const Affine patient_from_voxel = affine_ras(image.affine_ras);
  const auto values = values_of(image);
  std::size_t good = 0, all = 0, v = 0;
  for (std::int64_t k = 0; k < image.size.z; ++k) {
    for (std::int64_t j = 0; j < image.size.y; ++j) {
      for (std::int64_t i = 0; i < image.size.x; ++i, ++v) {
        if (values[v] == padding) continue;
        ++all;
        const Vec3 at = patient_from_voxel({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        good += std::abs(values[v] - truth(at)) <= tolerance ? 1 : 0;
      }
    }
  }
  return all == 0 ? 0 : static_cast<double>(good) / static_cast<double>(all);
}

TEST_F(StudyRunnerTest, StraightensATiltOfEitherSignToWhereThePatientIs) {
  for (const double sign : {1.0, -1.0}) {
    PhantomOptions options;
    options.extra_step_mm = {0, sign * options.spacing_mm[2] * std::tan(kFifteenDegrees), 0};
    fs::remove_all(folder_ / "in");
    test::write_series(options, folder_ / "in");
    run(kNativeFloats);
    const Json manifest = line();
    EXPECT_EQ(manifest["findings"][0]["code"], "gantry_tilt");
    EXPECT_NEAR(manifest["findings"][0]["detail"]["degrees"].get<double>(), sign * 15, 1e-6);
    EXPECT_EQ(manifest["steps"][1]["op"], "straighten");
    const NiftiImage upright = image();
    const Grid grid{upright.size, affine_ras(upright.affine_ras)};
    EXPECT_LT(shear_mm(grid), 1e-3);
    EXPECT_NEAR(grid.spacing_mm()[2], 1.25, 1e-6);
    EXPECT_EQ(upright.size, (Size3{64, 64 + 8, 20}));  // 19 slices drift by 6.36 mm, which is 7.95 voxels
    EXPECT_GT(part_that_is_true(upright, options, 5, -1024), 0.96);
    Grid wrong = grid;  // as a reader has it that drops the shear
    wrong.patient_from_voxel.set_column(2, wrong.patient_from_voxel.column(2) + options.extra_step_mm);
    NiftiImage dropped = upright;
    dropped.affine_ras = affine_ras(wrong.patient_from_voxel);
    EXPECT_LT(part_that_is_true(dropped, options, 5, -1024), 0.9);
  }
}

TEST_F(StudyRunnerTest, KeepsATiltWhereTheRecipeSaysSo) {
  PhantomOptions options;
  options.extra_step_mm = {0, 0.3, 0};
  test::write_series(options, folder_ / "in");
  run("schema = \"naru.recipe/1\"\nname = \"t\"\n[geometry]\ntilt = \"keep\"\n");
  const NiftiImage sheared = image();
  EXPECT_EQ(sheared.size, (Size3{64, 64, 20}));
  EXPECT_EQ(sheared.dtype, DType::int16);
  EXPECT_EQ(part_that_is_true(sheared, options, 0.5 + 1e-6, -9999), 1);
}

TEST_F(StudyRunnerTest, FillsAGapLinearlyWhereTheRecipeSaysSo) {
  PhantomOptions options;
  options.fault = Fault::missing_slices;
  test::write_series(options, folder_ / "in");
  EXPECT_THROW(run("original-grid"), Error);
  run("schema = \"naru.recipe/1\"\nname = \"t\"\n[geometry]\ngap = \"interpolate\"\n");
  const NiftiImage filled = image();
  EXPECT_EQ(filled.size, options.size);
  EXPECT_EQ(line()["findings"][0]["action"], "interpolated");
  EXPECT_GT(part_that_is_true(filled, options, 3, -9999), 0.98);
  // A missing slice is the mean of its neighbours, exactly: no whole number where theirs differ by an odd one.
  EXPECT_EQ(filled.dtype, DType::float32);
  const auto values = values_of(filled);
  const std::size_t slice = 64 * 64, at = 4 * slice;
  for (std::size_t v = 0; v < slice; ++v) {
    ASSERT_EQ(values[at + v], (values[at - slice + v] + values[at + slice + v]) / 2);
  }
}

/// What a result begins far behind the first slice of the source: of a crop, and of slices much thicker than before.
TEST_F(StudyRunnerTest, MakesWhatBeginsFarBehindTheFirstSlice) {
  PhantomOptions options;
  options.size = {40, 40, 60};
  test::write_series(options, folder_ / "in");
  const std::string head = "schema = \"naru.recipe/1\"\nname = \"t\"\n";
  for (const char* how : {"[resample]\nspacing_mm = [1, 1, 1]\ninterpolator = \"bspline\"\n[crop]\nforeground = true\n",
                          "[resample]\nspacing_mm = [1, 1, 1]\nantialias = true\n[crop]\nforeground = true\n",
                          "[resample]\nspacing_mm = [1.3, 2.3, 33]\nconvention = \"nnunet\"\n",
                          "[resample]\nspacing_mm = [1.3, 2.3, 33]\ninterpolator = \"lanczos\"\n"}) {
    EXPECT_EQ(run(head + how).case_count, 1U) << how;
  }
}

/// Weights of which some do not add up to 1 take no intercept: units are what they weigh.
TEST_F(StudyRunnerTest, WeighsUnitsWhereWeightsDoNotAddUp) {
  const std::string recipe =
      "schema = \"naru.recipe/1\"\nname = \"t\"\n[resample]\nspacing_mm = [1, 1, 1]\nconvention = \"itk\"\n"
      "interpolator = \"lanczos\"\n[output]\ndtype = \"float32\"\n";
  PhantomOptions options;
  std::vector<std::vector<double>> results;
  for (const double intercept : {0.0, -1024.0}) {
    options.rescale = test::Rescale{1, intercept};
    fs::remove_all(folder_ / "in");
    test::write_series(options, folder_ / "in");
    run(recipe);
    results.push_back(values_of(image()));
  }
  ASSERT_EQ(results[0].size(), results[1].size());
  for (std::size_t v = 0; v < results[0].size(); ++v) ASSERT_NEAR(results[0][v], results[1][v], 2e-3) << v;
}

TEST_F(StudyRunnerTest, MakesOneCaseOfTwoPhases) {
  PhantomOptions options;
  options.fault = Fault::two_phases;
  test::write_series(options, folder_ / "in");
  EXPECT_EQ(run("original-grid").case_count, 1u);
  EXPECT_EQ(line()["shape"], (Json{64, 64, 20, 2}));
  EXPECT_EQ(line()["axis4"]["name"], "instance_order");
  EXPECT_EQ(line()["axis4"]["values"], (Json{0, 1}));
  NiftiImage both = image();
  EXPECT_EQ(both.volume_count, 2);
  both.voxels.resize(both.voxels.size() / 2);
  EXPECT_EQ(part_that_is_true(both, options, 0.5 + 1e-6, -9999), 1);
  Executor executor = Executor::cpu(1);
  EXPECT_THAT(verify(folder_ / "out", 1 << 30, executor, cancel_, [](const Progress&) {}).differences,
              ::testing::IsEmpty());
}

TEST_F(StudyRunnerTest, GivesNnUNetItsVolumesOneByOne) {
  PhantomOptions options;
  options.fault = Fault::two_phases;
  test::write_series(options, folder_ / "in");
  EXPECT_EQ(run("ct-nnunet").case_count, 2u);
}

TEST_F(StudyRunnerTest, BeginsAnewAsFloatWhereAValueExceedsInt16) {
  PhantomOptions options;
  write_series(options, folder_ / "in");
  for (const auto& file : fs::directory_iterator(folder_ / "in")) {
    // Whole numbers still, so that int16 is hoped for; but now tissue lies above 32,767.
    std::string bytes = test::slurp(file.path());
    bytes.replace(bytes.find("-1024"), 5, "32000");
    test::spill(file.path(), bytes);
  }
  run("original-grid");
  EXPECT_EQ(line()["dtype"], "float32");
  EXPECT_GT(line()["statistics"]["max"], 32767);
  EXPECT_EQ(image().dtype, DType::float32);
  const auto values = values_of(image());
  EXPECT_EQ(std::ranges::max(values), line()["statistics"]["max"].get<double>());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "out/images"), {}), 1);  // nothing is left of the first try
}

TEST_F(StudyRunnerTest, GivesTheSameBytesSlabBySlab) {
  const std::string head = "schema = \"naru.recipe/1\"\nname = \"t\"\n";
  const std::string one_mm = "[resample]\nspacing_mm = [1.0, 1.0, 1.0]\n";
  const std::string zscore = "[intensity]\nclip = [-500, 500]\nclip_when = \"before\"\nnormalize = \"zscore\"\n";
  struct Case {
    const char* what;
    Vec3 row, column, extra_step_mm;
    Fault fault;
    std::string recipe;
    std::uint64_t slab_bytes = 60000;
  };
  const auto in_convention = [&](const std::string& name, const std::string& interpolator) {
    return head + one_mm + "convention = \"" + name + "\"\ninterpolator = \"" + interpolator + "\"\n";
  };
  const std::vector<Case> cases = {
      {"axial", {1, 0, 0}, {0, 1, 0}, {}, Fault::none, head + one_mm + zscore},
      {"constants of a data set",
       {1, 0, 0},
       {0, 1, 0},
       {},
       Fault::none,
       head + one_mm + zscore + "mean = 40\ndeviation = 3\n"},
      {"sagittal", {0, 1, 0}, {0, 0, -1}, {}, Fault::none, head + one_mm},
      {"coronal, native", {1, 0, 0}, {0, 0, -1}, {}, Fault::none, head},
      {"tilted", {1, 0, 0}, {0, 1, 0}, {0, 0.3, 0}, Fault::none, head + one_mm},
      {"floats", {1, 0, 0}, {0, 1, 0}, {}, Fault::per_slice_rescale, head + one_mm + zscore},
      {"4-D", {1, 0, 0}, {0, 1, 0}, {}, Fault::two_phases, head + one_mm + zscore},
      {"gaps", {1, 0, 0}, {0, 1, 0}, {}, Fault::missing_slices, head + "[geometry]\ngap = \"interpolate\"\n" + one_mm},
      {"B-spline", {1, 0, 0}, {0, 1, 0}, {}, Fault::none, in_convention("naru", "bspline") + zscore, 350000},
      {"Gaussian", {0, 1, 0}, {0, 0, -1}, {}, Fault::none, head + one_mm + "antialias = true\n", 350000},
      {"nnU-Net", {1, 0, 0}, {0, 1, 0}, {}, Fault::none, in_convention("nnunet", "bspline"), 350000},
      {"MONAI", {0, 1, 0}, {0, 0, -1}, {}, Fault::none, in_convention("monai", "linear")},
      {"TorchIO", {1, 0, 0}, {0, 1, 0}, {}, Fault::none, in_convention("torchio", "lanczos") + zscore, 350000},
      {"TotalSegmentator", {1, 0, 0}, {0, 1, 0}, {}, Fault::none, in_convention("totalsegmentator", "bspline"), 350000},
      {"ITK", {1, 0, 0}, {0, 1, 0}, {}, Fault::none, in_convention("itk", "nearest")},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    PhantomOptions options;
    options.row_direction = c.row;
    options.column_direction = c.column;
    options.extra_step_mm = c.extra_step_mm;
    options.fault = c.fault;
    fs::remove_all(folder_ / "in");
    test::write_series(options, folder_ / "in");
    const PrepareResult whole = run(c.recipe, std::uint64_t{1} << 30, "whole");
    const std::uint64_t encoder = 12 << 20;
    const PrepareResult slabs = run(c.recipe, encoder + c.slab_bytes, "slabs");
    EXPECT_LE(slabs.memory_used_bytes, encoder + c.slab_bytes);
    EXPECT_LT(slabs.memory_used_bytes, whole.memory_used_bytes);
    EXPECT_EQ(line("slabs"), line("whole"));
    EXPECT_EQ(image("slabs").voxels, image("whole").voxels);
  }
}

TEST_F(StudyRunnerTest, SaysTrulyWhereVoxelsLieInEveryConvention) {
  PhantomOptions options;
  options.row_direction = {0.8, 0.6, 0};
  options.column_direction = {-0.6 * 0.6, 0.8 * 0.6, 0.8};
  test::write_series(options, folder_ / "in");
  for (const std::string_view name : kGridConventions) {
    run("schema = \"naru.recipe/1\"\nname = \"t\"\n[resample]\nspacing_mm = [1.1, 0.6, 1.4]\nconvention = \"" +
        std::string(name) + "\"\n[output]\ndtype = \"float32\"\n");
    // What a tool leaves empty is 0, which is no value of the phantom's.
    NiftiImage written = image();
    const double share = part_that_is_true(written, options, 1, 0);
    EXPECT_GT(share, 0.9) << name;
    Executor executor = Executor::cpu(1);
    EXPECT_THAT(verify(folder_ / "out", 1 << 30, executor, cancel_, [](const Progress&) {}).differences,
                ::testing::IsEmpty());
    for (auto& row : written.affine_ras.rows) row[3] += 4;  // beside it
    EXPECT_LT(part_that_is_true(written, options, 1, 0), share - 0.05) << name;
  }
}

TEST_F(StudyRunnerTest, LeavesEmptyWhatTorchioLeavesEmpty) {
  PhantomOptions options;  // 64 voxels of 0.8 mm: 51.2 of 1 mm, and the last of 52 lies outside
  test::write_series(options, folder_ / "in");
  run("schema = \"naru.recipe/1\"\nname = \"t\"\n[resample]\nspacing_mm = [1.0, 1.0, 1.0]\nconvention = \"torchio\"\n"
      "[intensity]\nclip = [100, 2000]\n");
  const NiftiImage written = image();
  ASSERT_EQ(written.size, (Size3{52, 52, 25}));
  const auto values = values_of(written);
  for (std::int64_t i = 0; i < written.size.voxel_count(); ++i) {
    if (i % 52 != 51 && i / 52 % 52 != 51) continue;
    ASSERT_EQ(values[static_cast<std::size_t>(i)], 100) << i;  // 0, clipped
  }
}

TEST_F(StudyRunnerTest, TakesTheSameBiasFieldOutOfSlabs) {
  const std::string recipe =
      "schema = \"naru.recipe/1\"\nname = \"t\"\n[select]\nmodality = [\"MR\"]\n[resample]\nspacing_mm = [1.0, 1.0, "
      "1.0]\n"
      "[intensity]\nnormalize = \"zscore\"\n";
  for (const char* axes : {"RAS", "SRA"}) {
    PhantomOptions options;
    options.modality = "MR";
    options.rescale = test::Rescale{0.5, 100};
    fs::remove_all(folder_ / "in");
    test::write_series(options, folder_ / "in");
    const std::string restoring = recipe + "bias_field = \"n4\"\n[orient]\naxes = \"" + axes + "\"\n";
    run(restoring, std::uint64_t{1} << 30, "whole");
    run(restoring, (12 << 20) + 420000, "slabs");
    EXPECT_EQ(line("slabs"), line("whole"));
    EXPECT_EQ(image("slabs").voxels, image("whole").voxels);
    EXPECT_EQ(line("whole")["steps"][1]["op"], "bias_field");
    run(recipe + "[orient]\naxes = \"" + axes + "\"\n", std::uint64_t{1} << 30, "plain");
    EXPECT_NE(image("plain").voxels, image("whole").voxels);
  }
}

TEST_F(StudyRunnerTest, CropsWhatTheBiasFieldWasTakenOutOf) {
  PhantomOptions options;
  options.modality = "MR";
  test::write_series(options, folder_ / "in");
  const std::string corrected =
      "schema = \"naru.recipe/1\"\nname = \"t\"\n[select]\nmodality = [\"MR\"]\n[intensity]\nbias_field = \"n4\"\n";
  run(corrected, std::uint64_t{1} << 30, "whole");
  run(corrected + "[crop]\nforeground = true\nmargin_mm = 0\n", std::uint64_t{1} << 30, "part");
  const Json step = *std::ranges::find(line("part")["steps"], "crop", [](const Json& s) { return s["op"]; });
  const auto first = step["first"].get<std::array<std::int64_t, 3>>();
  const NiftiImage whole = image("whole"), part = image("part");
  const auto in_whole = values_of(whole), in_part = values_of(part);
  ASSERT_LT(in_part.size(), in_whole.size());
  for (std::int64_t v = 0; v < part.size.voxel_count(); ++v) {
    const std::int64_t x = first[0] + v % part.size.x, y = first[1] + v / part.size.x % part.size.y,
                       z = first[2] + v / part.size.x / part.size.y;
    ASSERT_EQ(in_part[static_cast<std::size_t>(v)],
              in_whole[static_cast<std::size_t>(x + whole.size.x * (y + whole.size.y * z))]);
  }
}

TEST_F(StudyRunnerTest, NormalisesByConstantsOfTheRecipe) {
  test::write_series({}, folder_ / "in");
  const std::string start =
      "schema = \"naru.recipe/1\"\nname = \"t\"\n[resample]\nspacing_mm = [1.0, 1.0, 1.0]\n[intensity]\nclip = [-500, "
      "500]\n";
  run(start + "[output]\ndtype = \"float32\"\n", std::uint64_t{1} << 30, "units");
  run(start + "normalize = \"zscore\"\nmean = 40\ndeviation = 8\n", std::uint64_t{1} << 30, "constants");
  run(start + "normalize = \"window\"\n", std::uint64_t{1} << 30, "window");
  const auto units = values_of(image("units")), constants = values_of(image("constants")),
             window = values_of(image("window"));
  EXPECT_GT(std::ranges::max(units) - std::ranges::min(units), 400);
  for (std::size_t v = 0; v < units.size(); ++v) {
    ASSERT_NEAR(constants[v], (units[v] - 40) / 8, 1e-4);
    ASSERT_NEAR(window[v], (units[v] + 500) / 1000, 1e-6);
  }
  const Json step = *std::ranges::find(line("constants")["steps"], "normalize", [](const Json& s) { return s["op"]; });
  EXPECT_EQ(step, (Json{{"op", "normalize"}, {"method", "zscore"}, {"mean", 40.0}, {"deviation", 8.0}}));
}

TEST_F(StudyRunnerTest, DenoisesWholeVolumesAndRefusesSlabs) {
  PhantomOptions options;
  options.noise = 20;
  test::write_series(options, folder_ / "in");
  const std::string head = "schema = \"naru.recipe/1\"\nname = \"t\"\n";
  run(head, std::uint64_t{1} << 30, "noisy");
  run(head + "[intensity]\ndenoise = \"curvature\"\n", std::uint64_t{1} << 30, "clean");
  options.noise = 0;
  const double noisy = part_that_is_true(image("noisy"), options, 15, 1e9);
  EXPECT_LT(noisy, 0.65);
  EXPECT_GT(part_that_is_true(image("clean"), options, 15, 1e9), noisy + 0.1);
  EXPECT_THROW(run(head + "[intensity]\ndenoise = \"curvature\"\n", (12 << 20) + 60000, "slabs"), Error);
  EXPECT_THAT(test::slurp(folder_ / "slabs.report/inputs.jsonl"), ::testing::HasSubstr("too_large"));
}

TEST_F(StudyRunnerTest, RejectsWhatNotEvenASliceOfFits) {
  test::write_series({}, folder_ / "in");
  EXPECT_THROW(run("ct-1mm", 1 << 20), Error);
  EXPECT_THAT(test::slurp(folder_ / "out.report/inputs.jsonl"), ::testing::HasSubstr("too_large"));
}

}  // namespace
}  // namespace naru
