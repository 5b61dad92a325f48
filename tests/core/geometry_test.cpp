#include "core/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

namespace naru::test {
namespace {

Affine affine_of(const Vec3& i, const Vec3& j, const Vec3& k, const Vec3& origin) {
  Affine affine;
  affine.set_column(0, i);
  affine.set_column(1, j);
  affine.set_column(2, k);
  affine.set_column(3, origin);
  return affine;
}

/// Axes turned by 20 degrees about z and 10 about x: oblique, right-handed, spacing 0.7 x 0.8 x 2.5 mm.
Grid oblique_grid() {
  const double a = 20 * std::numbers::pi / 180, b = 10 * std::numbers::pi / 180;
  const Vec3 i = {std::cos(a), std::sin(a), 0};
  const Vec3 j = {-std::sin(a) * std::cos(b), std::cos(a) * std::cos(b), std::sin(b)};
  return {{40, 30, 20}, affine_of(0.7 * i, 0.8 * j, 2.5 * cross(i, j), {-100, -120, 35})};
}

void expect_near(const Vec3& a, const Vec3& b, double tolerance = 1e-9) { EXPECT_LT(norm(a - b), tolerance); }

TEST(Affine, ComposesAsFunctionsDo) {
  const Affine a = oblique_grid().patient_from_voxel;
  const Affine b = affine_of({0, 2, 0}, {-1, 0, 0}, {0, 0, 3}, {5, 6, 7});
  const Vec3 p = {1.5, -2, 3};
  expect_near((a * b)(p), a(b(p)));
}

TEST(Affine, InRasHasXAndYNegatedAndNoMinusZero) {
  const Affine ras = affine_ras(affine_of({0.7, 0, 0}, {0, 0.7, 0}, {0, 0, 2}, {-10, 20, 30}));
  EXPECT_EQ(ras.rows[0], (std::array<double, 4>{-0.7, 0, 0, 10}));
  EXPECT_EQ(ras.rows[1], (std::array<double, 4>{0, -0.7, 0, -20}));
  EXPECT_EQ(ras.rows[2], (std::array<double, 4>{0, 0, 2, 30}));
  EXPECT_FALSE(std::signbit(ras.rows[0][1]));
}

TEST(Grid, HasTheSpacingOfItsColumns) { expect_near(oblique_grid().spacing_mm(), {0.7, 0.8, 2.5}); }

TEST(Grid, HasItsCornersAtTheCentresOfTheOuterVoxels) {
  const Grid grid = oblique_grid();
  const auto corners = corners_in_patient(grid);
  expect_near(corners[0], {-100, -120, 35});
  expect_near(corners[1], grid.patient_from_voxel({39, 0, 0}));
  expect_near(corners[6], grid.patient_from_voxel({0, 29, 19}));
  Vec3 mean{};
  for (const Vec3& corner : corners) mean = mean + 0.125 * corner;
  expect_near(mean, grid.center_in_patient());
}

TEST(Shear, IsZeroForAnObliqueButOrthogonalGrid) { EXPECT_LT(shear_mm(oblique_grid()), 1e-9); }

TEST(Shear, IsHalfTheDriftOfATiltedStack) {
  Grid grid{{10, 10, 11}, affine_of({1, 0, 0}, {0, 1, 0}, {0, 0, 2}, {})};
  const double tilt = 15 * std::numbers::pi / 180;
  grid.patient_from_voxel.set_column(2, {0, 2 * std::sin(tilt), 2 * std::cos(tilt)});
  // About the common centre the end slices move by half of: chord of 15 degrees times 20 mm.
  EXPECT_NEAR(shear_mm(grid), 0.5 * 20 * 2 * std::sin(tilt / 2), 1e-9);
}

TEST(AxisCodes, NameTheDirectionsInWhichIndicesIncrease) {
  EXPECT_EQ(axis_codes(Affine{}), "LPS");
  EXPECT_EQ(axis_codes(affine_of({0, 1, 0}, {0, 0, -1}, {1, 0, 0}, {})), "PIL");
  EXPECT_EQ(axis_codes(oblique_grid().patient_from_voxel), "LPS");
}

TEST(AxisCodes, UseEachPatientAxisOnceWhenOblique) {
  // Both i and j are nearest to x taken alone.
  const Affine affine = affine_of({0.8, 0.6, 0}, {0.71, -0.7, 0}, {0, 0, 1}, {});
  std::string codes = axis_codes(affine);
  EXPECT_NE(codes[0], codes[1]);
  EXPECT_TRUE(is_axis_codes(codes)) << codes;
}

TEST(AxisCodes, MustHoldOneOfEachPair) {
  EXPECT_TRUE(is_axis_codes("RAS"));
  EXPECT_TRUE(is_axis_codes("SLP"));
  for (const char* wrong : {"", "RA", "RASX", "RLS", "ras", "RAX"}) EXPECT_FALSE(is_axis_codes(wrong)) << wrong;
}

TEST(Reoriented, MovesNoVoxelCentreAndGivesTheAxesAskedFor) {
  const Grid grid = oblique_grid();
  for (const char* axes : {"RAS", "LPS", "PIR", "SAL", "ILP"}) {
    const AxisMap map = axis_map(grid.patient_from_voxel, axes);
    const Grid turned = reoriented(grid, map);
    EXPECT_EQ(axis_codes(turned.patient_from_voxel), axes);
    const std::array<double, 3> target = {1, 2, 3};
    std::array<double, 3> source{};
    for (int a = 0; a < 3; ++a) {
      EXPECT_EQ(turned.size[a], grid.size[map.source_axis[a]]);
      const double last = static_cast<double>(turned.size[a] - 1);
      source[map.source_axis[a]] = map.flip[a] ? last - target[a] : target[a];
    }
    expect_near(turned.patient_from_voxel(target), grid.patient_from_voxel(source));
  }
}

TEST(AxisMap, KnowsWhetherItPermutes) {
  EXPECT_FALSE((AxisMap{{0, 1, 2}, {true, false, true}}.is_permutation()));
  EXPECT_TRUE((AxisMap{{1, 0, 2}, {}}.is_permutation()));
}

TEST(Resampled, KeepsTheCentreAndHasTheSpacingAskedFor) {
  const Grid grid = oblique_grid();
  for (const Vec3& spacing : {Vec3{1, 1, 1}, Vec3{0.3, 2.1, 5}, Vec3{0.7, 0.8, 2.5}}) {
    const ResampledGrid result = resampled(grid, spacing);
    expect_near(result.grid.spacing_mm(), spacing);
    expect_near(result.grid.center_in_patient(), grid.center_in_patient());
    for (int a = 0; a < 3; ++a) {
      const double extent = static_cast<double>(grid.size[a]) * grid.spacing_mm()[a];
      EXPECT_LE(std::abs(static_cast<double>(result.grid.size[a]) * spacing[a] - extent), spacing[a] / 2 + 1e-9);
      EXPECT_EQ(result.axes[a].target_count, result.grid.size[a]);
    }
  }
}

TEST(Resampled, MapsTargetIndicesAsItsAxesSay) {
  const Grid grid = oblique_grid();
  const ResampledGrid result = resampled(grid, {1, 1, 1});
  const Vec3 target = {3, 5, 7};
  Vec3 source{};
  for (int a = 0; a < 3; ++a) source[a] = result.axes[a].place(std::llround(target[a]));
  expect_near(result.grid.patient_from_voxel(target), grid.patient_from_voxel(source));
}

TEST(Resampled, HasTheCountsOfTheDocumentedExample) {
  const Grid grid{{512, 512, 300}, affine_of({0.7, 0, 0}, {0, 0.7, 0}, {0, 0, 1.25}, {})};
  EXPECT_EQ(resampled(grid, {1, 1, 1}).grid.size, (Size3{358, 358, 375}));
}

TEST(Resampled, CountsHalvesAwayFromZeroWhateverRoundingMakesOfThem) {
  for (const auto& [n, from, to, count] : {std::tuple{18, 0.6, 0.8, 14}, std::tuple{12, 0.9, 0.8, 14},
                                           std::tuple{3, 0.7, 0.6, 4}, std::tuple{20, 0.7, 0.8, 18}}) {
    const Grid grid{{n, 1, 1}, affine_of({from, 0, 0}, {0, 1, 0}, {0, 0, 1}, {})};
    EXPECT_EQ(resampled(grid, {to, 1, 1}).grid.size.x, count) << n << " of " << from;
  }
}

constexpr std::array kConventions = {GridConvention::naru,    GridConvention::nnunet,           GridConvention::monai,
                                     GridConvention::torchio, GridConvention::totalsegmentator, GridConvention::itk};

TEST(Resampled, HasTheCountsOfEachTool) {
  const Grid grid{{512, 511, 5}, affine_of({0.7, 0, 0}, {0, 0.7, 0}, {0, 0, 0.5}, {})};
  const auto size = [&](GridConvention convention) { return resampled(grid, {1, 1, 1}, convention).grid.size; };
  EXPECT_EQ(size(GridConvention::nnunet), (Size3{358, 358, 2}));  // 2.5 goes to the even number
  EXPECT_EQ(size(GridConvention::monai), (Size3{359, 358, 3}));
  EXPECT_EQ(size(GridConvention::torchio), (Size3{359, 358, 3}));
  EXPECT_EQ(size(GridConvention::totalsegmentator), (Size3{358, 358, 2}));
  EXPECT_EQ(size(GridConvention::itk), (Size3{358, 358, 2}));
}

TEST(Resampled, SaysTheTrueAffineInEveryConvention) {
  const Grid grid = oblique_grid();
  for (const GridConvention convention : kConventions) {
    const ResampledGrid result = resampled(grid, {1.3, 0.9, 2}, convention);
    const Vec3 target = {2, 3, 1};
    Vec3 source{};
    for (int a = 0; a < 3; ++a) source[a] = result.axes[a].place(std::llround(target[a]));
    expect_near(result.grid.patient_from_voxel(target), grid.patient_from_voxel(source));
  }
}

TEST(Resampled, KeepsTheOuterFacesAsNnunetDoesAndTheOuterCentresAsTotalsegmentatorDoes) {
  const Grid grid{{100, 41, 9}, Affine{}};
  const ResampledGrid faces = resampled(grid, {1.7, 0.6, 1.1}, GridConvention::nnunet);
  const ResampledGrid centres = resampled(grid, {1.7, 0.6, 1.1}, GridConvention::totalsegmentator);
  for (int a = 0; a < 3; ++a) {
    const auto n = static_cast<double>(grid.size[a]);
    const auto last = [&](const AxisSteps& axis) { return axis.place(axis.target_count - 1); };
    EXPECT_NEAR(faces.axes[a].place(0) - faces.axes[a].step / 2, -0.5, 1e-12);
    EXPECT_NEAR(last(faces.axes[a]) + faces.axes[a].step / 2, n - 0.5, 1e-9);
    EXPECT_EQ(centres.axes[a].place(0), 0);
    EXPECT_NEAR(last(centres.axes[a]), n - 1, 1e-9);
  }
}

TEST(Resampled, SaysWhatLiesBeyondTheSource) {
  const Grid grid{{512, 359, 1}, affine_of({0.7, 0, 0}, {0, 1, 0}, {0, 0, 1}, {})};
  // 359 voxels of 1 mm over 512 of 0.7: the last centre lies 0.14 mm outside; 180 of 2 mm end on the face itself.
  const ResampledGrid torchio = resampled(grid, {1, 2, 1}, GridConvention::torchio);
  EXPECT_EQ(torchio.inside[0].begin, 0);
  EXPECT_EQ(torchio.inside[0].end, 358);
  EXPECT_EQ(torchio.grid.size.y, 180);
  EXPECT_EQ(torchio.inside[1].end, 179);
  EXPECT_EQ(torchio.inside[2].end, 1);
  for (const GridConvention convention : {GridConvention::naru, GridConvention::nnunet, GridConvention::monai}) {
    const ResampledGrid result = resampled(grid, {1, 2, 1}, convention);
    for (int a = 0; a < 3; ++a) EXPECT_EQ(result.inside[a].end, result.axes[a].target_count);
  }
}

TEST(Resampled, KeepsAtLeastOneVoxel) {
  const Grid grid{{3, 3, 1}, Affine{}};
  for (const GridConvention convention : kConventions) {
    EXPECT_EQ(resampled(grid, {100, 100, 100}, convention).grid.size, (Size3{1, 1, 1}));
  }
}

/// The origin is large, and subtracted positions are no whole decimals.
TEST(Resampled, GivesTheSameGridWhereverThePatientLies) {
  for (const Vec3& origin : {Vec3{}, Vec3{-35.774, 272.754, -0.063}, Vec3{-194.607, 217.907, 24.877}}) {
    Affine affine = affine_of({0.7, 0, 0}, {0, 0.7, 0}, {0, 0, (origin[2] + 34 * 0.7 - origin[2]) / 34}, origin);
    const Grid grid = reoriented({{15, 25, 35}, affine}, axis_map(affine, "RAS"));
    EXPECT_EQ(grid.spacing_mm(), (Vec3{0.7, 0.7, 0.7}));
    EXPECT_EQ(resampled(grid, {1, 1, 1}, GridConvention::naru).grid.size, (Size3{11, 18, 25}));
    // torchio's own 15 * 0.7 / 0.7 is a little more than 15.
    EXPECT_EQ(resampled(grid, {0.7, 0.7, 0.7}, GridConvention::torchio).grid.size, (Size3{16, 25, 35}));
  }
}

TEST(Resampled, PutsTheVoxelsThatComeOfASingleOneASpacingApart) {
  const Grid grid{{13, 11, 1}, affine_of({1, 0, 0}, {0, 1, 0}, {0, 0, 5}, {})};
  for (const GridConvention convention : kConventions) {
    const ResampledGrid result = resampled(grid, {1, 1, 1}, convention);
    EXPECT_NEAR(result.grid.spacing_mm()[2], 1, 1e-9);
    EXPECT_GT(result.inside[2].end, 0);
  }
  EXPECT_EQ(resampled(grid, {1, 1, 1}, GridConvention::totalsegmentator).inside[2].end, 5);
}

}  // namespace
}  // namespace naru::test
