#include "dicom/stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Candidate;
using dicom::Placement;
using dicom::Sorted;
using dicom::Stack;
using ::testing::ElementsAre;

TEST(Stack, OfEvenSlicesIsAcceptedOnItsExactGrid) {
  const Sorted sorted = build_stacks(series(), kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  const Stack& stack = sorted.stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::accept);
  EXPECT_TRUE(stack.findings.empty());
  EXPECT_EQ(stack.grid.size, (Size3{64, 48, 10}));
  EXPECT_EQ(stack.grid.patient_from_voxel.column(0), (Vec3{0.5, 0, 0}));
  EXPECT_EQ(stack.grid.patient_from_voxel.column(1), (Vec3{0, 0.75, 0}));
  EXPECT_EQ(stack.grid.patient_from_voxel.column(2), (Vec3{0, 0, 1.25}));
  EXPECT_EQ(stack.grid.patient_from_voxel.column(3), (Vec3{-20, -30, 0}));
  for (const Placement& placement : sorted.placements) {
    EXPECT_EQ(placement.disposition, Disposition::used);
    EXPECT_FALSE(placement.reason);
    EXPECT_EQ(placement.stack, 0u);
  }
}

TEST(Stack, OfNothingIsNothing) {
  const Sorted sorted = build_stacks({}, kDifferent);
  EXPECT_TRUE(sorted.stacks.empty());
  EXPECT_TRUE(sorted.placements.empty());
}

TEST(Stack, RunsAlongTheNormalWhateverTheInstanceNumbers) {
  auto candidates = series(4);
  for (auto& candidate : candidates) candidate.instance.instance_number = 100 - *candidate.instance.instance_number;
  std::ranges::reverse(candidates);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(sorted.stacks[0].instances, ElementsAre(3, 2, 1, 0));
  EXPECT_TRUE(sorted.stacks[0].findings.empty()) << "a falling order is an order";
}

/// Comparing each with all others would take minutes.
TEST(Stack, MayBeOneOfVeryManySeries) {
  constexpr std::size_t kCount = 100'000;
  std::vector<Candidate> candidates;
  for (std::size_t n = 0; n < kCount; ++n) {
    candidates.push_back(slice(static_cast<int>(n), 0));
    candidates.back().instance.series_uid = "2.999.1." + std::to_string(kCount + n);
  }
  std::mt19937 random(1);
  std::ranges::shuffle(candidates, random);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), kCount);
  for (std::size_t n = 0; n < kCount; ++n) {
    const Stack& stack = sorted.stacks[n];
    ASSERT_EQ(stack.series_uid, "2.999.1." + std::to_string(kCount + n));
    ASSERT_EQ(stack.index, 0);
    ASSERT_THAT(codes(stack), ElementsAre(Code::single_slice));
    ASSERT_EQ(stack.instances.size(), 1u);
    ASSERT_EQ(sorted.placements[stack.instances[0]].stack, n);
  }
}

TEST(Stack, IsRightHandedForReversedColumns) {
  auto candidates = series(3);
  for (auto& candidate : candidates) candidate.instance.column_direction = {0, -1, 0};
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  const Affine& affine = stack.grid.patient_from_voxel;
  EXPECT_GT(dot(cross(affine.column(0), affine.column(1)), affine.column(2)), 0);
  EXPECT_THAT(stack.instances, ElementsAre(2, 1, 0));
}

TEST(Stack, DoesNotDependOnTheOrderOfItsInput) {
  auto candidates = series(12);
  candidates.push_back(candidates[3]);        // the same file twice
  candidates.push_back(slice(50, 5 * 1.25));  // a copy of a slice
  candidates.push_back(slice(60, 3));         // a localizer
  candidates.back().instance.is_localizer = true;
  for (int k = 0; k < 3; ++k) {  // a second orientation
    candidates.push_back(slice(70 + k, k));
    candidates.back().instance.row_direction = {0, 1, 0};
    candidates.back().instance.column_direction = {0, 0, -1};
    candidates.back().instance.position_mm = {k * 2.0, 0, 0};
  }
  const auto describe = [](const std::vector<Candidate>& given) {
    const Sorted sorted = build_stacks(given, kSame);
    std::vector<std::string> lines;
    for (const Stack& stack : sorted.stacks) {
      std::string line = std::to_string(stack.index) + std::string(name(stack.verdict));
      for (const Finding& finding : stack.findings) line += std::string(name(finding.code));
      for (const std::size_t index : stack.instances) line += given[index].instance.sop_instance_uid;
      lines.push_back(line);
    }
    return lines;
  };
  const auto expected = describe(candidates);
  EXPECT_EQ(expected.size(), 2u);
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::ranges::shuffle(candidates, random);
    EXPECT_EQ(describe(candidates), expected);
  }
}

TEST(Stack, SplitsSeriesAndStudies) {
  auto candidates = series(6);
  for (int k = 0; k < 3; ++k) candidates[k].instance.series_uid = "2.999.1.2";
  for (int k = 0; k < 2; ++k) candidates[k].instance.study_uid = "2.999.0";
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 3u);
  EXPECT_EQ(sorted.stacks[0].study_uid, "2.999.0");
  EXPECT_EQ(sorted.stacks[1].series_uid, "2.999.1.1");
  EXPECT_EQ(sorted.stacks[2].series_uid, "2.999.1.2");
}

TEST(Stack, SplitsWhatDiffersAndNumbersThePartsByInstanceNumber) {
  const std::vector<std::pair<const char*, std::function<void(dicom::Instance&)>>> changes = {
      {"rows", [](auto& i) { i.rows = 50; }},
      {"columns", [](auto& i) { i.columns = 50; }},
      {"spacing along i", [](auto& i) { i.spacing_i_mm = 0.6; }},
      {"spacing along j", [](auto& i) { i.spacing_j_mm = 0.8; }},
      {"image type", [](auto& i) { i.image_type[2] = "MPR"; }},
      {"echo", [](auto& i) { i.echo = "2/9.2"; }},
      {"orientation",
       [](auto& i) {
         i.row_direction = {0, 1, 0}, i.column_direction = {-1, 0, 0};
       }},
  };
  for (const auto& [what, change] : changes) {
    auto candidates = series(6);
    for (int k = 0; k < 3; ++k) change(candidates[k].instance);
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_EQ(sorted.stacks.size(), 2u) << what;
    EXPECT_EQ(sorted.stacks[0].index, 0);
    EXPECT_EQ(sorted.stacks[1].index, 1);
    EXPECT_THAT(sorted.stacks[0].instances, ElementsAre(0, 1, 2)) << what;
    EXPECT_NE(sorted.stacks[0].verdict, Verdict::reject) << what;
  }
}

TEST(Stack, SaysThatOrientationOrEchoSplitASeries) {
  auto turned = series(6);
  for (int k = 0; k < 3; ++k)
    turned[k].instance.row_direction = {0, 1, 0}, turned[k].instance.column_direction = {-1, 0, 0};
  for (const Stack& stack : build_stacks(turned, kDifferent).stacks) {
    EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_orientation));
    EXPECT_EQ(stack.findings[0].action, "split");
  }
  auto echoes = series(6);
  for (int k = 0; k < 3; ++k) echoes[k].instance.echo = "2/9.2";
  for (const Stack& stack : build_stacks(echoes, kDifferent).stacks) {
    EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_echo));
  }
}

TEST(Stack, ExcludesLocalizers) {
  auto candidates = series();
  candidates.push_back(slice(99, 3));
  candidates.back().instance.is_localizer = true;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::accept);
  EXPECT_EQ(sorted.placements.back().disposition, Disposition::excluded);
  EXPECT_EQ(sorted.placements.back().reason, Code::localizer);
}

TEST(Stack, ExcludesTheSameFileGivenTwice) {
  auto candidates = series();
  candidates.push_back(candidates[4]);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::accept);
  EXPECT_EQ(sorted.placements[4].disposition, Disposition::used);
  EXPECT_EQ(sorted.placements.back().disposition, Disposition::excluded);
  EXPECT_EQ(sorted.placements.back().reason, Code::duplicate_instance);
}

TEST(Stack, IsRejectedWhereTwoFilesClaimOneIdentifier) {
  auto candidates = series();
  candidates.push_back(candidates[4]);
  candidates.back().file_sha256 = "other";
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::duplicate_identifier_different_pixels));
  expect_all_rejected(sorted, Code::duplicate_identifier_different_pixels);
}

TEST(Stack, SetsAsideTheSameSliceStoredTwiceInOtherBytes) {
  auto candidates = series();
  candidates.push_back(candidates[4]);
  candidates.back().file_sha256 = "other exporter";
  const Sorted sorted = build_stacks(candidates, kSame);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::accept);
  EXPECT_EQ(sorted.stacks[0].instances.size(), 10u);
  EXPECT_EQ(std::ranges::count(sorted.placements, std::optional(Code::duplicate_instance), &Placement::reason), 1);

  candidates.back().instance.position_mm[2] += 0.3;  // the same pixels at another place are another slice
  EXPECT_EQ(build_stacks(candidates, kSame).stacks[0].verdict, Verdict::reject);
}

TEST(Stack, PrefersTheGoodFileOfTwoWithOneIdentifier) {
  auto candidates = series();
  candidates.push_back(candidates[4]);
  candidates.back().file_sha256 = "other";
  candidates.back().broken = Code::truncated;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::accept);
  EXPECT_EQ(sorted.placements[4].disposition, Disposition::used);
  EXPECT_EQ(sorted.placements.back().disposition, Disposition::rejected);
  EXPECT_EQ(sorted.placements.back().reason, Code::truncated);
}

TEST(Stack, SetsCopiesOfASliceAside) {
  auto candidates = series();
  candidates.push_back(slice(99, 4 * 1.25));
  const Sorted sorted = build_stacks(candidates, kSame);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::repair);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::duplicate_slices));
  EXPECT_EQ(sorted.stacks[0].instances.size(), 10u);
  EXPECT_EQ(sorted.placements.back().disposition, Disposition::excluded);
  EXPECT_EQ(sorted.placements.back().reason, Code::duplicate_slices);
}

TEST(Stack, IsRejectedWhereOnePlaceHoldsDifferentImages) {
  auto candidates = series();
  candidates.push_back(slice(99, 4 * 1.25));
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(codes(sorted.stacks[0]).front(), Code::mixed_phase);
  expect_all_rejected(sorted, Code::mixed_phase);
}

TEST(Stack, TakesSlicesBesideEachOtherForDifferentImages) {
  auto candidates = series();
  candidates.push_back(slice(99, 4 * 1.25));
  candidates.back().instance.position_mm[0] += 32;
  EXPECT_EQ(build_stacks(candidates, kSame).stacks[0].verdict, Verdict::reject);
}

TEST(Stack, NamesEachGapWithItsPlaceAndLength) {
  auto candidates = series(20);
  candidates.erase(candidates.begin() + 12, candidates.begin() + 14);
  candidates.erase(candidates.begin() + 3);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  const Stack& stack = sorted.stacks[0];
  EXPECT_THAT(codes(stack), ElementsAre(Code::gap, Code::gap));
  EXPECT_EQ(detail(stack.findings[0], "slices"), 1);
  EXPECT_EQ(detail(stack.findings[0], "after_index"), 2);
  EXPECT_EQ(detail(stack.findings[1], "slices"), 2);
  EXPECT_EQ(detail(stack.findings[1], "after_index"), 10);
  expect_all_rejected(sorted, Code::gap);
}

TEST(Stack, CountsABrokenSliceAsMissingAlsoAtTheEnds) {
  for (const int broken : {0, 4, 9}) {
    auto candidates = series();
    candidates[broken].broken = Code::truncated;
    const Sorted sorted = build_stacks(candidates, kDifferent);
    EXPECT_EQ(sorted.stacks[0].verdict, Verdict::reject);
    EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::gap));
    EXPECT_EQ(detail(sorted.stacks[0].findings[0], "after_index"), broken - 1);
    EXPECT_EQ(sorted.placements[broken].reason, Code::truncated);
    EXPECT_EQ(sorted.placements[broken == 0 ? 1 : 0].reason, Code::gap);
  }
}

TEST(Stack, CountsABrokenSliceOfUnknownMatrixAsMissing) {
  auto candidates = series();
  candidates[9].broken = Code::corrupt;
  candidates[9].instance.pixels.rows = 0;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::gap));
}

TEST(Stack, WithNoUsableSliceIsRejectedForWhatIsWrongWithThem) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.broken = Code::unsupported_transfer_syntax;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::unsupported_transfer_syntax));
  EXPECT_TRUE(sorted.stacks[0].instances.empty());
  expect_all_rejected(sorted, Code::unsupported_transfer_syntax);
}

TEST(Stack, IsRejectedForUnevenSpacing) {
  auto candidates = series();
  candidates[5].instance.position_mm[2] += 0.3;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::variable_spacing));
  expect_all_rejected(sorted, Code::variable_spacing);
}

TEST(Stack, IsRejectedWhereTheSpacingCreeps) {
  auto candidates = series(200, 1);
  for (auto& candidate : candidates) candidate.instance.slice_thickness_mm = 1;
  for (int k = 100; k < 200; ++k) candidates[k].instance.position_mm[2] += 0.009 * (k - 99);
  EXPECT_THAT(codes(build_stacks(candidates, kDifferent).stacks[0]), ElementsAre(Code::variable_spacing))
      << "each distance is within one percent, but the middle lies half a slice off the grid";
}

TEST(Stack, ForgivesPositionsOfTwoDecimals) {
  auto candidates = series(50, 0.625);
  for (auto& candidate : candidates) {
    double& z = candidate.instance.position_mm[2];
    z = std::round(z * 100) / 100;
  }
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept);
}

TEST(Stack, KeepsASmallDriftInItsGrid) {
  auto candidates = series();
  for (int k = 0; k < 10; ++k) candidates[k].instance.position_mm[0] += k * 0.0009;
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::accept);
  const Vec3 last = stack.grid.patient_from_voxel({0, 0, 9});
  EXPECT_NEAR(norm(last - candidates[9].instance.position_mm), 0, 1e-12);
}

TEST(Stack, NotesOverlapAndDisorderWithoutRejecting) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.slice_thickness_mm = 2.5;
  std::swap(candidates[2].instance.instance_number, candidates[7].instance.instance_number);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::accept);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::overlapping, Code::slice_order_from_position));
  EXPECT_EQ(detail(sorted.stacks[0].findings[0], "thickness_mm"), 2.5);
}

TEST(Stack, OfOneSliceTakesItsSpacingFromTheHeader) {
  auto one = series(1);
  Stack stack = build_stacks(one, kDifferent).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::repair);
  EXPECT_THAT(codes(stack), ElementsAre(Code::single_slice));
  EXPECT_EQ(stack.findings[0].action, "spacing from Slice Thickness");
  EXPECT_EQ(stack.grid.patient_from_voxel.column(2), (Vec3{0, 0, 1.25}));

  one[0].instance.slice_thickness_mm.reset();
  one[0].instance.spacing_between_slices_mm = 3;
  stack = build_stacks(one, kDifferent).stacks[0];
  EXPECT_EQ(stack.findings[0].action, "spacing from Spacing Between Slices");
  EXPECT_EQ(stack.grid.patient_from_voxel.column(2), (Vec3{0, 0, 3}));

  one[0].instance.spacing_between_slices_mm.reset();
  EXPECT_EQ(build_stacks(one, kDifferent).placements[0].reason, Code::single_slice);
}

TEST(Stack, IsBroughtToOneRescaleWhereThatIsExact) {
  auto candidates = series();
  for (Candidate& candidate : candidates) {
    candidate.instance.pixels.bits_stored = 12;
    candidate.instance.pixels.is_signed = false;
    candidate.instance.has_rescale = true;
    candidate.instance.rescale_slope = 2;
    candidate.instance.rescale_intercept = -1024;
  }
  candidates[6].instance.rescale_intercept = -2042;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  const Stack& stack = sorted.stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::repair);
  EXPECT_THAT(codes(stack), ElementsAre(Code::per_slice_rescale));
  EXPECT_EQ(detail(stack.findings[0], "slices"), 1);
  EXPECT_EQ(stack.rescale.intercept, -1024);
  EXPECT_THAT(stack.stored_offsets, ElementsAre(0, 0, 0, 0, 0, 0, -509, 0, 0, 0));
  EXPECT_EQ(sorted.placements[6].disposition, Disposition::used);
}

TEST(Stack, ListsEveryFindingAndRejectsForTheFirst) {
  auto candidates = series();
  candidates[6].instance.rescale_slope = 2;
  candidates.erase(candidates.begin() + 3);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::gap, Code::per_slice_rescale));
  expect_all_rejected(sorted, Code::gap);
}

TEST(Stack, AConcatenationThatLacksAFileIsAGap) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.concatenation = dicom::ConcatenationPart{"2.999.5", 1, 2};
  const Sorted half = build_stacks(candidates, kDifferent, {dicom::GapPolicy::interpolate});
  EXPECT_EQ(half.stacks[0].verdict, Verdict::reject);
  EXPECT_EQ(codes(half.stacks[0]), std::vector{Code::gap});
  EXPECT_EQ(detail(half.stacks[0].findings[0], "files"), 1);
  expect_all_rejected(half, Code::gap);
  for (int k = 5; k < 10; ++k) candidates[static_cast<std::size_t>(k)].instance.concatenation->number = 2;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept);
  for (auto& candidate : candidates) candidate.instance.concatenation->total = 0;  // the header need not say it
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept);
  for (int k = 0; k < 5; ++k) candidates[static_cast<std::size_t>(k)].instance.concatenation->number = 3;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::reject);
}

TEST(Stack, ForgivesEchoTimesThatDifferByNoise) {
  auto candidates = series(6);
  const auto echoes = [&](const char* a, const char* b) {
    for (std::size_t k = 0; k < 6; ++k) candidates[k].instance.echo = k % 2 == 0 ? a : b;
    return build_stacks(candidates, kDifferent).stacks.size();
  };
  EXPECT_EQ(echoes("1/4.92", "1/4.920002"), 1u);
  EXPECT_EQ(echoes("1/5", "1/5.0000000000001"), 1u);
  EXPECT_EQ(echoes("1/4.92", "1/4.9201"), 2u);
  EXPECT_EQ(echoes("1/4.92", "2/4.920002"), 2u) << "Echo Numbers have no noise";
  EXPECT_EQ(echoes("1/-1", "1/4.92"), 2u) << "a time that is not stated";
  EXPECT_EQ(echoes("", "1/4.92"), 2u);
}

/// Two roundings along a normal that is oblique to all axes add up to more than along one axis.
TEST(Stack, ForgivesPositionsOfTwoDecimalsAlongAnObliqueNormal) {
  const auto turned = [](double about_x, double about_y) {
    const Vec3 row{std::cos(about_y), 0, -std::sin(about_y)};
    const Vec3 column{std::sin(about_y) * std::sin(about_x), std::cos(about_x), std::cos(about_y) * std::sin(about_x)};
    auto candidates = series(60);
    for (int k = 0; k < 60; ++k) {
      dicom::Instance& image = candidates[k].instance;
      image.row_direction = row;
      image.column_direction = column;
      image.position_mm = Vec3{-20, -30, 0} + 0.5 * k * cross(row, column);
      for (double& mm : image.position_mm) mm = std::round(mm * 100) / 100;
    }
    return candidates;
  };
  constexpr double kDegree = 0.017453292519943295;
  for (const auto& [x, y] : {std::pair{-16, 6}, {7, 13}, {18, -9}}) {
    auto candidates = turned(x * kDegree, y * kDegree);
    for (auto& candidate : candidates) candidate.instance.slice_thickness_mm = 0.5;
    EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept) << x;
    candidates[30].instance.position_mm[2] += 0.03;
    EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::reject) << x;
  }
}

}  // namespace

}  // namespace naru::test
