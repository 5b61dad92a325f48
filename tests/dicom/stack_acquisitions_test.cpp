// Volumes and acquisitions of one series that share no places, or not all: stacks of their own, one stack, or held.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "dicom/stack_volumes.h"
#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Candidate;
using dicom::Sorted;
using dicom::Stack;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Turns of a sequential scan, of `per_turn` slices each; one turn was scanned again.
std::vector<Candidate> turns_with_one_again(int per_turn) {
  auto candidates = series(12);
  for (int k = 0; k < 12; ++k)
    candidates[static_cast<std::size_t>(k)].instance.timing.acquisition_number = k / per_turn;
  for (int k = 4; k < 4 + per_turn; ++k) {
    candidates.push_back(slice(100 + k, k * 1.25));
    candidates.back().instance.timing.acquisition_number = 100;
  }
  return candidates;
}

TEST(StackAcquisitions, OneTurnScannedAgainShattersNoSeries) {
  for (const int per_turn : {1, 2}) {
    const Sorted sorted = build_stacks(turns_with_one_again(per_turn), kDifferent);
    EXPECT_EQ(sorted.stacks.size(), 1u) << per_turn;
    expect_all_rejected(sorted, Code::mixed_phase);
  }
}

/// Images that watch for the bolus, at one place, and the volume.
TEST(StackAcquisitions, AVolumeIsToldFromImagesOfOnePlace) {
  auto candidates = series();
  for (Candidate& candidate : candidates) candidate.instance.timing.acquisition_number = 9;
  for (int n = 0; n < 3; ++n) {
    candidates.push_back(slice(100 + n, 5));
    candidates.back().instance.timing.acquisition_number = n;
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 4u);
  EXPECT_EQ(sorted.stacks[0].instances.size(), 10u);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::accept);
}

/// Two volumes of eight slices 2.5 mm apart, the second `off_mm` further; `mark(instance, volume)` tells them apart.
std::vector<Candidate> two_volumes_off(double off_mm, const std::function<void(dicom::Instance&, int)>& mark) {
  std::vector<Candidate> candidates;
  for (int n = 0; n < 16; ++n) {
    candidates.push_back(slice(n + 1, n / 8 * off_mm + n % 8 * 2.5));
    candidates.back().instance.slice_thickness_mm = 2.5;
    mark(candidates.back().instance, n / 8);
  }
  return candidates;
}

void expect_two_volumes(const Sorted& sorted) {
  EXPECT_THAT(sorted.sequences, IsEmpty());
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.verdict, Verdict::accept);
    EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_acquisition));
    EXPECT_EQ(stack.grid.size.z, 8);
    EXPECT_NEAR(stack.grid.spacing_mm()[2], 2.5, 1e-9);
  }
}

TEST(StackAcquisitions, VolumesOffEachOthersPlacesAreNeverMerged) {
  const std::vector<std::function<void(dicom::Instance&, int)>> marks = {
      [](auto& i, int v) { i.timing.acquisition_number = v; },
      [](auto& i, int v) { i.timing.acquisition_time_s = 36000 + 60 * v; },
      [](auto& i, int v) { i.timing.temporal_position = v + 1; },
      [](auto& i, int v) { i.timing.trigger_time_ms = 40 * v; },
      [](auto& i, int v) { i.timing.b_value_s_per_mm2 = 1000 * v; },
  };
  for (const double off_mm : {0.05, 0.625, 0.7, 1.25, 2.4, 16.2, 16.25}) {
    for (std::size_t m = 0; m < marks.size(); ++m) {
      SCOPED_TRACE(testing::Message() << off_mm << " mm, mark " << m);
      const auto candidates = two_volumes_off(off_mm, marks[m]);
      for (const auto policy : {dicom::GapPolicy::reject, dicom::GapPolicy::interpolate}) {
        expect_two_volumes(build_stacks(candidates, kDifferent, {policy, false}));
      }
    }
  }
}

/// Even where it fits between them.
TEST(StackAcquisitions, ALoneImageMergesNoVolumes) {
  auto candidates = two_volumes_off(1.25, [](auto& i, int v) { i.timing.acquisition_number = v; });
  candidates.push_back(slice(100, -1.25));
  candidates.back().instance.timing.acquisition_number = 2;
  for (const Stack& stack : build_stacks(candidates, kDifferent).stacks) EXPECT_NE(stack.verdict, Verdict::accept);
  candidates.back().instance.position_mm[2] = 1000;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 3u);
  EXPECT_EQ(sorted.stacks[0].grid.size.z, 8);
  EXPECT_EQ(sorted.stacks[1].grid.size.z, 8);
}

/// Also with a slice given twice.
TEST(StackAcquisitions, ACopyMergesNoVolumes) {
  auto candidates = two_volumes_off(1.25, [](auto& i, int v) { i.timing.acquisition_number = v; });
  candidates.push_back(candidates.back());
  candidates.back().instance.sop_instance_uid = "2.999.1.9999";
  candidates.back().file_sha256 = "other";
  const Sorted sorted = build_stacks(candidates, kSame);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) EXPECT_EQ(stack.instances.size(), 8u);
}

TEST(StackAcquisitions, HalvesOfAStackAreOneWhereTheyLeaveRoomForEachOther) {
  const auto halves = [](std::optional<double> thickness_mm, std::optional<double> spacing_mm, double off_mm = 1.25) {
    auto candidates = two_volumes_off(off_mm, [&](auto& i, int v) {
      i.timing.acquisition_time_s = v;
      i.slice_thickness_mm = thickness_mm;
      i.spacing_between_slices_mm = spacing_mm;
    });
    return build_stacks(candidates, kDifferent);
  };
  EXPECT_EQ(halves(1.25, {}).stacks.size(), 1u);
  EXPECT_EQ(halves(1, {}).stacks.size(), 1u);
  EXPECT_EQ(halves(2.5, 1.25).stacks.size(), 1u);
  EXPECT_EQ(halves(1, 2.5).stacks.size(), 2u);
  for (const Sorted& untold : {halves({}, {}), halves(1.25, {}, 1.1), halves(1.25, {}, 0.05)}) {
    EXPECT_EQ(untold.stacks.size(), 1u);
    expect_all_rejected(untold, Code::mixed_acquisition);
  }
}

/// Two turns of one scan, and another scan between their slices.
TEST(StackAcquisitions, WhatCannotBeToldApartIsHeld) {
  std::vector<Candidate> candidates;
  for (int n = 0; n < 32; ++n) {
    candidates.push_back(slice(n + 1, n < 16 ? n * 2.5 : (n - 16) * 2.5 + 1.25));
    candidates.back().instance.slice_thickness_mm = 2.5;
    candidates.back().instance.timing.acquisition_number = n / 8 < 2 ? n / 8 : 2;
  }
  const Sorted told = build_stacks(candidates, kDifferent);  // by numbers that begin anew
  ASSERT_EQ(told.stacks.size(), 2u);
  for (const Stack& stack : told.stacks) EXPECT_EQ(stack.grid.size.z, 16);
  for (auto& candidate : candidates) {
    candidate.instance.instance_number = static_cast<std::int64_t>(candidate.instance.position_mm[2] / 1.25);
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(sorted.stacks.size(), 1u);
  expect_all_rejected(sorted, Code::mixed_acquisition);
}

/// Stations of a table that overlap by two slices, or phases that end earlier; their times alone are stated.
TEST(StackAcquisitions, TimesThatNumbersConfirmAreStacksOfTheirOwn) {
  const auto timed = [](int count, int from, auto&& mark) {
    std::vector<Candidate> candidates;
    for (int station = 0; station < 3; ++station) {
      for (int k = 0; k < count - (from == 0 ? station : 0); ++k) {
        const int number = static_cast<int>(candidates.size()) + 1;
        candidates.push_back(slice(number, (from * station + k) * 1.25));
        mark(candidates.back().instance, station);
      }
    }
    return candidates;
  };
  const auto acquired = [](auto& i, int station) { i.timing.acquisition_time_s = 36000 + 100 * station; };
  const auto made = [](auto& i, int station) { i.timing.content_time_s = 36000 + 100 * station; };
  for (const int from : {6, 1, 0}) {
    for (const bool has_content_times : {false, true}) {
      SCOPED_TRACE(from);
      auto candidates = has_content_times ? timed(8, from, made) : timed(8, from, acquired);
      const Sorted sorted = build_stacks(candidates, kDifferent);
      ASSERT_EQ(sorted.stacks.size(), 3u);
      for (std::size_t s = 0; s < 3; ++s) {
        EXPECT_EQ(sorted.stacks[s].verdict, Verdict::accept);
        EXPECT_THAT(codes(sorted.stacks[s]), ElementsAre(Code::mixed_acquisition));
        EXPECT_EQ(sorted.stacks[s].instances.size(), from == 0 ? 8 - s : 8u);
      }
      candidates.erase(candidates.begin() + 12);
      expect_all_rejected(build_stacks(candidates, kDifferent), Code::mixed_phase);  // a number is missing
    }
  }
  auto without_numbers = timed(8, 6, acquired);
  for (Candidate& candidate : without_numbers) candidate.instance.instance_number.reset();
  expect_all_rejected(build_stacks(without_numbers, kDifferent), Code::mixed_phase);
  // Numbers that begin late: the first slices of the first phase were lost.
  auto late = timed(8, 0, acquired);
  late.erase(late.begin(), late.begin() + 3);
  expect_all_rejected(build_stacks(late, kDifferent), Code::mixed_phase);
  // The time of the lower half of each is that of the upper half of the one before.
  auto cut = timed(8, 6, acquired);
  for (std::size_t n = 0; n < cut.size(); ++n) cut[n].instance.timing.acquisition_time_s = (n + 4) / 8;
  expect_all_rejected(build_stacks(cut, kDifferent), Code::mixed_phase);
}

/// Diffusion of the whole body: two stations that overlap by two slices, two b-values, a time or a number a station.
TEST(StackAcquisitions, BValuesOfOverlappingStationsAreStacksOfTheirOwn) {
  for (const bool has_times : {true, false}) {
    std::vector<Candidate> candidates;
    for (int n = 0; n < 32; ++n) {
      const int station = n / 16, b_value = n / 8 % 2;
      candidates.push_back(slice(n + 1, (6 * station + n % 8) * 1.25));
      auto& timing = candidates.back().instance.timing;
      timing.b_value_s_per_mm2 = 800 * b_value;
      if (has_times) timing.acquisition_time_s = 100 * station;
      if (!has_times) timing.acquisition_number = station;
    }
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_EQ(sorted.stacks.size(), 4u);
    for (const Stack& stack : sorted.stacks) {
      EXPECT_EQ(stack.verdict, Verdict::accept);
      EXPECT_EQ(stack.instances.size(), 8u);
      for (const std::size_t n : stack.instances) EXPECT_EQ(n / 8, stack.instances.front() / 8);
    }
  }
}

}  // namespace

}  // namespace naru::test
