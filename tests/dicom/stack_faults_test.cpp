// Whole series from files: the cases in which other readers give a wrong volume, answered by geometry itself.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/dicom/loaded_series.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

namespace {

/// What has to come out of 40 slices at 1.25 mm with one fault.
struct Expectation {
  Fault fault;
  Verdict verdict;
  std::optional<Code> finding;
  std::size_t slice_count;
};
constexpr std::array kExpectations = {
    Expectation{Fault::none, Verdict::accept, {}, 40},
    Expectation{Fault::missing_slices, Verdict::reject, Code::gap, 38},
    Expectation{Fault::duplicate_slice, Verdict::repair, Code::duplicate_slices, 40},
    Expectation{Fault::localizer, Verdict::accept, {}, 40},
    Expectation{Fault::two_phases, Verdict::accept, Code::mixed_phase, 40},
    Expectation{Fault::variable_spacing, Verdict::reject, Code::variable_spacing, 40},
    Expectation{Fault::gantry_tilt, Verdict::repair, Code::gantry_tilt, 40},
    Expectation{Fault::truncated, Verdict::reject, Code::gap, 39},
    Expectation{Fault::short_pixel_data, Verdict::reject, Code::gap, 39},
    Expectation{Fault::zero_rows, Verdict::reject, Code::gap, 39},
    Expectation{Fault::absurd_rows, Verdict::reject, Code::gap, 39},
    Expectation{Fault::absurd_frames, Verdict::reject, Code::gap, 39},
    Expectation{Fault::wrong_instance_numbers, Verdict::accept, Code::slice_order_from_position, 40},
    Expectation{Fault::per_slice_rescale, Verdict::repair, Code::per_slice_rescale, 40},
};

constexpr Vec3 kObliqueRow{0.96, 0.28, 0}, kObliqueColumn{-0.224, 0.768, 0.6};

double greatest_corner_distance_mm(const Grid& a, const Grid& b) {
  const auto p = corners_in_patient(a), q = corners_in_patient(b);
  double greatest = 0;
  for (std::size_t c = 0; c < p.size(); ++c) greatest = std::max(greatest, norm(p[c] - q[c]));
  return greatest;
}

TEST(StackFaults, AreAnsweredByGeometry) {
  for (const Expectation& expected : kExpectations) {
    const auto row = std::ranges::find(all_faults(), expected.fault, &FaultName::fault);
    SCOPED_TRACE(row->name);
    PhantomOptions options;
    options.size = {16, 12, 40};
    options.row_direction = kObliqueRow;
    options.column_direction = kObliqueColumn;
    options.fault = expected.fault;
    const TempFolder folder;
    const auto written = write_series(options, folder.path());
    const LoadedSeries series(written.files);
    ASSERT_EQ(series.sorted.stacks.size(), expected.fault == Fault::two_phases ? 2u : 1u);
    const dicom::Stack& stack = series.sorted.stacks[0];
    EXPECT_EQ(stack.verdict, expected.verdict);
    EXPECT_EQ(stack.instances.size(), expected.slice_count);
    ASSERT_EQ(stack.findings.empty(), !expected.finding);
    if (expected.finding) {
      EXPECT_EQ(stack.findings[0].code, *expected.finding);
    }
    if (expected.verdict != Verdict::reject && !stack.is_tilted) {
      EXPECT_LT(greatest_corner_distance_mm(stack.grid, written.grid), 1e-3);
    }
  }
}

TEST(StackFaults, HaveATestEach) { EXPECT_EQ(all_faults().size(), kExpectations.size()); }

TEST(StackFaults, OfALocalizerWithoutItsWordAreSplitOff) {
  PhantomOptions volume, scout;
  volume.size = {16, 12, 40};
  scout.size = {16, 12, 1};
  scout.row_direction = {1, 0, 0};
  scout.column_direction = {0, 0, -1};
  scout.file_prefix = "SCOUT";
  const TempFolder folder;
  auto files = write_series(volume, folder.path()).files;
  const auto scout_files = write_series(scout, folder.path() / "scout").files;
  std::filesystem::path other = scout_files[0];
  LoadedSeries loaded(std::vector{other});
  ASSERT_EQ(loaded.candidates.size(), 1u);
  LoadedSeries series(files);
  series.candidates.push_back(loaded.candidates[0]);
  series.candidates.back().instance.sop_instance_uid = "2.999.7";
  const auto sorted = dicom::build_stacks(series.candidates, [](std::size_t, std::size_t) { return false; });
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const dicom::Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.findings[0].code, Code::mixed_orientation);
    EXPECT_NE(stack.verdict, Verdict::reject);
  }
  EXPECT_EQ(std::max(sorted.stacks[0].instances.size(), sorted.stacks[1].instances.size()), 40u);
}

TEST(StackFaults, LeaveTheVoxelsOfASoundVolumeWhereTheyAre) {
  PhantomOptions options;
  options.size = {20, 16, 8};
  options.row_direction = kObliqueRow;
  options.column_direction = kObliqueColumn;
  options.falling_instance_numbers = true;
  const TempFolder folder;
  const auto written = write_series(options, folder.path());
  const LoadedSeries series(written.files);
  const dicom::Stack& stack = series.sorted.stacks[0];
  ASSERT_EQ(stack.verdict, Verdict::accept);
  const PhantomField field(options);
  for (std::int64_t k = 0; k < stack.grid.size.z; ++k) {
    const std::size_t index = stack.instances[static_cast<std::size_t>(k)];
    const auto values = read_values(series.paths[index], series.candidates[index].instance);
    ASSERT_TRUE(values);
    for (std::int64_t j = 0; j < stack.grid.size.y; ++j) {
      const Vec3 p = stack.grid.patient_from_voxel({5, static_cast<double>(j), static_cast<double>(k)});
      const double hu = (*values)[static_cast<std::size_t>(5 + 20 * j)] * stack.rescale.slope + stack.rescale.intercept;
      EXPECT_NEAR(hu, field(p), 0.501);
    }
  }
}

TEST(StackFaults, OfShearAreToldFromTiltBySize) {
  PhantomOptions options;
  options.size = {16, 12, 40};
  options.extra_step_mm = {0, 0.0005, 0};
  const TempFolder folder;
  const auto written = write_series(options, folder.path());
  const LoadedSeries series(written.files);
  EXPECT_EQ(series.sorted.stacks[0].verdict, Verdict::accept);
  EXPECT_LT(greatest_corner_distance_mm(series.sorted.stacks[0].grid, written.grid), 1e-3);
}

}  // namespace

}  // namespace naru::test
