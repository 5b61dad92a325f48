#include "pipeline/crop.h"

#include <gmock/gmock.h>

#include <cmath>

#include "kernels/patient_grid.h"
#include "pipeline/outputs/nifti.h"
#include "pipeline/verify.h"
#include "tests/pipeline/prepare_job.h"
#include "tests/support/phantom.h"

namespace naru::test {
namespace {

dicom::Stack stack_of(const Size3& size, const Vec3& spacing_mm) {
  dicom::Stack stack;
  PhantomOptions options;
  options.size = size;
  options.spacing_mm = spacing_mm;
  stack.grid = phantom_grid(options);
  return stack;
}

Recipe recipe_of(const std::string& rest) {
  return parse_recipe("schema = \"naru.recipe/1\"\nname = \"t\"\n" + rest, "test");
}

TEST(Crop, KeepsEveryVoxelThatStaysAtItsPlace) {
  const dicom::Stack stack = stack_of({40, 30, 20}, {0.8, 0.8, 2.5});
  for (const char* axes : {"RAS", "LPS", "SRA", "AIL"}) {
    for (const char* spacing : {"\"native\"", "[1.0, 1.5, 2.0]"}) {
      const GridPlan plan = plan_grid(
          stack, recipe_of(std::string("[orient]\naxes = \"") + axes + "\"\n[resample]\nspacing_mm = " + spacing));
      const VoxelBox box{{5, 7, 3}, {31, 20, 11}};
      const GridPlan found = cropped(plan, box, 4);
      const Affine whole_from_patient = inverse(plan.grid.patient_from_voxel);
      const Affine stack_from_patient = inverse(stack.grid.patient_from_voxel);
      const Vec3 shift = whole_from_patient(found.grid.patient_from_voxel.column(3));
      const Size3& size = found.grid.size;
      for (const Vec3& corner : {Vec3{0, 0, 0}, Vec3{static_cast<double>(size.x - 1), static_cast<double>(size.y - 1),
                                                     static_cast<double>(size.z - 1)}}) {
        const Vec3 p = found.grid.patient_from_voxel(corner), in_whole = whole_from_patient(p);
        const Vec3 in_stack = stack_from_patient(p);
        for (int a = 0; a < 3; ++a) {
          const auto i = static_cast<std::size_t>(a);
          EXPECT_NEAR(in_whole[i], std::round(in_whole[i]), 1e-9);  // on the grid of before
          EXPECT_EQ(found.resample.axes[i].place(std::llround(corner[i])),
                    plan.resample.axes[i].place(std::llround(corner[i] + shift[i])));
          EXPECT_EQ(found.resample.axes[i].target_count, size[a]);
        }
        const Vec3 spacing_mm = stack.grid.spacing_mm();
        for (std::size_t i = 0; i < 3; ++i) {
          const double reach = 0.5 + 4 / spacing_mm[i] + 1e-6;
          EXPECT_GE(in_stack[i], static_cast<double>(box.first[i]) - reach);
          EXPECT_LE(in_stack[i], static_cast<double>(box.last[i]) + reach);
        }
      }
    }
  }
}

TEST(Crop, TakesAllVoxelsOfTheBoxAndItsMargin) {
  const dicom::Stack stack = stack_of({40, 30, 20}, {1, 1, 2});
  const GridPlan plan = plan_grid(stack, recipe_of("[orient]\naxes = \"LPS\"\n"));
  EXPECT_EQ(cropped(plan, {{5, 7, 3}, {31, 20, 11}}, 0).grid.size, (Size3{27, 14, 9}));
  EXPECT_EQ(cropped(plan, {{5, 7, 3}, {31, 20, 11}}, 2).grid.size, (Size3{31, 18, 11}));
  EXPECT_EQ(cropped(plan, {{0, 7, 3}, {31, 29, 11}}, 100).grid.size, (Size3{40, 30, 20}));  // no more than there is
  EXPECT_EQ(cropped(plan, {{7, 7, 7}, {7, 7, 7}}, 0).grid.size, (Size3{1, 1, 1}));
}

TEST(Crop, KeepsOneVoxelWhereTheBoxLiesBetweenVoxels) {
  const dicom::Stack stack = stack_of({40, 30, 20}, {1, 1, 2});
  const GridPlan plan = plan_grid(stack, recipe_of("[resample]\nspacing_mm = [5.0, 5.0, 10.0]\n"));
  const GridPlan found = cropped(plan, {{10, 10, 7}, {10, 10, 7}}, 0);
  EXPECT_EQ(found.grid.size, (Size3{1, 1, 1}));
  const Vec3 away = found.grid.patient_from_voxel({0, 0, 0}) - stack.grid.patient_from_voxel({10, 10, 7});
  for (const double mm : away) EXPECT_LE(std::abs(mm), 5.001);
}

TEST(Crop, ThresholdFollowsTheRecipeThenTheModality) {
  EXPECT_EQ(crop_threshold(recipe_of("[crop]\nforeground = true\n"), "CT"), -500);
  EXPECT_EQ(crop_threshold(recipe_of("[crop]\nforeground = true\n"), "MR"), std::nullopt);
  EXPECT_EQ(crop_threshold(recipe_of("[crop]\nforeground = true\nthreshold = 40.5\n"), "MR"), 40.5);
}

/// A body of soft tissue in air, at a place that is known.
class CropJobTest : public PrepareJobTest {
 protected:
  static constexpr int kSize = 24, kSlices = 10;

  /// The stored values of slice n, their body moved by `drift` rows a slice and all of them times `slope`.
  static std::string values_of(int n, int air, int slope = 1, int drift = 0) {
    std::string bytes;
    for (int v = 0; v < kSize * kSize; ++v) {
      const int x = v % kSize, y = v / kSize + drift * n;
      const bool is_body = x >= 6 && x <= 14 && y >= 3 && y <= 19 && n >= 2 && n <= 7;
      const int value = slope * (is_body ? 1000 + x + 2 * y + 3 * n : air);
      bytes += static_cast<char>(value & 0xFF);
      bytes += static_cast<char>(value >> 8);
    }
    return bytes;
  }

  void put(int n, SliceBytes slice, int drift, const std::string& values) {
    slice.number(0x00280010, kSize).number(0x00280011, kSize).text(0x00280030, "DS", "1\\1");
    slice.text(0x00200032, "DS", "0\\" + std::to_string(drift * n) + "\\" + std::to_string(2 * n))
        .raw(0x7FE00010, "OW", values);
    spill(folder_ / "in" / std::to_string(n), slice.bytes());
  }

  /// @param slope 1 or -1: stored values are then the negative ones
  /// @param drift rows by which each slice lies further along y; the body stays where it is in the patient
  void put_body(int slope = 1, int drift = 0) {
    for (int n = 0; n < kSlices; ++n) {
      SliceBytes slice = slice_of("P", n + 1);
      slice.text(0x00281053, "DS", std::to_string(slope));
      put(n, slice, drift, values_of(n, 20, slope, drift));
    }
  }

  /// As MR whose slices have a slope each, so that values are counted in 65,536 bins from 26 to 1350.9. What is
  /// brightest beside the body is 34.66 in the last slice: 428.26 bins above 26, so beyond the middle of its bin.
  void put_body_with_slopes() {
    for (int n = 0; n < kSlices; ++n) {
      SliceBytes slice = slice_of("P", n + 1);
      slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4").text(0x00080060, "CS", "MR");
      slice.text(0x00281053, "DS", std::to_string(1 + 0.037 * n)).text(0x00281052, "DS", "0");
      put(n, slice, 0, values_of(n, 26));
    }
  }

  NiftiImage image(const std::string& rest, const std::string& out) {
    options_.out = folder_ / out;
    options_.recipe = recipe_of("[output]\ncompression = \"none\"\n" + rest);
    run();
    Executor executor = Executor::cpu(1);
    EXPECT_TRUE(verify(options_.out, options_.memory_limit_bytes, executor, CancelToken(), [](const Progress&) {
                }).differences.empty());
    return *read_nifti(options_.out / manifest().at(0)["image"].get<std::string>(), 1 << 24).image;
  }
};

TEST_F(CropJobTest, GivesTheVoxelsOfTheUncroppedCaseAtTheSamePlaces) {
  put_body();
  for (const std::string rest : {"", "[resample]\nspacing_mm = [1.5, 1.2, 1.7]\n"}) {
    const NiftiImage whole = image(rest, "whole"),
                     part = image(rest + "[crop]\nforeground = true\nmargin_mm = 2\n", "part");
    const Json step = *std::ranges::find(manifest().at(0)["steps"], "crop", [](const Json& s) { return s["op"]; });
    const auto first = step["first"].get<std::array<std::int64_t, 3>>();
    EXPECT_EQ(step["foreground"], -500);
    if (rest.empty()) {
      EXPECT_EQ(part.size, (Size3{13, 21, 8}));  // 9 + 4, 17 + 4, 6 + 2 voxels
    }
    EXPECT_LT(part.size.voxel_count(), whole.size.voxel_count());
    const auto value = [](const NiftiImage& of, std::int64_t i, std::int64_t y, std::int64_t z) {
      const auto at = static_cast<std::size_t>(i + of.size.x * (y + of.size.y * z));
      if (of.dtype == DType::float32) return static_cast<double>(reinterpret_cast<const float*>(of.voxels.data())[at]);
      return static_cast<double>(reinterpret_cast<const std::int16_t*>(of.voxels.data())[at]);
    };
    const double tolerance = rest.empty() ? 0 : 1e-3;  // places of resampled voxels round
    for (std::int64_t v = 0; v < part.size.voxel_count(); ++v) {
      const std::int64_t i = v % part.size.x, y = v / part.size.x % part.size.y, z = v / part.size.x / part.size.y;
      EXPECT_NEAR(value(part, i, y, z), value(whole, first[0] + i, first[1] + y, first[2] + z), tolerance);
    }
    const Vec3 origin =
        whole.affine_ras({static_cast<double>(first[0]), static_cast<double>(first[1]), static_cast<double>(first[2])});
    EXPECT_LT(norm(part.affine_ras({0, 0, 0}) - origin), 1e-4);
    std::filesystem::remove_all(folder_ / "whole");
    std::filesystem::remove_all(folder_ / "part");
    std::filesystem::remove_all(folder_ / "whole.report");
    std::filesystem::remove_all(folder_ / "part.report");
  }
}

TEST_F(CropJobTest, FindsTheBodyWhereTheSlopeIsNegative) {
  put_body(-1);
  EXPECT_EQ(image("[crop]\nforeground = true\nmargin_mm = 2\n", "part").size, (Size3{13, 21, 8}));
}

TEST_F(CropJobTest, IsAsTightWhereEverySliceHasASlope) {
  put_body_with_slopes();
  EXPECT_EQ(image("[crop]\nforeground = true\nmargin_mm = 2\n", "part").size, (Size3{13, 21, 8}));
  EXPECT_EQ(manifest().at(0)["dtype"], "float32");
}

TEST_F(CropJobTest, IsAsTightAroundAStraightenedBody) {
  put_body(1, 1);
  EXPECT_EQ(image("[crop]\nforeground = true\nmargin_mm = 2\n", "part").size, (Size3{13, 21, 8}));
}

TEST_F(CropJobTest, KeepsACaseWithoutForegroundWhole) {
  put_body();
  const NiftiImage found = image("[crop]\nforeground = true\nthreshold = 3000\n", "out");
  EXPECT_EQ(found.size, (Size3{kSize, kSize, kSlices}));
  for (const Json& step : manifest().at(0)["steps"]) EXPECT_NE(step["op"], "crop");
}

}  // namespace
}  // namespace naru::test
