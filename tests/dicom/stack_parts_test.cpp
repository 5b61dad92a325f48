#include "dicom/stack_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Candidate;
using dicom::Sorted;
using dicom::Stack;
using ::testing::Contains;
using ::testing::ElementsAre;

/// Ten slices, of which `change` is done to every second one.
template <class Change>
std::vector<Candidate> every_second(Change change) {
  auto candidates = series();
  for (std::size_t k = 1; k < candidates.size(); k += 2) change(candidates[k].instance);
  return candidates;
}

void be_unsigned(dicom::Instance& instance, int bits) {
  instance.pixels.is_signed = false;
  instance.pixels.bits_stored = bits;
}

TEST(StackParts, OfOtherStoredValuesAreOneVolume) {
  const Sorted signs = build_stacks(every_second([](auto& i) { be_unsigned(i, 12); }), kDifferent);
  ASSERT_EQ(signs.stacks.size(), 1u);
  EXPECT_EQ(signs.stacks[0].verdict, Verdict::accept);
  EXPECT_TRUE(signs.stacks[0].findings.empty()) << "values stay as they are";
  EXPECT_EQ(signs.stacks[0].dtype, DType::int16);
  EXPECT_EQ(signs.stacks[0].grid.size.z, 10);

  auto depths = series();
  for (std::size_t k = 0; k < 10; ++k) be_unsigned(depths[k].instance, k == 3 || k == 4 ? 16 : 12);
  const Sorted sorted = build_stacks(depths, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  EXPECT_TRUE(sorted.stacks[0].findings.empty());
  EXPECT_EQ(sorted.stacks[0].dtype, DType::uint16);
}

TEST(StackParts, WhoseStoredValuesNoTypeHoldsAreBroughtToUnits) {
  const Sorted sorted = build_stacks(every_second([](auto& i) { be_unsigned(i, 16); }), kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  const Stack& stack = sorted.stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::repair);
  EXPECT_THAT(codes(stack), ElementsAre(Code::per_slice_rescale));
  EXPECT_EQ(detail(stack.findings[0], "slices"), 5);
  EXPECT_EQ(stack.dtype, DType::float32);
  EXPECT_EQ(stack.slice_rescales.size(), 10u);
}

TEST(StackParts, ThatShareTheirPlacesStayApart) {
  auto candidates = series();
  for (auto candidate : series()) {  // as magnitude and phase
    candidate.instance.sop_instance_uid += ".9";
    be_unsigned(candidate.instance, 12);
    candidates.push_back(candidate);
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) EXPECT_EQ(stack.verdict, Verdict::accept);
}

TEST(StackParts, OfAnotherSpacingStayApart) {
  auto candidates = series();
  for (int k = 5; k < 10; ++k) {
    candidates[k].instance.position_mm[2] += (k - 4) * 1.25;
    be_unsigned(candidates[k].instance, 12);
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) EXPECT_EQ(stack.verdict, Verdict::accept);
}

/// Some programs that remove identities write a Frame of Reference UID of its own into each file.
TEST(StackParts, WithAFrameOfReferenceForEachImageAreOneStack) {
  auto candidates = series();
  for (auto& candidate : candidates) {
    candidate.instance.frame_of_reference_uid = candidate.instance.sop_instance_uid + ".1";
    candidate.instance.timing.temporal_position = 1;
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::repair);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::mixed_frame_of_reference));
  EXPECT_EQ(detail(sorted.stacks[0].findings[0], "frames"), 10);

  for (auto candidate : std::vector(candidates)) {  // of a 4-D image as well
    candidate.instance.sop_instance_uid += ".2";
    candidate.instance.frame_of_reference_uid += ".2";
    candidate.instance.timing.temporal_position = 2;
    candidates.push_back(candidate);
  }
  EXPECT_EQ(build_stacks(candidates, kDifferent).sequences.at(0).stacks.size(), 2u);
}

TEST(StackParts, WithoutAFrameOfReferenceGoWithTheOthers) {
  const Sorted sorted = build_stacks(every_second([](auto& i) { i.frame_of_reference_uid = "2.999.5"; }), kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::accept);
  EXPECT_TRUE(sorted.stacks[0].findings.empty());
}

TEST(StackParts, WhoseSlicesLieBetweenEachOthersAreHeld) {
  const auto expect_held = [](const std::vector<Candidate>& candidates, const char* action) {
    for (const auto policy : {dicom::GapPolicy::reject, dicom::GapPolicy::interpolate}) {
      const Sorted sorted = build_stacks(candidates, kDifferent, {policy});
      ASSERT_EQ(sorted.stacks.size(), 2u) << action;
      expect_all_rejected(sorted, Code::gap);
      for (const Stack& stack : sorted.stacks) EXPECT_EQ(stack.findings[0].action, action);
      EXPECT_EQ(detail(sorted.stacks[0].findings[0], "slices"), sorted.stacks[1].instances.size());
    }
  };
  expect_held(every_second([](auto& i) { i.image_type[2] = "NORM"; }),
              "rejected: slices of another Image Type lie between these");
  expect_held(every_second([](auto& i) { i.echo = "2/9.2"; }), "rejected: slices of another echo lie between these");
  expect_held(every_second([](auto& i) { i.reconstruction_kernel = "B60f"; }),
              "rejected: slices of another kernel lie between these");
  auto frames = every_second([](auto& i) { i.frame_of_reference_uid = "2.999.5"; });
  for (std::size_t k = 0; k < 10; k += 2) frames[k].instance.frame_of_reference_uid = "2.999.6";
  expect_held(frames, "rejected: slices of another frame of reference lie between these");
  expect_held(every_second([](auto& i) { i.rows = 50; }), "rejected: slices of another matrix lie between these");
  expect_held(every_second([](auto& i) { i.spacing_i_mm = 0.6; }),
              "rejected: slices of another pixel spacing lie between these");
  auto few = series();
  for (const int k : {3, 4}) few[k].instance.image_type[2] = "NORM";
  expect_held(few, "rejected: slices of another Image Type lie between these");
}

TEST(StackParts, OfOneSliceEachAreHeldWhereTheyMakeAnEvenRow) {
  auto candidates = series();
  for (std::size_t k = 0; k < 10; ++k) candidates[k].instance.echo = "1/" + std::to_string(5 + k);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(sorted.stacks.size(), 10u);
  expect_all_rejected(sorted, Code::gap);
  EXPECT_EQ(detail(sorted.stacks[0].findings[0], "slices"), 9);
  candidates.resize(2);
  for (const Stack& stack : build_stacks(candidates, kDifferent).stacks) {
    EXPECT_THAT(codes(stack), Contains(Code::single_slice)) << "two places are even whatever they are";
    EXPECT_NE(stack.verdict, Verdict::reject);
  }
}

TEST(StackParts, ThatOverlapAtNoEvenDistanceStayApart) {
  auto candidates = series();
  for (int n = 0; n < 10; ++n) {  // from the middle of slices 7 and 8 on
    candidates.push_back(slice(50 + n, (7.5 + n) * 1.25));
    candidates.back().instance.image_type[2] = "NORM";
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) EXPECT_EQ(stack.verdict, Verdict::accept);
}

/// Six slices of b = `b` and `more`, and of an image that states no b-value, all of one Image Type.
std::vector<Candidate> diffusion_and_silent(double b, double more, const std::string& origin) {
  std::vector<Candidate> candidates;
  for (int v = 0; v < 3; ++v) {
    for (int k = 0; k < 6; ++k) {
      candidates.push_back(slice(6 * v + k, 1.25 * k));
      dicom::Instance& image = candidates.back().instance;
      image.modality = "MR";
      image.image_type.clear();
      if (!origin.empty()) image.image_type = {origin, "SECONDARY"};
      if (v < 2) image.timing.b_value_s_per_mm2 = v == 0 ? b : more;
    }
  }
  return candidates;
}

TEST(StackParts, ThatAreMapsOfDiffusionHaveNoBValue) {
  for (const double b : {0.0, 50.0}) {
    const Sorted sorted = build_stacks(diffusion_and_silent(b, 800, "DERIVED"), kDifferent);
    ASSERT_EQ(sorted.stacks.size(), 3u) << b;
    ASSERT_EQ(sorted.sequences.size(), 1u) << b;
    EXPECT_EQ(sorted.sequences[0].axis, "b_value");
    EXPECT_THAT(sorted.sequences[0].values, ElementsAre(b, 800));
    for (const Stack& stack : sorted.stacks) EXPECT_EQ(stack.verdict, Verdict::accept);
    EXPECT_EQ(sorted.stacks[2].findings[0].action, "a case of its own");
  }
}

TEST(StackParts, ThatWereNotMadeOfOthersMayBeWithoutDiffusion) {
  for (const std::string origin : {"ORIGINAL", ""}) {
    const Sorted sorted = build_stacks(diffusion_and_silent(50, 800, origin), kDifferent);
    ASSERT_EQ(sorted.sequences.size(), 1u) << origin;
    EXPECT_EQ(sorted.sequences[0].axis, "b_value");
    EXPECT_THAT(sorted.sequences[0].values, ElementsAre(50, 800, 0));
  }
}

/// One slice of the map lacks: nothing tells that it is one.
TEST(StackParts, ThatAreMapsOfSomeSlicesGetNoBValueEither) {
  auto candidates = diffusion_and_silent(50, 800, "DERIVED");
  candidates.pop_back();
  for (const auto& sequence : build_stacks(candidates, kDifferent).sequences) EXPECT_NE(sequence.axis, "b_value");
}

/// Stored turned by 180 degrees, or turned over, in every other slice.
TEST(StackParts, WhoseSlicesAreTurnedBetweenEachOthersAreHeld) {
  const auto turned = [](auto& i) { i.row_direction = {-1, 0, 0}, i.column_direction = {0, -1, 0}; };
  const auto turned_over = [](auto& i) { i.column_direction = {0, -1, 0}; };
  for (const auto& candidates : {every_second(turned), every_second(turned_over)}) {
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_EQ(sorted.stacks.size(), 2u);
    expect_all_rejected(sorted, Code::gap);
    for (const Stack& stack : sorted.stacks) {
      EXPECT_EQ(stack.findings[0].action, "rejected: slices of another orientation lie between these");
    }
  }
  auto one = series();
  turned(one[4].instance);
  expect_all_rejected(build_stacks(one, kDifferent), Code::gap);
  auto halves = series();
  for (std::size_t k = 5; k < 10; ++k) turned(halves[k].instance);
  for (const Stack& stack : build_stacks(halves, kDifferent).stacks) EXPECT_EQ(stack.verdict, Verdict::accept);
}

/// Both knees, each turned a little in its plane, their slices half a slice apart. Where the slices leave room for the
/// others, or lie on them, they are one stack that is torn.
TEST(StackParts, ThatAreTurnedAndLieBesideEachOtherAreWhole) {
  const auto knees = [](double aside_mm, double thickness_mm) {
    std::vector<Candidate> candidates;
    for (int n = 0; n < 20; ++n) {
      candidates.push_back(slice(n + 1, (n < 10 ? 0 : 2) + n % 10 * 4.0));
      dicom::Instance& own = candidates.back().instance;
      const double angle = (n < 10 ? 10 : -10) * 3.14159265358979 / 180;
      own.row_direction = {std::cos(angle), std::sin(angle), 0};
      own.column_direction = {-std::sin(angle), std::cos(angle), 0};
      own.position_mm[0] += n < 10 ? 0 : aside_mm;
      own.slice_thickness_mm = thickness_mm;
    }
    return candidates;
  };
  const Sorted sorted = build_stacks(knees(100, 4), kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) EXPECT_EQ(stack.verdict, Verdict::accept);
  expect_all_rejected(build_stacks(knees(100, 2), kDifferent), Code::gap);
  expect_all_rejected(build_stacks(knees(-5, 4), kDifferent), Code::gap);
}

}  // namespace

}  // namespace naru::test
