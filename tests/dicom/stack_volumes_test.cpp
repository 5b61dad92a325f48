#include "dicom/stack_volumes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Candidate;
using dicom::Sorted;
using dicom::Stack;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// `volumes` times ten slices at the same positions; `mark(instance, volume, k)` sets what tells them apart.
std::vector<Candidate> four_d(int volumes, const std::function<void(dicom::Instance&, int, int)>& mark) {
  std::vector<Candidate> candidates;
  for (int v = 0; v < volumes; ++v) {
    for (int k = 0; k < 10; ++k) {
      candidates.push_back(slice(v * 10 + k + 1, k * 1.25));
      mark(candidates.back().instance, v, k);
    }
  }
  return candidates;
}

void expect_one_sequence(const Sorted& sorted, std::string_view axis, const std::vector<double>& values) {
  ASSERT_EQ(sorted.stacks.size(), values.size());
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, axis);
  EXPECT_EQ(sorted.sequences[0].values, values);
  ASSERT_EQ(sorted.sequences[0].stacks.size(), values.size());
  for (const Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.verdict, Verdict::accept);
    EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_phase));
    EXPECT_EQ(stack.instances.size(), 10u);
  }
}

TEST(StackVolumes, EachAxisThatPartsTheImagesMakesOneSequence) {
  struct Case {
    std::string_view axis;
    std::function<void(dicom::Instance&, int, int)> mark;
    std::vector<double> values;
  };
  const std::vector<Case> cases = {
      {"inversion_time", [](auto& i, int v, int) { i.timing.inversion_time_ms = 100 * v; }, {0, 100, 200}},
      {"trigger_time", [](auto& i, int v, int) { i.timing.trigger_time_ms = 50.5 * v; }, {0, 50.5, 101}},
      {"cardiac_phase", [](auto& i, int v, int) { i.timing.cardiac_phase_percent = 30 + 40 * v; }, {30, 70, 110}},
      {"acquisition_time", [](auto& i, int v, int) { i.timing.acquisition_time_s = 36000 + 2.5 * v; }, {0, 2.5, 5}},
      // Since 1970, as where a date is known: differences are whole microseconds all the same.
      {"acquisition_time",
       [](auto& i, int v, int) { i.timing.acquisition_time_s = 1577836799.1 + 0.3 * v; },
       {0, 0.3, 0.6}},
      // Without a date: past midnight time begins anew.
      {"acquisition_time",
       [](auto& i, int v, int) { i.timing.acquisition_time_s = v == 0 ? 86390 : 10 * v - 5; },
       {0, 15, 25}},
      // The date is that of the first volume: all the same.
      {"acquisition_time",
       [](auto& i, int v, int) { i.timing.acquisition_time_s = 1577836800 + (v == 0 ? 86390 : 10 * v - 5); },
       {0, 15, 25}},
      {"acquisition_time",
       [](auto& i, int v, int) { i.timing.acquisition_time_s = 1577836800 + 86390 + 10 * v; },
       {0, 10, 20}},
      {"acquisition_time",
       [](auto& i, int v, int) { i.timing.acquisition_time_s = 30000 + 20000 * v; },
       {0, 20000, 40000}},
      {"temporal_position", [](auto& i, int v, int) { i.timing.temporal_position = v + 1; }, {1, 2, 3}},
      {"asl_context", [](auto& i, int v, int) { i.timing.asl_context = v; }, {0, 1, 2}},
      {"acquisition_number", [](auto& i, int v, int) { i.timing.acquisition_number = 4 + v; }, {0, 1, 2}},
      {"content_time", [](auto& i, int v, int) { i.timing.content_time_s = 100 + v; }, {0, 1, 2}},
      {"instance_order", [](auto&, int, int) {}, {0, 1, 2}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.axis);
    expect_one_sequence(build_stacks(four_d(3, c.mark), kDifferent), c.axis, c.values);
  }
}

TEST(StackVolumes, EachVolumeSaysWhatBecomesOfIt) {
  const auto candidates = four_d(3, [](auto& i, int v, int) { i.timing.trigger_time_ms = 50.5 * v; });
  for (const Stack& stack : build_stacks(candidates, kDifferent).stacks) {
    EXPECT_EQ(stack.findings[0].action, "one volume of a 4-D case along trigger_time");
  }
  for (const Stack& stack : build_stacks(candidates, kDifferent, {.takes_volumes_only = true}).stacks) {
    EXPECT_EQ(stack.findings[0].action, "a case of its own");
  }
}

TEST(StackVolumes, VolumesHoldTheImagesOfTheirValue) {
  auto candidates = four_d(3, [](auto& i, int v, int) { i.timing.trigger_time_ms = 100 - 10 * v; });
  std::shuffle(candidates.begin(), candidates.end(), std::mt19937(7));
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_THAT(sorted.sequences[0].values, ElementsAre(80, 90, 100));
  for (std::size_t v = 0; v < 3; ++v) {
    for (const std::size_t index : sorted.stacks[sorted.sequences[0].stacks[v]].instances) {
      EXPECT_EQ(candidates[index].instance.timing.trigger_time_ms, sorted.sequences[0].values[v]);
    }
  }
}

TEST(StackVolumes, ATimeThatRunsThroughTheSlicesPartsNothing) {
  const auto candidates = four_d(2, [](auto& i, int v, int k) {
    i.timing.acquisition_time_s = v * 10 + k * 0.1;
    i.timing.temporal_position = v + 1;
  });
  expect_one_sequence(build_stacks(candidates, kDifferent), "temporal_position", {1, 2});
}

TEST(StackVolumes, DiffusionKeepsItsOrderAndDirections) {
  const std::vector<double> b = {0, 1000, 1000, 0};
  const std::vector<Vec3> directions = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 0}};
  const auto candidates = four_d(4, [&](auto& i, int v, int) {
    i.timing.b_value_s_per_mm2 = b[v];
    if (b[v] > 0) i.timing.gradient_direction = directions[v];
    i.timing.acquisition_number = v + 1;
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  expect_one_sequence(sorted, "b_value", b);
  EXPECT_EQ(sorted.sequences[0].gradient_directions, directions);
  EXPECT_EQ(sorted.sequences[0].unit, "s/mm2");
}

TEST(StackVolumes, AVolumeThatLacksSlicesIsRejectedAndTheRestKept) {
  auto candidates = four_d(4, [](auto& i, int v, int) { i.timing.trigger_time_ms = v; });
  candidates.erase(candidates.begin() + 19);  // the last slice of the second volume
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_THAT(sorted.sequences[0].values, ElementsAre(0, 2, 3));
  int rejected = 0;
  for (const Stack& stack : sorted.stacks) {
    if (stack.verdict != Verdict::reject) continue;
    ++rejected;
    EXPECT_EQ(codes(stack).front(), Code::gap);
    EXPECT_EQ(stack.instances.size(), 9u);
  }
  EXPECT_EQ(rejected, 1);
}

/// One volume lacks its first slice, the other its last: what they keep is as many slices, at other places.
TEST(StackVolumes, VolumesThatKeepOtherSlicesAreNoSequence) {
  auto candidates = four_d(2, [](auto& i, int v, int) { i.timing.trigger_time_ms = v; });
  candidates.front().broken = candidates.back().broken = Code::truncated;
  const Sorted sorted = build_stacks(candidates, kDifferent, {dicom::GapPolicy::keep_longest_run, false});
  EXPECT_THAT(sorted.sequences, IsEmpty());
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.verdict, Verdict::repair);
    EXPECT_EQ(stack.instances.size(), 9u);
  }
}

/// Whichever volume it is, the first one, too.
TEST(StackVolumes, AVolumeThatKeepsOtherSlicesLeavesTheSequence) {
  for (const std::size_t lost : {0, 1, 2}) {
    auto candidates = four_d(3, [](auto& i, int v, int) { i.timing.trigger_time_ms = v; });
    candidates[10 * lost + 9].broken = Code::truncated;
    const Sorted sorted = build_stacks(candidates, kDifferent, {dicom::GapPolicy::keep_longest_run, false});
    ASSERT_EQ(sorted.sequences.size(), 1u) << lost;
    std::vector<double> others = {0, 1, 2};
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(lost));
    EXPECT_EQ(sorted.sequences[0].values, others);
  }
}

TEST(StackVolumes, VolumesInOtherUnitsAreNoSequence) {
  const auto sequences_of = [](const std::function<void(dicom::Instance&, int)>& mark) {
    const auto candidates = four_d(3, [&](auto& i, int v, int) {
      i.timing.trigger_time_ms = v;
      i.modality = "MR";
      i.has_rescale = true;
      mark(i, v);
    });
    return build_stacks(candidates, kDifferent).sequences;
  };
  const auto one = sequences_of([](auto& i, int v) { i.units = v == 1 ? "CNTS" : "BQML"; });
  ASSERT_EQ(one.size(), 1u);
  EXPECT_THAT(one[0].values, ElementsAre(0, 2));
  const auto silent = sequences_of([](auto& i, int v) { i.has_rescale = v != 1, i.rescale_slope = v == 1 ? 1 : 2; });
  ASSERT_EQ(silent.size(), 1u);
  EXPECT_THAT(silent[0].values, ElementsAre(0, 2));
  const auto alike = sequences_of([](auto& i, int v) { i.has_rescale = v == 0, i.units = v == 1 ? "US" : ""; });
  ASSERT_EQ(alike.size(), 1u);
  EXPECT_THAT(alike[0].values, ElementsAre(0, 1, 2)) << "a slope of 1 says no more";
}

TEST(StackVolumes, AcquisitionsOfOtherRangesAreStacksOfTheirOwn) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.timing.acquisition_number = 1;
  for (int k = 6; k < 20; ++k) {
    candidates.push_back(slice(100 + k, k * 1.25));
    candidates.back().instance.timing.acquisition_number = 2;
  }
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  EXPECT_THAT(sorted.sequences, IsEmpty());
  EXPECT_EQ(sorted.stacks[0].instances.size(), 10u);
  EXPECT_EQ(sorted.stacks[1].instances.size(), 14u);
  for (const Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.verdict, Verdict::accept);
    EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_acquisition));
  }
}

/// Two acquisitions of eight slices each, `apart` slices left out between them.
std::vector<Candidate> two_acquisitions(int apart) {
  std::vector<Candidate> candidates;
  for (int k = 0; k < 16; ++k) {
    candidates.push_back(slice(k + 1, (k < 8 ? k : k + apart) * 1.25));
    candidates.back().instance.timing.acquisition_number = k < 8 ? 1 : 2;
  }
  return candidates;
}

TEST(StackVolumes, AcquisitionsThatLieApartAreStacksOfTheirOwn) {
  for (const auto policy : {dicom::GapPolicy::reject, dicom::GapPolicy::interpolate}) {
    for (const int apart : {1, 4, 40}) {
      const Sorted sorted = build_stacks(two_acquisitions(apart), kDifferent, {policy, false});
      ASSERT_EQ(sorted.stacks.size(), 2u) << apart;
      for (const Stack& stack : sorted.stacks) {
        EXPECT_EQ(stack.verdict, Verdict::accept);
        EXPECT_THAT(codes(stack), ElementsAre(Code::mixed_acquisition));
        EXPECT_EQ(stack.grid.size.z, 8);
      }
    }
  }
}

TEST(StackVolumes, AcquisitionsThatGoOnFromEachOtherAreOneStack) {
  EXPECT_EQ(build_stacks(two_acquisitions(0), kDifferent).stacks.size(), 1u);
  auto turns = series(12);  // four turns of three slices; one slice lacks where two of them meet
  for (int k = 0; k < 12; ++k) turns[static_cast<std::size_t>(k)].instance.timing.acquisition_number = k / 3;
  turns.erase(turns.begin() + 6);
  const Sorted sorted = build_stacks(turns, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::gap));
  auto inside = two_acquisitions(3);  // a slice lacks within the first as well
  inside.erase(inside.begin() + 2);
  EXPECT_EQ(build_stacks(inside, kDifferent).stacks.size(), 2u);
}

TEST(StackVolumes, AcquisitionNumbersAloneSplitNothing) {
  auto candidates = series();
  for (int k = 0; k < 10; ++k) candidates[k].instance.timing.acquisition_number = 1 + k % 2;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks.size(), 1u);
}

TEST(StackVolumes, AWholeSeriesGivenTwiceIsOfCopies) {
  auto candidates = series();
  for (auto copy : series()) {
    copy.instance.sop_instance_uid += ".2";
    copy.instance.timing.content_time_s = 5;
    candidates.push_back(copy);
  }
  const Sorted sorted = build_stacks(candidates, kSame);
  ASSERT_EQ(sorted.stacks.size(), 1u);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::duplicate_slices));
}

/// Zeros everywhere, as in the first frames of a dynamic PET: 0 and -3 are not the same.
TEST(StackVolumes, EqualPixelsOfOtherRescalesAreNoCopies) {
  const auto candidates = four_d(2, [](auto& i, int v, int) {
    i.timing.temporal_position = v + 1;
    i.rescale_intercept = -3 * v;
  });
  const Sorted sorted = build_stacks(candidates, kSame);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].stacks.size(), 2u);
  for (const auto& placement : sorted.placements) EXPECT_EQ(placement.disposition, Disposition::used);
}

TEST(StackVolumes, OneCopyAmongVolumesIsSetAside) {
  auto candidates = four_d(2, [](auto& i, int v, int) { i.timing.temporal_position = v + 1; });
  Candidate copy = candidates[3];
  copy.instance.sop_instance_uid = "2.999.1.9999";
  candidates.push_back(copy);
  const Sorted sorted = build_stacks(
      candidates, [](std::size_t a, std::size_t b) { return std::min(a, b) == 3 && std::max(a, b) == 20; });
  ASSERT_EQ(sorted.stacks.size(), 2u);
  EXPECT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(std::ranges::count(sorted.placements, Code::duplicate_slices,
                               [](const auto& p) { return p.reason.value_or(Code::gap); }),
            1);
}

TEST(StackVolumes, WhatNothingPartsIsRejected) {
  auto candidates = four_d(2, [](auto& i, int, int) { i.instance_number = 1; });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(sorted.sequences, IsEmpty());
  expect_all_rejected(sorted, Code::mixed_phase);
}

/// Two images at every place, but the one at the last is of another volume: by their numbers alone it would join it.
TEST(StackVolumes, NumbersDoNotPartWhatTimesTellApart) {
  auto candidates = four_d(3, [](auto& i, int v, int) { i.timing.acquisition_time_s = 36000 + v; });
  std::erase_if(candidates, [](const Candidate& c) {
    const auto number = *c.instance.instance_number - 1;
    return number < 9 || number == 19;
  });
  ASSERT_EQ(candidates.size(), 20u);
  const Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_THAT(sorted.sequences, IsEmpty());
  expect_all_rejected(sorted, Code::mixed_phase);
}

TEST(StackVolumes, OnePlaceSaysNothingByItsNumbers) {
  std::vector<Candidate> candidates;
  for (int n = 0; n < 3; ++n) candidates.push_back(slice(n + 1, 0));
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::mixed_phase);
}

TEST(StackVolumes, OtherRescalesMakeAllVolumesFloats) {
  const auto candidates = four_d(2, [](auto& i, int v, int) {
    i.timing.temporal_position = v + 1;
    i.rescale_slope = v + 1;
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.stacks.size(), 2u);
  for (const Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.dtype, DType::float32);
    EXPECT_EQ(stack.slice_rescales.size(), 10u);
  }
}

TEST(StackVolumes, ThousandsOfPlanesAreSortedAtOnce) {
  auto candidates = four_d(1000, [](auto& i, int v, int) { i.timing.acquisition_time_s = v; });
  EXPECT_EQ(build_stacks(candidates, kDifferent).sequences.at(0).stacks.size(), 1000u);
}

/// Whole volumes tell more than acquisitions of which none has every place.
TEST(StackVolumes, OneLostImageShattersNoSeries) {
  for (const int turns : {2, 10}) {
    auto candidates = four_d(4, [&](auto& i, int v, int k) {
      i.timing.temporal_position = v + 1;
      i.timing.acquisition_number = v * turns + k * turns / 10;
    });
    candidates.erase(candidates.begin() + 23);
    const Sorted sorted = build_stacks(candidates, kDifferent);
    ASSERT_EQ(sorted.sequences.size(), 1u) << turns;
    EXPECT_EQ(sorted.sequences[0].axis, "temporal_position");
    EXPECT_THAT(sorted.sequences[0].values, ElementsAre(1, 2, 4));
    EXPECT_EQ(sorted.stacks.size(), 4u);
  }
}

/// Motion correction moves each volume by its own; here and there two of them meet.
TEST(StackVolumes, VolumesThatMoveAreStacksOfTheirOwn) {
  const std::vector<double> off_mm = {0, 0.06, 0.12, 0.06, 0.3};
  const auto candidates = four_d(5, [&](auto& i, int v, int) {
    i.timing.acquisition_time_s = 2 * v;
    i.position_mm[2] += off_mm[static_cast<std::size_t>(v)];
  });
  const Sorted sorted = build_stacks(candidates, kDifferent, {dicom::GapPolicy::interpolate, false});
  ASSERT_EQ(sorted.stacks.size(), 5u);
  for (const Stack& stack : sorted.stacks) {
    EXPECT_EQ(stack.verdict, Verdict::accept);
    EXPECT_EQ(stack.grid.size.z, 10);
  }
}

/// A converter that knew no positions wrote 0\0\0 into every slice.
TEST(StackVolumes, ImagesAtTheOriginAloneAreNoVolumesInTime) {
  std::vector<Candidate> candidates;
  for (int n = 0; n < 8; ++n) {
    candidates.push_back(slice(n + 1, 0));
    candidates.back().instance.timing.acquisition_time_s = 36000 + n;
  }
  EXPECT_EQ(build_stacks(candidates, kDifferent).sequences.size(), 1u) << "at a place that means something";
  for (Candidate& candidate : candidates) candidate.instance.position_mm = {};
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::mixed_phase);
}

/// Directions that are turned by the orientation of each slice, and b-values reckoned from them, have noise.
TEST(StackVolumes, NoiseOfDiffusionPartsNoVolume) {
  const std::vector<double> b = {0, 1000, 1000, 2000};
  const std::vector<Vec3> directions = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 1, 0}};
  const auto candidates = four_d(4, [&](auto& i, int v, int k) {
    i.timing.b_value_s_per_mm2 = b[v] + (v > 0 ? 1e-3 * k : 0);
    if (b[v] > 0) i.timing.gradient_direction = directions[v] + 1e-6 * k * Vec3{0, 0, 1};
    i.timing.acquisition_time_s = v;
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  expect_one_sequence(sorted, "b_value", b);
  EXPECT_EQ(sorted.sequences[0].gradient_directions, directions);
}

TEST(StackVolumes, ImagesThatStateNoBValueAreThoseWithoutDiffusion) {
  const std::vector<double> b = {0, 1000, 0, 2000};
  const auto mark = [&](bool states_zero) {
    return [&b, states_zero](auto& i, int v, int) {
      if (b[v] > 0 || states_zero) i.timing.b_value_s_per_mm2 = b[v];
      i.timing.acquisition_time_s = v;
    };
  };
  expect_one_sequence(build_stacks(four_d(4, mark(true)), kDifferent), "b_value", b);
  expect_one_sequence(build_stacks(four_d(4, mark(false)), kDifferent), "b_value", b);
}

/// Each slice of a cine has its own heart beat: 0 alone, or some phases by chance, are common to all.
TEST(StackVolumes, NumbersWithoutAHolePartWhatTimesPartInHalf) {
  const std::vector<std::function<void(dicom::Instance&, int, int)>> marks = {
      [](auto& i, int v, int k) { i.timing.trigger_time_ms = (40 + k) * v; },
      [](auto& i, int v, int k) { i.timing.trigger_time_ms = 40 * v + (v > 3 ? k % 2 : 0); },
      [](auto& i, int v, int k) { i.timing.acquisition_time_s = v + (v == 2 && k > 5 ? 0.1 : 0); },
  };
  for (std::size_t m = 0; m < marks.size(); ++m) {
    for (const bool is_slice_by_slice : {false, true}) {
      SCOPED_TRACE(testing::Message() << "mark " << m << ", slice by slice " << is_slice_by_slice);
      auto candidates = four_d(6, [&](auto& i, int v, int k) {
        marks[m](i, v, k);
        if (is_slice_by_slice) i.instance_number = k * 6 + v + 1;
      });
      expect_one_sequence(build_stacks(candidates, kDifferent), "instance_order", {0, 1, 2, 3, 4, 5});
      for (Candidate& candidate : candidates) {
        auto& number = *candidate.instance.instance_number;
        if (number > 30) ++number;
      }
      for (const auto& sequence : build_stacks(candidates, kDifferent).sequences) {
        EXPECT_NE(sequence.axis, "instance_order") << "a number is missing: the images may be of other volumes";
      }
    }
  }
}

/// Micro-CT: slices nearer to each other than the positions of a whole-body scanner are rounded.
TEST(StackVolumes, SlicesOfAMicroscopeHavePlacesOfTheirOwn) {
  for (const double pixel_mm : {0.02, 0.01, 0.009, 0.005}) {
    for (const int volumes : {1, 2}) {
      SCOPED_TRACE(testing::Message() << pixel_mm << " mm, " << volumes);
      auto candidates = four_d(volumes, [&](auto& i, int v, int k) {
        i.timing.acquisition_time_s = v;
        i.spacing_i_mm = i.spacing_j_mm = pixel_mm;
        i.slice_thickness_mm = pixel_mm;
        i.position_mm[2] = k * pixel_mm;
      });
      const Sorted sorted = build_stacks(candidates, kDifferent);
      EXPECT_EQ(sorted.sequences.size(), volumes - 1u);
      ASSERT_EQ(sorted.stacks.size(), static_cast<std::size_t>(volumes));
      for (const Stack& stack : sorted.stacks) {
        EXPECT_EQ(stack.verdict, Verdict::accept);
        EXPECT_EQ(stack.grid.size.z, 10);
        EXPECT_NEAR(stack.grid.spacing_mm()[2], pixel_mm, 1e-12);
      }
    }
  }
}

TEST(StackVolumes, ASliceNumberedBetweenAcquisitionsIsLost) {
  auto candidates = two_acquisitions(3);
  for (std::size_t k = 8; k < candidates.size(); ++k) *candidates[k].instance.instance_number += 3;
  const Sorted sorted = build_stacks(candidates, kDifferent);
  expect_all_rejected(sorted, Code::gap);
  EXPECT_EQ(detail(sorted.stacks[0].findings[0], "slices"), 3);
  ++*candidates[8].instance.instance_number;  // as many are not left out
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks.size(), 2u);
}

/// A converter wrote the position of the first slice into all.
TEST(StackVolumes, OnePlaceThatSliceLocationContradictsIsNoTime) {
  std::vector<Candidate> candidates;
  for (int n = 0; n < 8; ++n) {
    candidates.push_back(slice(n + 1, 40));
    candidates.back().instance.timing.acquisition_time_s = 36000 + n;
    candidates.back().instance.slice_location_mm = 40 + n * 1e-3;
  }
  EXPECT_EQ(build_stacks(candidates, kDifferent).sequences.size(), 1u) << "but for noise";
  for (int n = 0; n < 8; ++n) candidates[static_cast<std::size_t>(n)].instance.slice_location_mm = 40 + 1.25 * n;
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::mixed_phase);
}

/// Of a pair of axes the first alone would give one value to two volumes.
TEST(StackVolumes, BothAxesOfAPairSayTheirValues) {
  const auto candidates = four_d(4, [](auto& i, int v, int) {
    i.timing.temporal_position = 1 + v / 2;
    i.timing.asl_context = 1 + v % 2;
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  expect_one_sequence(sorted, "temporal_position", {1, 1, 2, 2});
  ASSERT_EQ(sorted.sequences[0].others.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].others[0].axis, "asl_context");
  EXPECT_THAT(sorted.sequences[0].others[0].values, ElementsAre(1, 2, 1, 2));
}

TEST(StackVolumes, LabelAndControlAreToldWhateverPartsThem) {
  const auto candidates = four_d(4, [](auto& i, int v, int) {
    i.timing.acquisition_time_s = 3 * v;
    i.timing.asl_context = 2 - v % 2;
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  expect_one_sequence(sorted, "acquisition_time", {0, 3, 6, 9});
  ASSERT_EQ(sorted.sequences[0].others.size(), 1u);
  EXPECT_THAT(sorted.sequences[0].others[0].values, ElementsAre(2, 1, 2, 1));
}

TEST(StackVolumes, ComponentsOfAComplexImageAreStacksOfTheirOwn) {
  const auto candidates = four_d(4, [](auto& i, int v, int) {
    i.timing.temporal_position = 1 + v / 2;
    i.complex_component = v % 2 == 0 ? "MAGNITUDE" : "PHASE";
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 2u);
  for (const auto& sequence : sorted.sequences) {
    EXPECT_EQ(sequence.axis, "temporal_position");
    EXPECT_THAT(sequence.values, ElementsAre(1, 2));
  }
}

}  // namespace

}  // namespace naru::test
