// Several stacks of one orientation in one series, told by Stack ID, in the plane and along the normal; and what looks
// like them.

#include "dicom/stack_side_by_side.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Candidate;
using dicom::Sorted;
using dicom::Stack;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kStepMm = 2.5;  // as thick; the field of view is 32 mm along i and 36 mm along j

/// Adds slices to a series that go on in their numbers, from `offset_mm` beyond those of `hand_made_slices.h`.
void add_stack(
    std::vector<Candidate>& candidates, int count, const Vec3& offset_mm,
    const std::function<void(dicom::Instance&)>& mark = [](dicom::Instance&) {}) {
  for (int k = 0; k < count; ++k) {
    candidates.push_back(slice(static_cast<int>(candidates.size()) + 1, k * kStepMm));
    dicom::Instance& own = candidates.back().instance;
    own.position_mm = own.position_mm + offset_mm;
    own.slice_thickness_mm = kStepMm;
    mark(own);
  }
}

/// The details of a finding that says which of several stacks one is; empty where none says so.
std::vector<double> told_stack(const Stack& stack) {
  for (const Finding& finding : stack.findings) {
    const double stacks = detail(finding, "stacks");
    if (stacks > 0) return {stacks, detail(finding, "index")};
  }
  return {};
}

/// True slices of one stack alone: no two of them lie further apart in the plane than rounding.
void expect_straight(const Stack& stack, std::span<const Candidate> candidates) {
  const Vec3 first = candidates[stack.instances.front()].instance.position_mm;
  for (const std::size_t index : stack.instances) {
    const Vec3 off = candidates[index].instance.position_mm - first;
    EXPECT_LT(std::hypot(off[0], off[1]), 0.1);
  }
}

void expect_stacks(const std::vector<Candidate>& candidates, const std::vector<std::size_t>& counts) {
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(sorted.sequences, IsEmpty());
  ASSERT_THAT(sorted.stacks, SizeIs(counts.size()));
  for (std::size_t s = 0; s < counts.size(); ++s) {
    const Stack& stack = sorted.stacks[s];
    EXPECT_EQ(stack.verdict, Verdict::accept) << s;
    EXPECT_THAT(stack.instances, SizeIs(counts[s]));
    EXPECT_THAT(told_stack(stack), ElementsAre(static_cast<double>(counts.size()), static_cast<double>(s)));
    EXPECT_NEAR(stack.grid.spacing_mm()[2], kStepMm, 1e-9);
    expect_straight(stack, candidates);
  }
}

/// Nothing says that there are several stacks, and all is rejected.
void expect_all_held(const std::vector<Candidate>& candidates, Code reason) {
  const Sorted sorted = build_stacks(candidates, kDifferent);
  for (const Stack& stack : sorted.stacks) {
    EXPECT_THAT(told_stack(stack), IsEmpty());
    EXPECT_EQ(stack.verdict, Verdict::reject);
  }
  expect_all_rejected(sorted, reason);
}

TEST(StackSideBySide, StacksBesideEachOtherAreTheirOwn) {
  // Along i, along j, with views that overlap; on the same places, higher, half a slice apart, above.
  const std::vector<Vec3> offsets = {{61.3, 0, 0},    {0, -40, 0},     {9, 0, 0},         {61.3, 0, 5},
                                     {61.3, 0, 1.25}, {61.3, 0, 20},   {61.3, 0.4, -3.1}, {61.3, 0, 300},
                                     {30, 30, 0.01},  {61.3, 0, -17.5}};
  for (const Vec3& offset_mm : offsets) {
    for (const int count : {8, 6, 3}) {
      SCOPED_TRACE(testing::Message() << offset_mm[0] << ' ' << offset_mm[1] << ' ' << offset_mm[2] << ", " << count);
      std::vector<Candidate> candidates;
      add_stack(candidates, 8, {});
      add_stack(candidates, count, offset_mm);
      expect_stacks(candidates, {8, static_cast<std::size_t>(count)});
    }
  }
}

/// In whatever order they are numbered: one after the other, in turn, against each other, or not at all.
TEST(StackSideBySide, NumbersDoNotMatterInThePlane) {
  const std::array<std::function<std::optional<std::int64_t>(int)>, 5> orders = {
      [](int n) { return n % 8 * 2 + n / 8; }, [](int n) { return n < 8 ? n : 24 - n; },
      [](int n) { return n % 8 * 2 + (n / 8 + n) % 2; }, [](int n) { return 7 * n % 16; },
      [](int) { return std::nullopt; }};
  for (const auto& number : orders) {
    std::vector<Candidate> candidates;
    add_stack(candidates, 8, {});
    add_stack(candidates, 8, {61.3, 0, 0});
    for (int n = 0; n < 16; ++n) candidates[static_cast<std::size_t>(n)].instance.instance_number = number(n);
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_THAT(sorted.stacks, SizeIs(2));
    for (const Stack& stack : sorted.stacks) {
      EXPECT_EQ(stack.verdict, Verdict::accept);
      EXPECT_THAT(stack.instances, SizeIs(8));
      expect_straight(stack, candidates);
    }
  }
}

TEST(StackSideBySide, ManyLieInTwoDirections) {
  std::vector<Candidate> candidates;
  for (const Vec3& offset_mm : {Vec3{}, Vec3{50, 0, 0}, Vec3{0, 50, 0}, Vec3{50, 50, 0}}) {
    add_stack(candidates, 5, offset_mm);
  }
  expect_stacks(candidates, {5, 5, 5, 5});
}

/// Oblique and in every time: two 4-D images.
TEST(StackSideBySide, EachMayBeA4DImage) {
  std::vector<Candidate> candidates;
  for (int t = 0; t < 3; ++t) {
    for (const double right_mm : {0.0, 110.0}) {
      add_stack(candidates, 5, {0.6 * right_mm, 0, 0.8 * right_mm}, [&](auto& i) {
        const double along_mm = i.position_mm[2] - 0.8 * right_mm;
        i.row_direction = {0.6, 0, 0.8};
        i.position_mm = i.position_mm + Vec3{-0.8 * along_mm, 0, -0.4 * along_mm};
        i.timing.acquisition_time_s = 36000 + t;
      });
    }
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_THAT(sorted.sequences, SizeIs(2));
  for (const auto& sequence : sorted.sequences) {
    EXPECT_THAT(sequence.values, ElementsAre(0, 1, 2));
    EXPECT_EQ(sequence.axis, "acquisition_time");
  }
  for (const Stack& stack : sorted.stacks) EXPECT_THAT(told_stack(stack), SizeIs(2));
}

TEST(StackSideBySide, WhatOneLacksIsTheOthersNoLoss) {
  std::vector<Candidate> candidates;
  add_stack(candidates, 8, {});
  add_stack(candidates, 8, {61.3, 0, 0});
  candidates[4].broken = Code::truncated;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_THAT(sorted.stacks, SizeIs(2));
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::reject);
  EXPECT_THAT(codes(sorted.stacks[0]), Contains(Code::gap));
  EXPECT_EQ(sorted.stacks[1].verdict, Verdict::accept);
}

/// Volumes that motion moved, or a table: by what tells them apart, as before.
TEST(StackSideBySide, MotionMakesNoStacks) {
  for (const double off_mm : {0.1, 1.0, 5.0}) {
    std::vector<Candidate> candidates;
    for (int t = 0; t < 3; ++t) {
      add_stack(candidates, 6, {t * off_mm, 0, 0}, [&](auto& i) { i.timing.temporal_position = t + 1; });
    }
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_THAT(sorted.stacks, SizeIs(3)) << off_mm;
    for (const Stack& stack : sorted.stacks) {
      EXPECT_THAT(told_stack(stack), IsEmpty());
      expect_straight(stack, candidates);
    }
    for (Candidate& candidate : candidates) candidate.instance.timing.temporal_position = std::nullopt;
    candidates.pop_back();
    expect_all_held(candidates, Code::mixed_phase);
  }
}

/// A tilted gantry moves slices in the plane further than a field of view is wide, also where some of them lack.
TEST(StackSideBySide, ATiltIsOneStack) {
  std::vector<Candidate> candidates;
  add_stack(candidates, 40, {}, [](auto& i) { i.position_mm[1] += 0.5 * i.position_mm[2]; });
  const Sorted whole = build_stacks(candidates, kDifferent);
  ASSERT_THAT(whole.stacks, SizeIs(1));
  EXPECT_THAT(codes(whole.stacks[0]), ElementsAre(Code::gantry_tilt));
  for (const int from : {3, 10}) {
    auto torn = candidates;
    torn.erase(torn.begin() + from, torn.begin() + from + 12);  // 15 mm of drift, of 36
    const Sorted sorted = build_stacks(torn, kDifferent);
    ASSERT_THAT(sorted.stacks, SizeIs(1));
    EXPECT_THAT(codes(sorted.stacks[0]), Contains(Code::gap));
  }
}

TEST(StackSideBySide, SingleImagesAndPairsAreNoStacks) {
  for (const int count : {1, 2}) {
    std::vector<Candidate> candidates;
    add_stack(candidates, 8, {});
    add_stack(candidates, count, {61.3, 0, 1});
    expect_all_held(candidates, Code::variable_spacing);
  }
}

/// Every other slice lies elsewhere, and the others leave room for it: some positions are wrong.
TEST(StackSideBySide, OneStackWithWrongPositionsIsHeld) {
  for (const std::optional<double> thickness_mm : {std::optional(1.25), std::optional<double>()}) {
    std::vector<Candidate> candidates;
    const auto thin = [&](auto& i) {
      i.slice_thickness_mm = thickness_mm;
      i.instance_number = static_cast<std::int64_t>(i.position_mm[2] / 1.25);
    };
    add_stack(candidates, 8, {}, thin);
    add_stack(candidates, 8, {16, 18, 1.25}, thin);
    expect_all_held(candidates, Code::variable_spacing);
  }
}

TEST(StackSideBySide, StacksApartAlongTheirNormalAreTheirOwn) {
  for (const double apart_mm : {6.1, 29.8, 83.8}) {  // off the grid, or more lacks than is there
    for (const double aside_mm : {0.0, 3.0}) {
      SCOPED_TRACE(testing::Message() << apart_mm << ' ' << aside_mm);
      std::vector<Candidate> candidates;
      for (int q = 0; q < 3; ++q) add_stack(candidates, 4, {0, q * aside_mm, q * (3 * kStepMm + apart_mm)});
      expect_stacks(candidates, {4, 4, 4});
    }
  }
}

/// Slices that lack in one stack are a gap, also where someone numbered the others anew.
TEST(StackSideBySide, AGapIsNoBorderOfStacks) {
  std::vector<Candidate> renumbered, numbered;
  for (const int lacking : {1, 3, 6}) {
    renumbered.clear();
    add_stack(renumbered, 10, {});
    add_stack(renumbered, 10, {0, 0, (10 + lacking) * kStepMm});
    expect_all_held(renumbered, Code::gap);
  }
  add_stack(numbered, 4, {});
  add_stack(numbered, 4, {0, 0, 40});  // no whole multiple, or more than may be made up
  numbered[4].instance.instance_number = 100;
  expect_all_held(numbered, Code::gap);
  for (Candidate& candidate : numbered) candidate.instance.instance_number = std::nullopt;
  expect_all_held(numbered, Code::gap);
}

TEST(StackSideBySide, StacksThatNearlyTouchAreHeld) {
  for (const double apart_mm : {3.4, 4.1}) {
    std::vector<Candidate> candidates;
    add_stack(candidates, 8, {});
    add_stack(candidates, 8, {0, 0, 7 * kStepMm + apart_mm});
    expect_all_held(candidates, Code::variable_spacing);
  }
  std::vector<Candidate> uneven, pairs;
  add_stack(uneven, 8, {});
  add_stack(uneven, 8, {0, 0, 83.8}, [](auto& i) { i.position_mm[2] += 0.4 * (i.position_mm[2] - 83.8); });
  expect_all_held(uneven, Code::variable_spacing);
  for (int q = 0; q < 6; ++q) add_stack(pairs, 2, {0, 0, 11.1 * q});
  expect_all_held(pairs, Code::variable_spacing);
}

/// Sets the Stack ID of `count` images after each other.
void name_stacks(std::vector<Candidate>& candidates, std::size_t count) {
  for (std::size_t n = 0; n < candidates.size(); ++n) candidates[n].instance.stack_id = std::to_string(n / count + 1);
}

TEST(StackSideBySide, StackIdPartsWhatNothingElseTells) {
  // Half a slice apart, one going on from the other, overlapping, beside each other.
  for (const Vec3& offset_mm : {Vec3{0, 0, 1.25}, Vec3{0, 0, 20}, Vec3{0, 0, 10}, Vec3{0, 0.5, 0}, Vec3{61.3, 0, 0}}) {
    SCOPED_TRACE(testing::Message() << offset_mm[0] << ' ' << offset_mm[1] << ' ' << offset_mm[2]);
    std::vector<Candidate> candidates;
    add_stack(candidates, 8, {});
    add_stack(candidates, 8, offset_mm);
    name_stacks(candidates, 8);
    expect_stacks(candidates, {8, 8});
  }
}

TEST(StackSideBySide, StackIdsThatCountSlicesOrTimesAreNone) {
  std::vector<Candidate> candidates;
  add_stack(candidates, 12, {});
  name_stacks(candidates, 1);
  const Sorted slices = build_stacks(candidates, kDifferent);
  ASSERT_THAT(slices.stacks, SizeIs(1));
  EXPECT_THAT(codes(slices.stacks[0]), IsEmpty());
  for (std::size_t n = 0; n < 12; ++n) {
    candidates[n].instance.position_mm[2] = static_cast<double>(n % 4) * kStepMm;
    candidates[n].instance.timing.temporal_position = static_cast<std::int64_t>(n) / 4 + 1;
  }
  name_stacks(candidates, 4);
  const Sorted times = build_stacks(candidates, kDifferent);
  ASSERT_THAT(times.sequences, SizeIs(1));
  EXPECT_THAT(times.sequences[0].values, ElementsAre(1, 2, 3));
}

/// An image that states none may be of any.
TEST(StackSideBySide, AStackIdThatOneImageLacksTellsNothing) {
  std::vector<Candidate> candidates;
  add_stack(candidates, 8, {});
  add_stack(candidates, 8, {0, 0, 5});
  name_stacks(candidates, 8);
  candidates[3].instance.stack_id.clear();
  expect_all_held(candidates, Code::mixed_phase);
}

/// Frames of one file share its number and its identity.
TEST(StackSideBySide, StacksOfOneFileFollowTheirFrames) {
  std::vector<Candidate> candidates;
  for (int q = 0; q < 20; ++q) add_stack(candidates, 3, {0, 40.0 * (q * 7 % 20), 0});
  for (std::size_t n = 0; n < candidates.size(); ++n) {
    candidates[n].instance.instance_number = 1;
    candidates[n].instance.sop_instance_uid = "2.999.1.1000";
    candidates[n].instance.plane = n;
  }
  std::ranges::reverse(candidates);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_THAT(sorted.stacks, SizeIs(20));
  for (std::size_t s = 0; s < 20; ++s) {
    EXPECT_THAT(told_stack(sorted.stacks[s]), ElementsAre(20, static_cast<double>(s)));
    EXPECT_EQ(candidates[sorted.stacks[s].instances.front()].instance.plane, 3 * s);
  }
}

/// One of the times may lack a slice, at its end or within, and may be the first.
TEST(StackSideBySide, ATimeThatLacksASliceIsNoStackOfItsOwn) {
  for (const std::size_t lacking : {3u, 5u, 7u, 11u}) {
    std::vector<Candidate> candidates;
    for (int time = 0; time < 3; ++time) {
      add_stack(candidates, 4, {}, [&](auto& i) { i.timing.temporal_position = time + 1; });
    }
    name_stacks(candidates, 4);
    candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(lacking));
    const Sorted sorted = build_stacks(candidates, kDifferent);
    for (const Stack& stack : sorted.stacks) EXPECT_THAT(told_stack(stack), IsEmpty()) << lacking;
    ASSERT_THAT(sorted.sequences, SizeIs(1)) << lacking;
    EXPECT_THAT(sorted.sequences[0].stacks, SizeIs(2)) << lacking;
    const auto& odd = sorted.stacks[lacking / 4];
    EXPECT_EQ(odd.verdict, Verdict::reject) << lacking;
  }
}

/// Each without a slice that the other has, at the ends.
TEST(StackSideBySide, TimesThatShareMostPlacesAreNoStacks) {
  std::vector<Candidate> candidates;
  for (int time = 0; time < 2; ++time) {
    add_stack(candidates, 8, {}, [&](auto& i) { i.timing.temporal_position = time + 1; });
  }
  name_stacks(candidates, 8);
  candidates.erase(candidates.begin() + 8);
  candidates.erase(candidates.begin() + 7);
  for (const Stack& stack : build_stacks(candidates, kDifferent).stacks) {
    EXPECT_THAT(told_stack(stack), IsEmpty());
    EXPECT_EQ(stack.verdict, Verdict::reject);
  }
}

/// By Stack ID, and within one of them by the plane.
TEST(StackSideBySide, AStackThatIsToldInTwoWaysSaysOnceWhichItIs) {
  std::vector<Candidate> candidates;
  add_stack(candidates, 8, {});
  add_stack(candidates, 8, {61.3, 0, 0});
  add_stack(candidates, 16, {0, 0.5, 100});
  name_stacks(candidates, 16);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_THAT(sorted.stacks, SizeIs(3));
  for (std::size_t s = 0; s < 3; ++s) {
    EXPECT_THAT(codes(sorted.stacks[s]), ElementsAre(Code::mixed_acquisition));
    EXPECT_THAT(told_stack(sorted.stacks[s]), ElementsAre(3, static_cast<double>(s)));
  }
}

/// They may state no size.
TEST(StackSideBySide, SlicesThatAreAllLostAreNotParted) {
  for (const int columns : {64, 0}) {
    std::vector<Candidate> candidates;
    add_stack(candidates, 8, {});
    add_stack(candidates, 8, {61.3, 0, 0});
    for (Candidate& candidate : candidates) {
      candidate.broken = Code::corrupt;
      candidate.instance.columns = candidate.instance.pixels.columns = columns;
    }
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_THAT(sorted.stacks, SizeIs(1)) << columns;
    EXPECT_THAT(told_stack(sorted.stacks[0]), IsEmpty());
    expect_all_rejected(sorted, Code::corrupt);
  }
}

/// Both petrous bones, of slices that lean: each is straightened for itself.
TEST(StackSideBySide, TiltedStacksBesideEachOtherAreTheirOwn) {
  const auto tilted = [](auto& i) { i.position_mm[1] += 0.3 * i.position_mm[2]; };
  for (const Vec3& offset_mm : {Vec3{61.3, 0, 0}, {9, 0, 0}, {0, -40, 5}, {61.3, 0, 1.25}}) {
    SCOPED_TRACE(testing::Message() << offset_mm[0] << ' ' << offset_mm[1] << ' ' << offset_mm[2]);
    std::vector<Candidate> candidates;
    add_stack(candidates, 8, {}, tilted);
    add_stack(candidates, 6, offset_mm, tilted);
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_THAT(sorted.stacks, SizeIs(2));
    for (std::size_t s = 0; s < 2; ++s) {
      const Stack& stack = sorted.stacks[s];
      EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_acquisition, Code::gantry_tilt));
      EXPECT_THAT(told_stack(stack), ElementsAre(2, static_cast<double>(s)));
      EXPECT_THAT(stack.instances, SizeIs(s == 0 ? 8 : 6));
      for (const std::size_t index : stack.instances) EXPECT_EQ(index < 8, s == 0);
    }
  }
}

}  // namespace

}  // namespace naru::test
