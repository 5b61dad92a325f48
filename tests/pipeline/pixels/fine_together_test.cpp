#include "pipeline/pixels/fine_together.h"

#include <gtest/gtest.h>

#include <cmath>

namespace naru {
namespace {

/// `count` slices of 1 mm pixels, `step_mm` apart, from z on.
Grid slices(double z, double step_mm, std::int64_t count) {
  Grid grid{{200, 200, count}, {}};
  grid.patient_from_voxel.set_column(2, {0, 0, step_mm});
  grid.patient_from_voxel.set_column(3, {0, 0, z});
  return grid;
}

TEST(FineTogether, AreStacksWhoseSlicesLieBetweenEachOthers) {
  const std::vector<Grid> stacks = {slices(0, 6, 20), slices(3, 6, 20), slices(500, 6, 20), slices(503, 6, 3),
                                    slices(1000, 6, 20)};
  EXPECT_EQ(fine_together(stacks), (std::vector<std::size_t>{0, 1}));  // the third and fourth: over 15 mm alone
  EXPECT_TRUE(fine_together(std::vector<Grid>{stacks[0]}).empty());
  EXPECT_TRUE(fine_together(std::vector<Grid>{slices(0, 8, 20), slices(4, 8, 20)}).empty());
  EXPECT_TRUE(fine_together(std::vector<Grid>{slices(0, 1, 60), slices(200, 6, 20)}).empty());  // one alone
  Grid turned = slices(3, 6, 20);
  turned.patient_from_voxel.set_column(0, {0, 1, 0});
  turned.patient_from_voxel.set_column(1, {0, 0, 1});
  turned.patient_from_voxel.set_column(2, {6, 0, 0});
  EXPECT_TRUE(fine_together(std::vector<Grid>{stacks[0], turned}).empty());
}

TEST(FineTogether, KnowsARunOfPlanesInAnyOrder) {
  EXPECT_TRUE(lie_finely({21, 0, 3, 18, 6, 15, 9, 9, 12}));
  EXPECT_FALSE(lie_finely({0, 3, 6, 9, 12, 15, 18}));
  EXPECT_FALSE(lie_finely({0, 5, 10, 15, 20, 25, 30}));
  EXPECT_FALSE(lie_finely({}));
}

TEST(FineTogether, CostsTimeInProportionToTheStacksOfASeries) {
  std::vector<Grid> stacks(20'000, {{64, 64, 1}, {}});
  for (std::size_t n = 0; n < stacks.size(); ++n) {
    stacks[n].patient_from_voxel.set_column(3, {0, 0, 5.0 * static_cast<double>(n)});
  }
  EXPECT_TRUE(fine_together(stacks).empty());  // each against all others took 40 seconds
}

TEST(FineTogether, KnowsViewsFromAllAround) {
  std::vector<Grid> views;
  for (const double angle : {0.0, 0.5, 1.0, 1.5}) {
    Grid& view = views.emplace_back(slices(0, 1, 1));
    view.patient_from_voxel.set_column(0, {std::cos(angle), std::sin(angle), 0});
    view.patient_from_voxel.set_column(1, {0, 0, -1});
  }
  EXPECT_TRUE(look_from_all_around(views));
  views.back() = views.front();  // from behind, or a second time
  EXPECT_FALSE(look_from_all_around(views));
}

/// A scan of the stacks named by their series; the facts of each from `facts`.
Scan scan_of(const std::vector<Grid>& grids, const std::vector<dicom::Instance>& facts) {
  Scan scan;
  for (std::size_t n = 0; n < grids.size(); ++n) {
    scan.candidates.push_back({facts[n], {}, ""});
    dicom::Stack stack;
    stack.study_uid = "1";
    stack.series_uid = facts[n].series_uid;
    stack.grid = grids[n];
    stack.instances = {n};
    scan.stacks.push_back(stack);
  }
  return scan;
}

TEST(FineTogether, TakesSeriesTogetherThatMayBeOneAcquisitionOrAreThin) {
  const std::vector<Grid> grids = {slices(0, 6, 20), slices(3, 6, 20)};
  const auto held = [&](const dicom::Instance& a, const dicom::Instance& b) {
    const std::vector<std::size_t> both = {0, 1};
    return !fine_together(scan_of(grids, {a, b}), both).empty();
  };
  dicom::Instance thin;
  thin.series_uid = "1.1";
  thin.frame_of_reference_uid = "9";
  thin.slice_thickness_mm = 3;
  thin.echo = "1/10";
  dicom::Instance other = thin;
  other.series_uid = "1.2";
  other.echo = "1/90";
  EXPECT_TRUE(held(thin, other));
  dicom::Instance thick = thin, later = other;
  thick.slice_thickness_mm = later.slice_thickness_mm = 5;
  EXPECT_FALSE(held(thick, later)) << "two contrasts, each of thick slices";
  later.echo = thick.echo;
  EXPECT_TRUE(held(thick, later));
  later.body_part = thick.body_part = "ABDOMEN";
  EXPECT_FALSE(held(thick, later));
  other.body_part = thin.body_part = "ABDOMEN";
  EXPECT_TRUE(held(thin, other));
  other.body_part = thin.body_part = "KNEE";
  EXPECT_FALSE(held(thin, other));
  other.body_part = thin.body_part = "";
  other.frame_of_reference_uid = "8";
  EXPECT_FALSE(held(thin, other));
}

}  // namespace
}  // namespace naru
