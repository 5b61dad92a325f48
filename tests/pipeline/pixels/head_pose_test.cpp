#include "pipeline/pixels/head_pose.h"

#include <gtest/gtest.h>

#include <numbers>

#include "pipeline/pixels/head_model.h"
#include "tests/pipeline/pixels/generated_head.h"

namespace naru {
namespace {

using test::GeneratedHead;

HeadPose pose_of(const GeneratedHead& head) {
  Executor executor = Executor::cpu(2);
  const PatientGrid grid = test::head_grid(kHeadCellMm);
  return register_head(head_shape(grid, test::values_of(head, grid), head.is_ct, executor), executor).value();
}

TEST(HeadModel, HasItsNasionOnTheSkin) {
  EXPECT_NEAR(distance_to_average_head(kNasionOfAverageHead), 0, 8);
  EXPECT_LT(distance_to_average_head(kCentreOfAverageHead), -20);
  EXPECT_GT(distance_to_average_head({0, -60, 0}), 30);
}

TEST(HeadPose, FindsTheRootOfTheNose) {
  const HeadPose pose = pose_of({});
  EXPECT_GT(pose.overlap, 0.93);
  EXPECT_NEAR(pose.scale, 1, 0.08);
  EXPECT_NEAR(pose.nasion_mm()[0], 0, 5);
  EXPECT_NEAR(pose.nasion_mm()[1], 5, 8);
  EXPECT_NEAR(pose.nasion_mm()[2], 0, 10);
}

TEST(HeadPose, FollowsTheHead) {
  constexpr double kDegrees = 180 / std::numbers::pi;
  const HeadPose upright = pose_of({}), bowed = pose_of({.pitch = 0.2}), turned = pose_of({.yaw = 0.2});
  EXPECT_NEAR(std::abs(bowed.pitch_degrees - upright.pitch_degrees), 0.2 * kDegrees, 5);
  EXPECT_NEAR(std::abs(turned.yaw_degrees - upright.yaw_degrees), 0.2 * kDegrees, 4);
  EXPECT_NEAR(pose_of({.scale = 0.88}).scale / upright.scale, 0.88, 0.04);
}

TEST(HeadPose, IsEmptyWhereThereIsNothing) {
  Executor executor = Executor::cpu(1);
  const PatientGrid grid = test::head_grid(4);
  const std::vector<float> air(static_cast<std::size_t>(grid.size.voxel_count()), -1000);
  EXPECT_FALSE(register_head(head_shape(grid, air, true, executor), executor));
}

}  // namespace
}  // namespace naru
