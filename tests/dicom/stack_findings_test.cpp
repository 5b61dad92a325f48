#include "dicom/stack_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Candidate;
using dicom::GapPolicy;
using dicom::Sorted;
using dicom::Stack;
using ::testing::ElementsAre;

constexpr double kFifteenDegrees = 0.26179938779914946;

TEST(StackFindings, AShearIsKeptInTheGridWithItsSign) {
  for (const double sign : {1.0, -1.0}) {
    auto candidates = series();
    for (int k = 0; k < 10; ++k) {
      candidates[k].instance.position_mm[1] += sign * k * 1.25 * std::tan(kFifteenDegrees);
      candidates[k].instance.has_rescale = true;
      candidates[k].instance.gantry_tilt_degrees = -sign * 15;  // Philips states it the other way round
    }
    const Sorted sorted = build_stacks(candidates, kDifferent);
    const Stack& stack = sorted.stacks[0];
    EXPECT_EQ(stack.verdict, Verdict::repair);
    EXPECT_THAT(codes(stack), ElementsAre(Code::gantry_tilt));
    EXPECT_NEAR(detail(stack.findings[0], "degrees"), sign * 15, 1e-9);
    EXPECT_EQ(stack.findings[0].detail.size(), 2u) << "the stated angle agrees but for its sign";
    EXPECT_TRUE(stack.is_tilted);
    EXPECT_EQ(stack.padding_units, -1024);
    for (int k = 0; k < 10; ++k) {
      const Vec3 at = stack.grid.patient_from_voxel({0, 0, static_cast<double>(k)});
      EXPECT_LT(norm(at - candidates[k].instance.position_mm), 1e-9);
    }
  }
}

TEST(StackFindings, ATiltThatIsKeptSaysSo) {
  auto candidates = series();
  for (int k = 0; k < 10; ++k) candidates[k].instance.position_mm[1] += k * 1.25 * std::tan(kFifteenDegrees);
  const Stack straightened = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(straightened.findings[0].action, "straightened by resampling");
  EXPECT_EQ(straightened.verdict, Verdict::repair);
  const Stack kept = build_stacks(candidates, kDifferent, {.keeps_tilt = true}).stacks[0];
  EXPECT_EQ(kept.findings[0].action, "kept: the affine is sheared");
  EXPECT_EQ(kept.verdict, Verdict::accept);
}

TEST(StackFindings, ATiltThatNoGantryHasRejects) {
  auto candidates = series();
  for (int k = 0; k < 10; ++k) candidates[k].instance.position_mm[1] += k * 1.25 * 1.2;
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::gantry_tilt);
}

TEST(StackFindings, AStatedTiltThatPositionsContradictIsTold) {
  auto candidates = series();
  for (int k = 0; k < 10; ++k) {
    candidates[k].instance.position_mm[1] += k * 1.25 * std::tan(kFifteenDegrees);
    candidates[k].instance.gantry_tilt_degrees = 20;
  }
  EXPECT_EQ(detail(build_stacks(candidates, kDifferent).stacks[0].findings[0], "stated_degrees"), 20);
}

/// Twelve slices of which 3, 7 and 8 are missing.
std::vector<Candidate> with_gaps() {
  auto candidates = series(12);
  for (const int k : {8, 7, 3}) candidates.erase(candidates.begin() + k);
  return candidates;
}

TEST(StackFindings, GapsAreInterpolatedWhereTheRecipeSaysSo) {
  const auto candidates = with_gaps();
  const Sorted sorted = build_stacks(candidates, kDifferent, {GapPolicy::interpolate, false});
  const Stack& stack = sorted.stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::repair);
  EXPECT_THAT(codes(stack), ElementsAre(Code::gap, Code::gap));
  EXPECT_EQ(detail(stack.findings[0], "slices"), 1);
  EXPECT_EQ(detail(stack.findings[0], "after_index"), 2);
  EXPECT_EQ(detail(stack.findings[1], "slices"), 2);
  EXPECT_EQ(detail(stack.findings[1], "after_index"), 5);
  EXPECT_EQ(stack.grid.size.z, 12);
  EXPECT_THAT(stack.k_of_instance, ElementsAre(0, 1, 2, 4, 5, 6, 9, 10, 11));
  EXPECT_EQ(stack.grid.patient_from_voxel.column(2), (Vec3{0, 0, 1.25}));
}

TEST(StackFindings, TheLongestRunIsKeptWhereTheRecipeSaysSo) {
  const auto candidates = with_gaps();  // runs 0..2, 4..6, 9..11: the first of the longest
  const Sorted sorted = build_stacks(candidates, kDifferent, {GapPolicy::keep_longest_run, false});
  const Stack& stack = sorted.stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::repair);
  EXPECT_THAT(stack.instances, ElementsAre(0, 1, 2));
  EXPECT_TRUE(stack.k_of_instance.empty());
  EXPECT_EQ(stack.grid.size.z, 3);
  EXPECT_EQ(stack.grid.patient_from_voxel.column(2), (Vec3{0, 0, 1.25}));
  EXPECT_EQ(sorted.placements[0].disposition, Disposition::used);
  for (std::size_t i = 3; i < candidates.size(); ++i) {
    EXPECT_EQ(sorted.placements[i].disposition, Disposition::excluded);
    EXPECT_EQ(sorted.placements[i].reason, Code::gap);
  }
}

TEST(StackFindings, AnUnreadableInnerSliceIsAGapLikeAnyOther) {
  auto candidates = series();
  candidates[4].broken = Code::truncated;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::reject);
  const Stack filled = build_stacks(candidates, kDifferent, {GapPolicy::interpolate, false}).stacks[0];
  EXPECT_EQ(filled.verdict, Verdict::repair);
  EXPECT_THAT(filled.k_of_instance, ElementsAre(0, 1, 2, 3, 5, 6, 7, 8, 9));
  const Stack run = build_stacks(candidates, kDifferent, {GapPolicy::keep_longest_run, false}).stacks[0];
  EXPECT_THAT(run.instances, ElementsAre(5, 6, 7, 8, 9));
  EXPECT_NEAR(run.grid.patient_from_voxel.column(3)[2], 6.25, 1e-12);
}

TEST(StackFindings, AnUnreadableOuterSliceCannotBeInterpolated) {
  auto candidates = series();
  candidates[0].broken = Code::truncated;
  EXPECT_EQ(build_stacks(candidates, kDifferent, {GapPolicy::interpolate, false}).stacks[0].verdict, Verdict::reject);
  EXPECT_EQ(build_stacks(candidates, kDifferent, {GapPolicy::keep_longest_run, false}).stacks[0].instances.size(), 9u);
}

TEST(StackFindings, NoPolicyMakesAVariableSpacingAGap) {
  auto candidates = series();
  for (int k = 5; k < 10; ++k) candidates[k].instance.position_mm[2] += (k - 4) * 1.25;
  for (const GapPolicy policy : {GapPolicy::reject, GapPolicy::interpolate, GapPolicy::keep_longest_run}) {
    const Sorted sorted = build_stacks(candidates, kDifferent, {policy, false});
    expect_all_rejected(sorted, Code::variable_spacing);
    EXPECT_EQ(detail(sorted.stacks[0].findings[0], "changes_after_index"), 4);
  }
}

TEST(StackFindings, GapsOfATiltedStackFollowItsShear) {
  auto candidates = series();
  for (int k = 0; k < 10; ++k) candidates[k].instance.position_mm[1] += k * 1.25 * std::tan(kFifteenDegrees);
  candidates.erase(candidates.begin() + 4);
  const Stack stack = build_stacks(candidates, kDifferent, {GapPolicy::interpolate, false}).stacks[0];
  EXPECT_THAT(codes(stack), ElementsAre(Code::gap, Code::gantry_tilt));
  EXPECT_NEAR(stack.grid.patient_from_voxel.column(2)[1], 1.25 * std::tan(kFifteenDegrees), 1e-12);
  EXPECT_NEAR(stack.grid.patient_from_voxel.column(2)[2], 1.25, 1e-12);
}

TEST(StackFindings, FramesAndTilesAreTold) {
  for (const auto source : {dicom::PlaneSource::multi_frame, dicom::PlaneSource::mosaic}) {
    auto candidates = series();
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      candidates[k].instance.sop_instance_uid = "2.999.7";
      candidates[k].instance.plane = candidates.size() - k;  // frames of one file, from the top down
      candidates[k].instance.instance_number = 1;
      candidates[k].instance.source = source;
      candidates[k].file_sha256.clear();
    }
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_EQ(sorted.stacks.size(), 1u);
    const bool is_mosaic = source == dicom::PlaneSource::mosaic;
    EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(is_mosaic ? Code::mosaic : Code::enhanced_multiframe));
    EXPECT_EQ(sorted.stacks[0].verdict, is_mosaic ? Verdict::repair : Verdict::accept);
    EXPECT_EQ(sorted.stacks[0].instances.size(), 10u);
  }
}

TEST(StackFindings, SeveralPatientsInOneStudyRejectAllOfIt) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.patient_id = "A";
  auto other = slice(77, 0);
  other.instance.series_uid = "2.999.1.2";
  other.instance.patient_id = "B";
  candidates.push_back(other);
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::mixed_patient);
  candidates.back().instance.patient_id = "";
  EXPECT_EQ(build_stacks(candidates, kDifferent).placements[0].disposition, Disposition::used);
}

TEST(StackFindings, KernelsAndFramesOfReferenceAreSplit) {
  auto candidates = series();
  for (auto candidate : series()) {
    candidate.instance.sop_instance_uid += ".9";
    candidate.instance.reconstruction_kernel = "B60f";
    candidates.push_back(candidate);
  }
  Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.verdict, Verdict::accept);
    EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_kernel));
  }
  for (auto& candidate : candidates) {
    if (!candidate.instance.reconstruction_kernel.empty()) candidate.instance.frame_of_reference_uid = "2.999.5";
    candidate.instance.reconstruction_kernel.clear();
  }
  sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::mixed_frame_of_reference));
}

TEST(StackFindings, RowsAndColumnsThatMeetAtAnotherAngleReject) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.column_direction = {0.02, std::sqrt(1 - 0.02 * 0.02), 0};
  const Sorted sorted = build_stacks(candidates, kDifferent);
  expect_all_rejected(sorted, Code::missing_geometry);
  const Finding& finding = sorted.stacks[0].findings[0];
  EXPECT_NEAR(detail(finding, "degrees"), 88.854, 1e-3);
  EXPECT_NEAR(detail(finding, "corner_mm"), 0.02 * 48 * 0.75, 1e-12);
  EXPECT_EQ(finding.action, "rejected: rows and columns do not meet at a right angle");
}

TEST(StackFindings, HalfOfTheDistancesMayBeGaps) {
  for (const int count : {4, 7}) {  // every third slice lacks, of four the third
    auto candidates = series(count);
    std::erase_if(candidates, [](const Candidate& c) { return *c.instance.instance_number % 3 == 0; });
    EXPECT_THAT(codes(build_stacks(candidates, kDifferent).stacks[0]), ::testing::Each(Code::gap));
    const Stack stack = build_stacks(candidates, kDifferent, {GapPolicy::interpolate}).stacks[0];
    EXPECT_EQ(stack.verdict, Verdict::repair);
    EXPECT_EQ(stack.grid.size.z, count);
    EXPECT_NEAR(stack.grid.patient_from_voxel.column(2)[2], 1.25, 1e-12);
  }
}

TEST(StackFindings, ARejectedStackIsNotSaidToBeMended) {
  auto candidates = with_gaps();
  for (std::size_t n = 0; n < candidates.size(); ++n) {
    candidates[n].instance.position_mm[1] += candidates[n].instance.position_mm[2] * std::tan(kFifteenDegrees);
    candidates[n].instance.patient_id = n == 0 ? "A" : "B";
  }
  const Stack stack = build_stacks(candidates, kDifferent, {GapPolicy::interpolate}).stacks[0];
  EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_patient, Code::gap, Code::gap, Code::gantry_tilt));
  for (const Finding& finding : stack.findings) {
    EXPECT_TRUE(finding.action == "rejected" || finding.action.starts_with("not ")) << finding.action;
  }
}

TEST(StackFindings, AJumpWithinThePlaneIsToldByItsSize) {
  auto candidates = series();
  for (int k = 5; k < 10; ++k) candidates[k].instance.position_mm[0] += 5;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  expect_all_rejected(sorted, Code::variable_spacing);
  EXPECT_NEAR(detail(sorted.stacks[0].findings[0], "off_grid_mm"), 4 * 5 / 9.0, 1e-9);
  EXPECT_EQ(detail(sorted.stacks[0].findings[0], "max_mm"), 1.25);
  for (int k = 5; k < 10; ++k) candidates[k].instance.position_mm[2] += (k - 4) * 1.25;
  EXPECT_EQ(detail(build_stacks(candidates, kDifferent).stacks[0].findings[0], "off_grid_mm"), -999) << "uneven anyway";
}

/// Below 0.1 mm a hundredth of a millimetre is no small part of the spacing: half a slice was called a whole one.
TEST(StackFindings, SlicesOfAMicroscopeAreEvenByThePartOfTheirSpacing) {
  const auto judged = [](int moved, double by_mm) {
    auto candidates = series(12, 0.009);
    for (Candidate& candidate : candidates) candidate.instance.spacing_i_mm = candidate.instance.spacing_j_mm = 0.009;
    for (int k = moved; k < 12; ++k) candidates[k].instance.position_mm[2] += by_mm;
    return codes(build_stacks(candidates, kDifferent).stacks[0]);
  };
  EXPECT_THAT(judged(6, 0.0045), ElementsAre(Code::variable_spacing, Code::overlapping));
  EXPECT_THAT(judged(6, 0.009), ElementsAre(Code::gap, Code::overlapping));
  EXPECT_THAT(judged(6, 0.0001), ElementsAre(Code::overlapping));
  auto rounded = series(12, 0.0625);
  for (Candidate& candidate : rounded) {
    double& z_mm = candidate.instance.position_mm[2];
    z_mm = std::round(z_mm * 100) / 100;
  }
  EXPECT_THAT(codes(build_stacks(rounded, kDifferent).stacks[0]), ElementsAre(Code::overlapping));
}

TEST(StackFindings, NoMoreThanAThirdIsMadeUp) {
  auto candidates = series(12);
  candidates.erase(candidates.begin() + 4, candidates.begin() + 8);
  EXPECT_EQ(build_stacks(candidates, kDifferent, {GapPolicy::interpolate}).stacks[0].verdict, Verdict::repair);
  candidates.erase(candidates.begin() + 4);
  const Sorted sorted = build_stacks(candidates, kDifferent, {GapPolicy::interpolate});
  expect_all_rejected(sorted, Code::gap);
  EXPECT_EQ(sorted.stacks[0].findings[0].action, "rejected: more than a third of the slices would be made up");
  candidates = series(12);
  for (const std::size_t k : {2u, 4u, 6u, 8u, 10u}) candidates[k].broken = Code::truncated;
  EXPECT_EQ(build_stacks(candidates, kDifferent, {GapPolicy::interpolate}).stacks[0].verdict, Verdict::reject);
  candidates[10].broken.reset();
  EXPECT_EQ(build_stacks(candidates, kDifferent, {GapPolicy::interpolate}).stacks[0].verdict, Verdict::repair);
}

TEST(StackFindings, SlicesLostToTheirRescaleSaySo) {
  auto candidates = series();
  candidates[4].broken = Code::corrupt;
  candidates[4].instance.rescale_problem = "not used: these have none";
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_THAT(codes(stack), ElementsAre(Code::per_slice_rescale, Code::gap));
  EXPECT_EQ(detail(stack.findings[0], "slices"), 1);
  EXPECT_EQ(stack.findings[0].action, "not used: these have none");
}

double rounded(double value, int decimals) {
  const double units = std::pow(10, decimals);
  return std::round(value * units) / units;
}

/// Slices turned about x and y, of which the texts have so many decimals, and which lean along the columns.
struct RoundedStack {
  int count;
  double spacing_mm, about_x, about_y;
  int position_decimals, direction_decimals;

  std::vector<Candidate> leaning(double degrees) const {
    constexpr double kDegree = 0.017453292519943295;
    const double x = about_x * kDegree, y = about_y * kDegree;
    const Vec3 row{std::cos(y), 0, -std::sin(y)},
        column{std::sin(y) * std::sin(x), std::cos(x), std::cos(y) * std::sin(x)};
    Vec3 row_text, column_text;
    for (std::size_t i = 0; i < 3; ++i) {
      row_text[i] = rounded(row[i], direction_decimals);
      column_text[i] = rounded(column[i], direction_decimals);
    }
    const Vec3 read_row = (1 / norm(row_text)) * row_text;
    const Vec3 upright = column_text - dot(column_text, read_row) * read_row;
    auto candidates = series(count);
    for (int k = 0; k < count; ++k) {
      dicom::Instance& image = candidates[k].instance;
      image.row_direction = read_row;
      image.column_direction = (1 / norm(upright)) * upright;
      const Vec3 step = cross(row, column) + std::tan(degrees * kDegree) * column;
      image.position_mm = Vec3{-20, -30, 0} + k * spacing_mm * step;
      for (double& mm : image.position_mm) mm = rounded(mm, position_decimals);
    }
    return candidates;
  }
};

void expect_upright(const Grid& grid) {
  const auto& affine = grid.patient_from_voxel;
  for (const auto& [a, b] : {std::pair{0, 1}, {1, 2}, {2, 0}}) {
    EXPECT_NEAR(dot(affine.column(a), affine.column(b)), 0, 1e-9);
  }
  EXPECT_NEAR(norm(affine.column(0)), 0.5, 1e-12);
  EXPECT_NEAR(norm(affine.column(1)), 0.75, 1e-12);
  EXPECT_GT(dot(cross(affine.column(0), affine.column(1)), affine.column(2)), 0);
}

/// 0.06 degrees over 55 mm.
TEST(StackFindings, RoundingOfPositionsIsNoTilt) {
  const RoundedStack image{12, 5, -20, -12, 1, 12};
  const auto candidates = image.leaning(0);
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::accept);
  EXPECT_FALSE(stack.is_tilted);
  EXPECT_THAT(codes(stack), ElementsAre());
  expect_upright(stack.grid);
  const auto& affine = stack.grid.patient_from_voxel;
  EXPECT_LT(norm(affine.column(0) - 0.5 * candidates[0].instance.row_direction), 1e-12) << "directions are exact";
  EXPECT_LT(norm(affine({0, 0, 11}) - candidates[11].instance.position_mm), 0.1);
  EXPECT_THAT(codes(build_stacks(image.leaning(0.5), kDifferent).stacks[0]), ElementsAre(Code::gantry_tilt));
}

/// 0.17 degrees.
TEST(StackFindings, RoundingOfDirectionsIsNoTilt) {
  const RoundedStack image{10, 3, 33, -21, 6, 2};
  const auto candidates = image.leaning(0);
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::accept);
  EXPECT_FALSE(stack.is_tilted);
  expect_upright(stack.grid);
  const auto& affine = stack.grid.patient_from_voxel;
  EXPECT_LT(norm(affine({0, 0, 9}) - candidates[9].instance.position_mm), 1e-9) << "positions are exact";
  EXPECT_LT(norm(affine.column(0) - 0.5 * candidates[0].instance.row_direction), 0.5 * 5e-3);
  for (const double degrees : {-1.0, 1.0}) {
    EXPECT_TRUE(build_stacks(image.leaning(degrees), kDifferent).stacks[0].is_tilted) << degrees;
  }
}

/// Directions of six decimals and positions of three: nothing is forgiven but what was.
TEST(StackFindings, ASmallTiltOfExactTextsIsOne) {
  const RoundedStack image{40, 2.5, 33, -21, 3, 6};
  EXPECT_THAT(codes(build_stacks(image.leaning(0), kDifferent).stacks[0]), ElementsAre());
  EXPECT_THAT(codes(build_stacks(image.leaning(0.1), kDifferent).stacks[0]), ElementsAre(Code::gantry_tilt));
}

/// No value of the stack is believed then, whatever a recipe does about slices that lack.
TEST(StackFindings, SlicesThatBitsStoredDoesNotHoldAreNoGap) {
  for (const GapPolicy policy : {GapPolicy::reject, GapPolicy::interpolate, GapPolicy::keep_longest_run}) {
    auto candidates = series();
    candidates[4].broken = Code::unused_bits_set;
    const Sorted sorted = build_stacks(candidates, kDifferent, {policy});
    EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::unused_bits_set));
    EXPECT_EQ(detail(sorted.stacks[0].findings[0], "files"), 1);
    expect_all_rejected(sorted, Code::unused_bits_set);
  }
}

double farthest_coordinate_mm(const Grid& grid, const std::vector<Candidate>& candidates) {
  double most = 0;
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    const Vec3 p_mm = grid.patient_from_voxel({0, 0, static_cast<double>(k)});
    for (const double mm : p_mm - candidates[k].instance.position_mm) most = std::max(most, std::abs(mm));
  }
  return most;
}

/// The first and the last slice are off their true places by as much as any: the line lies nearest to all.
TEST(StackFindings, PositionsOfOneDecimalLieAboutTheirLine) {
  for (const RoundedStack image :
       {RoundedStack{12, 5, 18, -9, 1, 12}, RoundedStack{24, 5, -17, 4, 1, 12}, RoundedStack{12, 3, 18, -9, 1, 12},
        RoundedStack{40, 1.25, 0, 0, 1, 12}, RoundedStack{40, 0.625, 0, 0, 1, 12}}) {
    SCOPED_TRACE(image.spacing_mm);
    const auto candidates = image.leaning(0);
    auto exact = image;
    exact.position_decimals = 12;
    const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
    EXPECT_EQ(stack.verdict, Verdict::accept);
    expect_upright(stack.grid);
    EXPECT_LE(farthest_coordinate_mm(stack.grid, candidates), 0.06);
    EXPECT_LE(farthest_coordinate_mm(stack.grid, exact.leaning(0)), 0.05);
  }
}

TEST(StackFindings, PositionsOfMoreDecimalsOrOnTheirGridMoveNothing) {
  for (const RoundedStack image : {RoundedStack{24, 5, -17, 4, 2, 12}, RoundedStack{24, 2.5, 0, 0, 1, 12}}) {
    const auto candidates = image.leaning(0);
    const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
    EXPECT_EQ(stack.grid.patient_from_voxel.column(3), candidates[0].instance.position_mm);
  }
}

TEST(StackFindings, PositionsOfOneDecimalHideNoGapAndNoUnevenSlice) {
  auto candidates = RoundedStack{20, 1.25, 0, 0, 1, 12}.leaning(0);
  candidates[7].instance.position_mm[2] += 0.3;
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::variable_spacing);
  candidates = RoundedStack{20, 1.25, 0, 0, 1, 12}.leaning(0);
  candidates.erase(candidates.begin() + 4, candidates.begin() + 6);
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::gap);
  const Sorted kept = build_stacks(candidates, kDifferent, {GapPolicy::keep_longest_run});
  ASSERT_EQ(kept.stacks[0].grid.size.z, 14);
  candidates.erase(candidates.begin(), candidates.begin() + 4);
  EXPECT_LE(farthest_coordinate_mm(kept.stacks[0].grid, candidates), 0.06);
}

}  // namespace

}  // namespace naru::test
