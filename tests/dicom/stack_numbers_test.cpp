#include "dicom/stack_numbers.h"

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
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Two images at each of ten places, numbered place by place; `mark(instance, volume, k)` sets what tells them apart.
std::vector<Candidate> place_by_place(int volumes, const std::function<void(dicom::Instance&, int, int)>& mark) {
  std::vector<Candidate> candidates;
  for (int k = 0; k < 10; ++k) {
    for (int v = 0; v < volumes; ++v) {
      candidates.push_back(slice(k * volumes + v + 1, k * 1.25));
      mark(candidates.back().instance, v, k);
    }
  }
  return candidates;
}

/// Label and control, magnitude and phase: at another place they may have other numbers.
TEST(StackNumbers, ThatRunPlaceByPlacePartNothingAlone) {
  const auto candidates = place_by_place(2, [](auto&, int, int) {});
  expect_all_rejected(build_stacks(candidates, kDifferent), Code::mixed_phase);
  const auto pairs = place_by_place(4, [](auto& i, int v, int) { i.timing.temporal_position = v / 2; });
  expect_all_rejected(build_stacks(pairs, kDifferent), Code::mixed_phase);
}

TEST(StackNumbers, ThatRunPlaceByPlaceArePartedByALabel) {
  const auto candidates = place_by_place(4, [](auto& i, int v, int k) {
    i.timing.temporal_position = v / 2;
    i.timing.asl_context = 1 + (v + k) % 2;
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_THAT(sorted.sequences[0].values, ElementsAre(0, 0, 1, 1));
  for (const dicom::Stack& stack : sorted.stacks) {
    const auto label = candidates[stack.instances.front()].instance.timing.asl_context;
    for (const std::size_t n : stack.instances) EXPECT_EQ(candidates[n].instance.timing.asl_context, label);
  }
}

/// Each slice of a cine has its own heart beat.
TEST(StackNumbers, ThatRunPlaceByPlaceCountWhereAValueRisesWithThem) {
  const Sorted sorted = build_stacks(
      place_by_place(4, [](auto& i, int v, int k) { i.timing.trigger_time_ms = 7 + k + (40 + k) * v; }), kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, "instance_order");
}

TEST(StackNumbers, ThatRunPlaceByPlaceTellRepeatsOfABValueApart) {
  const Sorted sorted = build_stacks(
      place_by_place(4, [](auto& i, int v, int) { i.timing.b_value_s_per_mm2 = v < 2 ? 0 : 800; }), kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, "b_value");
  EXPECT_THAT(sorted.sequences[0].values, ElementsAre(0, 0, 800, 800));
}

/// The lower half has trigger times 0 and 100, the upper one 100 and 200: by its number 100 would be two volumes.
TEST(StackNumbers, TearNoVolumeThatAValueTells) {
  const auto candidates =
      place_by_place(2, [](auto& i, int v, int k) { i.timing.trigger_time_ms = 100 * (v + (k < 5 ? 0 : 1)); });
  EXPECT_THAT(build_stacks(candidates, kDifferent).sequences, IsEmpty());
}

/// A frame of enhanced object `object`, whose number is `object`, too.
Candidate object_frame(int object, std::size_t plane, int k, std::vector<double> indices) {
  Candidate candidate = slice(object, k * 1.25);
  candidate.instance.plane = plane;
  candidate.instance.source = dicom::PlaneSource::multi_frame;
  candidate.instance.timing.dimension_indices = std::move(indices);
  return candidate;
}

TEST(StackNumbers, OfDimensionsCountWithinEachObject) {
  std::vector<Candidate> frames;
  for (int n = 0; n < 40; ++n) {
    const int object = 1 + n / 20, index = 1 + n / 10 % 2, k = n % 10;
    frames.push_back(object_frame(object, static_cast<std::size_t>(n % 20), k, {static_cast<double>(index)}));
  }
  const Sorted sorted = build_stacks(frames, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, "dimension_index");
  EXPECT_THAT(sorted.sequences[0].values, ElementsAre(0, 1, 2, 3));
  for (std::size_t v = 0; v < 4; ++v) {
    for (const std::size_t n : sorted.stacks[sorted.sequences[0].stacks[v]].instances) EXPECT_EQ(n / 10, v);
  }
}

/// Of two objects, each of half of the slices and two phases; who can say whether these are the same?
TEST(StackNumbers, OfDimensionsJoinNoObjects) {
  for (const bool is_place_by_place : {false, true}) {
    for (const bool has_times : {false, true}) {
      SCOPED_TRACE(testing::Message() << is_place_by_place << has_times);
      std::vector<Candidate> frames;
      for (int n = 0; n < 20; ++n) {
        const int object = n / 10, in_object = n % 10;
        const int phase = is_place_by_place ? in_object % 2 : in_object / 5;
        const int k = 5 * object + (is_place_by_place ? in_object / 2 : in_object % 5);
        frames.push_back(object_frame(1 + object, static_cast<std::size_t>(in_object), k,
                                      {static_cast<double>(1 + phase + object)}));
        if (has_times) frames.back().instance.timing.inversion_time_ms = 100 * phase;
      }
      const Sorted sorted = build_stacks(frames, kDifferent);
      if (!has_times) {
        expect_all_rejected(sorted, Code::mixed_phase);
        continue;
      }
      ASSERT_EQ(sorted.sequences.size(), 1u);
      EXPECT_EQ(sorted.sequences[0].axis, "inversion_time");
    }
  }
}

/// Cut within its second phase.
TEST(StackNumbers, OfDimensionsCountThroughAConcatenation) {
  std::vector<Candidate> frames;
  for (int n = 0; n < 30; ++n) {
    const double index = 1 + n / 10;
    frames.push_back(object_frame(1 + n / 15, static_cast<std::size_t>(n % 15), n % 10, {index, index}));
    frames.back().instance.instance_number = 1;
    frames.back().instance.concatenation = dicom::ConcatenationPart{"2.999.4", 1 + n / 15, 2};
  }
  const Sorted sorted = build_stacks(frames, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, "dimension_index");
  EXPECT_THAT(sorted.sequences[0].values, ElementsAre(0, 1, 2));
  for (auto& one : frames) one.instance.concatenation.reset();
  EXPECT_THAT(build_stacks(frames, kDifferent).sequences, IsEmpty()) << "two objects of one number";
}

/// Cine: at each place the numbers begin at another time of the heart's cycle, or at one and the same.
TEST(StackNumbers, ThatTurnTheCycleLeaveItOpenWhatAVolumeIs) {
  for (const bool is_by_place : {true, false}) {
    for (const int step : {1, 0}) {
      const auto candidates = place_by_place(4, [&](auto& i, int v, int k) {
        i.timing.trigger_time_ms = 250 * ((v + 1 + step * k) % 4);
        if (!is_by_place) i.instance_number = v * 10 + k + 1;
      });
      const Sorted sorted = build_stacks(candidates, kDifferent);
      EXPECT_EQ(sorted.sequences.size(), step == 0 ? 1u : 0u) << is_by_place;
      if (step != 0) expect_all_rejected(sorted, Code::mixed_phase);
    }
  }
}

/// Some archives number images at random: their times tell them apart all the same.
TEST(StackNumbers, OfNoOrderContradictNoTimes) {
  constexpr std::array<std::array<int, 4>, 5> kOrders = {
      {{1, 3, 2, 4}, {4, 3, 2, 1}, {2, 1, 4, 3}, {3, 4, 2, 1}, {1, 2, 3, 4}}};
  const auto candidates = place_by_place(4, [&](auto& i, int v, int k) {
    i.timing.trigger_time_ms = 250 * v;
    i.instance_number = k * 4 + kOrders[k % 5][v];
  });
  const Sorted sorted = build_stacks(candidates, kDifferent);
  ASSERT_EQ(sorted.sequences.size(), 1u);
  EXPECT_EQ(sorted.sequences[0].axis, "trigger_time");
}

}  // namespace

}  // namespace naru::test
