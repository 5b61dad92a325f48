#include "dicom/stack_partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Candidate;
using dicom::Sorted;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Volumes of ten slices each, numbered one after the other; `mark(instance, volume, k)` sets what tells them apart.
std::vector<Candidate> numbered_volumes(int volumes, const std::function<void(dicom::Instance&, int, int)>& mark) {
  std::vector<Candidate> candidates;
  for (int v = 0; v < volumes; ++v) {
    for (int k = 0; k < 10; ++k) {
      candidates.push_back(slice(v * 10 + k + 1, k * 1.25));
      mark(candidates.back().instance, v, k);
    }
  }
  return candidates;
}

/// Of the whole liver before contrast, of its upper half in the arterial phase, of its lower half in the venous phase.
TEST(StackPartition, TheOrderOfNumbersJoinsNoPhases) {
  const auto group = [](int v, int k) { return v == 0 ? 0 : k < 5 ? 1 : 2; };
  const std::vector<std::function<void(dicom::Instance&, int)>> marks = {
      [](auto& i, int g) { i.timing.acquisition_number = g + 1; },
      [](auto& i, int g) { i.timing.acquisition_time_s = 36000 + 35 * g + (g > 1 ? 10 : 0); },
      [](auto& i, int g) { i.timing.content_time_s = 36000 + 35 * g; },
  };
  for (std::size_t m = 0; m < marks.size(); ++m) {
    const auto candidates = numbered_volumes(2, [&](auto& i, int v, int k) { marks[m](i, group(v, k)); });
    const Sorted sorted = build_stacks(candidates, kDifferent);
    EXPECT_THAT(sorted.sequences, IsEmpty()) << m;
    for (const dicom::Placement& placement : sorted.placements) {
      EXPECT_EQ(placement.disposition, Disposition::rejected) << m;
    }
  }
}

/// Times that are cut to whole seconds: the last slices of each volume have the time of the next.
std::vector<Candidate> with_cut_times(bool has_positions) {
  auto candidates = numbered_volumes(10, [&](auto& i, int v, int k) {
    i.timing.acquisition_time_s = v + (k > 6 ? 1 : 0);
    if (has_positions) i.timing.temporal_position = v + 1;
  });
  candidates.erase(candidates.begin() + 23);
  return candidates;
}

TEST(StackPartition, OfAxesThatLackSlicesTheBestServes) {
  const Sorted sorted = build_stacks(with_cut_times(true), kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, "temporal_position");
  EXPECT_THAT(sorted.sequences[0].values, ElementsAre(1, 2, 4, 5, 6, 7, 8, 9, 10));
}

TEST(StackPartition, ATimeThatTearsNumberedVolumesPartsNothing) {
  const Sorted sorted = build_stacks(with_cut_times(false), kDifferent);
  EXPECT_THAT(sorted.sequences, IsEmpty());
  expect_all_rejected(sorted, Code::mixed_phase);
}

TEST(StackPartition, ASeriesThatWasSentTwiceHasNoMoreVolumes) {
  for (const bool has_times : {true, false}) {
    SCOPED_TRACE(has_times);
    const auto candidates = numbered_volumes(4, [&](auto& i, int v, int) {
      if (has_times) i.timing.acquisition_time_s = v % 2;
    });
    const dicom::SamePixels same = [](std::size_t a, std::size_t b) { return a % 20 == b % 20; };
    const Sorted sorted = build_stacks(candidates, same);
    ASSERT_EQ(sorted.sequences.size(), 1u);
    EXPECT_EQ(sorted.sequences[0].axis, has_times ? "acquisition_time" : "instance_order");
    EXPECT_THAT(sorted.sequences[0].values, ElementsAre(0, 1));
    EXPECT_EQ(std::ranges::count(sorted.placements, Code::duplicate_slices, [](const auto& p) { return p.reason; }),
              20);
  }
}

/// A cine of flow: each slice has its own heart beat, magnitude and phase have numbers in turn.
TEST(StackPartition, NumbersOfOtherStacksOfTheSeriesAreNoHoles) {
  std::vector<Candidate> candidates;
  for (int n = 0; n < 6 * 10 * 2; ++n) {
    const int type = n % 2, v = n / 2 % 6, k = n / 12;
    candidates.push_back(slice(n + 1, k * 1.25));
    candidates.back().instance.image_type[2] = type == 0 ? "M" : "P";
    candidates.back().instance.timing.trigger_time_ms = (40 + k) * v;
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 2u);
  for (const auto& sequence : sorted.sequences) {
    EXPECT_EQ(sequence.axis, "instance_order");
    EXPECT_EQ(sequence.values.size(), 6u);
  }
  for (std::size_t n = 60; n < candidates.size(); ++n) ++*candidates[n].instance.instance_number;
  EXPECT_THAT(build_stacks(candidates, kDifferent).sequences, IsEmpty()) << "a number is missing in the series";
}

/// Before and after contrast, half a slice apart; each slice is an acquisition of its own.
TEST(StackPartition, RunsOfNumbersThatFillTheirDistancesAreStacks) {
  for (const double thickness_mm : {2.5, 1.25}) {
    SCOPED_TRACE(thickness_mm);
    std::vector<Candidate> candidates;
    for (int n = 0; n < 20; ++n) {
      candidates.push_back(slice(n + 1, n % 10 * 2.5 + (n < 10 ? 0 : 1.25)));
      candidates.back().instance.timing.acquisition_number = n + 1;
      candidates.back().instance.slice_thickness_mm = thickness_mm;
    }
    const Sorted sorted = build_stacks(candidates, kDifferent);
    if (thickness_mm == 1.25) {  // scanned in turns
      ASSERT_EQ(sorted.stacks.size(), 1u);
      EXPECT_EQ(sorted.stacks[0].grid.size.z, 20);
      continue;
    }
    ASSERT_EQ(sorted.stacks.size(), 2u);
    for (const dicom::Stack& stack : sorted.stacks) {
      EXPECT_EQ(stack.verdict, Verdict::accept);
      EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_acquisition));
      EXPECT_EQ(stack.grid.size.z, 10);
      EXPECT_NEAR(stack.grid.patient_from_voxel.column(2)[2], 2.5, 1e-12);
    }
  }
}

TEST(StackPartition, ThickAndThinSlicesInTurnAreStacks) {
  auto candidates = series(20, 5);
  for (int k = 0; k < 20; ++k) candidates[static_cast<std::size_t>(k)].instance.slice_thickness_mm = k % 2 ? 1.25 : 10;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const dicom::Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.verdict, Verdict::accept);
    EXPECT_NEAR(stack.grid.patient_from_voxel.column(2)[2], 10, 1e-12);
  }
}

TEST(StackPartition, ThicknessThatWasRoundedPartsNothing) {
  auto candidates = series(20);
  for (int k = 0; k < 20; ++k) candidates[static_cast<std::size_t>(k)].instance.slice_thickness_mm = k % 2 ? 2.5 : 2.51;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks.size(), 1u);
}

/// A reconstruction of thick slices near to each other is one stack.
TEST(StackPartition, OverlappingSlicesStayOneStack) {
  auto candidates = series(20);
  for (auto& candidate : candidates) candidate.instance.slice_thickness_mm = 2.5;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks.size(), 1u);
  for (auto& candidate : candidates) candidate.instance.instance_number = 21 - *candidate.instance.instance_number;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks.size(), 1u);
}

/// Frames share the Instance Number of their file, and follow each other in it.
TEST(StackPartition, FramesOfOneFileArePartedByTheirOrder) {
  for (const bool is_slice_by_slice : {false, true}) {
    auto frames = numbered_volumes(3, [&](auto& i, int v, int k) {
      i.plane = static_cast<std::size_t>(is_slice_by_slice ? k * 3 + v : v * 10 + k);
      i.instance_number = 1;
      i.sop_instance_uid = "2.999.1.1";
      i.source = dicom::PlaneSource::multi_frame;
    });
    for (auto& frame : frames) frame.file_sha256 = "sha";
    const Sorted sorted = build_stacks(frames, kDifferent);
    ASSERT_EQ(sorted.sequences.size(), 1u) << is_slice_by_slice;
    EXPECT_EQ(sorted.sequences[0].axis, "instance_order");
    EXPECT_EQ(sorted.sequences[0].values.size(), 3u);
  }
}

TEST(StackPartition, ASeriesWithoutNumbersIsOneStack) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.instance_number.reset();
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks.at(0).verdict, Verdict::accept);
  candidates = series();
  candidates[3].instance.instance_number.reset();
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks.at(0).verdict, Verdict::accept);
}

/// Times that are cut to whole seconds, in images whose numbers do not say it: at both ends half a volume is left.
TEST(StackPartition, ATimeThatEndsInPartsOfVolumesPartsNothing) {
  const auto numbered = [](bool has_numbers, bool is_cut) {
    auto candidates = numbered_volumes(6, [&](auto& i, int v, int k) {
      i.timing.acquisition_time_s = v + (is_cut && k > 6 ? 1 : 0);
      if (!has_numbers) i.instance_number.reset();
    });
    return candidates;
  };
  const Sorted cut = build_stacks(numbered(false, true), kDifferent);
  EXPECT_THAT(cut.sequences, IsEmpty());
  expect_all_rejected(cut, Code::mixed_phase);
  const Sorted by_order = build_stacks(numbered(true, true), kDifferent);
  ASSERT_EQ(by_order.sequences.size(), 1u) << "numbers tell the volumes";
  EXPECT_EQ(by_order.sequences[0].axis, "instance_order");
  auto both_lack = numbered(false, false);  // the last slice of the first, the first slice of the last
  both_lack.erase(both_lack.begin() + 50);
  both_lack.erase(both_lack.begin() + 9);
  const Sorted lacking = build_stacks(both_lack, kDifferent);
  ASSERT_EQ(lacking.sequences.size(), 1u);
  EXPECT_THAT(lacking.sequences[0].values, ElementsAre(1, 2, 3, 4));
}

/// A middle part of a series: its numbers show that the time tears nothing.
TEST(StackPartition, APartOfASeriesHasTheVolumesThatAreWhole) {
  auto candidates = numbered_volumes(6, [](auto& i, int v, int) { i.timing.acquisition_time_s = v; });
  candidates.erase(candidates.begin() + 54, candidates.end());
  candidates.erase(candidates.begin(), candidates.begin() + 6);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].values.size(), 4u);
}

/// Step and shoot, five slices a turn: a native scan, then an arterial upper and a venous lower half; or two scans.
TEST(StackPartition, TheOrderOfNumbersJoinsNoPhasesOfTurns) {
  const auto with_times = [](double second_half_s) {
    return numbered_volumes(2, [&](auto& i, int v, int k) {
      i.timing.acquisition_time_s = (v == 0 ? 0 : 60) + (k < 5 ? 0 : v == 0 ? 1 : second_half_s);
      i.timing.acquisition_number = 2 * v + k / 5;
    });
  };
  EXPECT_THAT(build_stacks(with_times(45), kDifferent).sequences, IsEmpty());
  const Sorted sorted = build_stacks(with_times(1.5), kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, "instance_order");
}

}  // namespace

}  // namespace naru::test
