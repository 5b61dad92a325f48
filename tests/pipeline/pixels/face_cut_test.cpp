#include "pipeline/pixels/face_cut.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/pipeline/pixels/face_outcome.h"
#include "tests/pipeline/pixels/generated_head.h"

namespace naru {
namespace {

using test::doubt_of;
using test::GeneratedHead;
using test::look_at_head;
using test::Outcome;

Outcome look_at(const GeneratedHead& head, double bottom_mm = -130, int threads = 2) {
  const PatientGrid grid = test::head_grid(kHeadCellMm, bottom_mm);
  return look_at_head(grid, test::values_of(head, grid), head.is_ct, threads);
}

std::int64_t brain_removed(const GeneratedHead& head, const Outcome& outcome) {
  const PatientGrid& grid = outcome.shape.grid;
  std::int64_t count = 0;
  for (std::int64_t z = 0; z < grid.size.z; ++z) {
    for (std::int64_t y = 0; y < grid.size.y; ++y) {
      for (std::int64_t x = 0; x < grid.size.x; ++x) {
        const bool is_brain = head.at(grid.center(x, y, z)) == GeneratedHead::Tissue::brain;
        count += is_brain && outcome.cut.removed.at(x, y, z) ? 1 : 0;
      }
    }
  }
  return count;
}

class EveryHead : public ::testing::TestWithParam<GeneratedHead> {};

TEST_P(EveryHead, LosesItsFaceAndNoneOfItsBrain) {
  const Outcome outcome = look_at(GetParam());
  const FaceNumbers& numbers = outcome.cut.numbers;
  ASSERT_EQ(doubt_of(outcome), "") << numbers.overlap << " " << numbers.agreement << " " << numbers.moved_share;
  EXPECT_GE(numbers.agreement, 0.85);
  EXPECT_GE(numbers.moved_share, 0.9);
  EXPECT_GT(numbers.guard_ml, 700);
  EXPECT_EQ(brain_removed(GetParam(), outcome), 0);
}

constexpr GeneratedHead of(bool is_ct, double scale, double pitch, double yaw) {
  return {.is_ct = is_ct, .scale = scale, .pitch = pitch, .yaw = yaw};
}
INSTANTIATE_TEST_SUITE_P(FaceCut, EveryHead,
                         ::testing::Values(of(true, 1, 0, 0), of(false, 1, 0, 0), of(true, 0.88, 0, 0),
                                           of(false, 0.9, 0.15, 0), of(true, 1.05, -0.2, 0.05),
                                           of(false, 1, -0.15, -0.08)));

TEST(FaceCut, IsTheSameOnAnyNumberOfThreads) {
  const Outcome one = look_at({}, -130, 1), three = look_at({}, -130, 3);
  EXPECT_EQ(one.cut.removed.cells, three.cut.removed.cells);
  EXPECT_EQ(one.cut.numbers.agreement, three.cut.numbers.agreement);
}

TEST(FaceCut, RefusesAHeadWithoutANose) { EXPECT_EQ(doubt_of(look_at(GeneratedHead{.has_nose = false})), "no_face"); }

/// What the cut itself leaves is not taken for a face again, nor for a head that may go as it is.
TEST(FaceCut, RefusesAHeadThatWasCutBefore) {
  for (const bool is_ct : {true, false}) {
    const GeneratedHead head{.is_ct = is_ct};
    const PatientGrid grid = test::head_grid(kHeadCellMm);
    std::vector<float> values = test::values_of(head, grid);
    const Outcome first = look_at_head(grid, values, is_ct);
    ASSERT_EQ(doubt_of(first), "");
    for (std::size_t n = 0; n < values.size(); ++n) {
      if (first.cut.removed.cells[n] != 0) values[n] = head.value(GeneratedHead::Tissue::air);
    }
    EXPECT_NE(doubt_of(look_at_head(grid, values, is_ct)), "");
  }
  EXPECT_NE(doubt_of(look_at(GeneratedHead{.face_is_gone_mm = 35})), "");
}

TEST(FaceCut, RefusesABrainWithoutSkin) {
  EXPECT_NE(doubt_of(look_at(GeneratedHead{.is_ct = false, .has_skin = false})), "");
}

TEST(FaceCut, RefusesAHeadThatIsTurnedAway) {
  for (const double yaw : {-0.5, 0.5}) EXPECT_NE(doubt_of(look_at(GeneratedHead{.yaw = yaw})), "") << yaw;
}

TEST(FaceCut, RefusesAScanThatEndsInTheFace) {
  EXPECT_NE(doubt_of(look_at(GeneratedHead{}, -34)), "");  // below, at the tip of the nose
  PatientGrid grid = test::head_grid(kHeadCellMm);         // in front, behind the nose
  grid.origin_mm[1] = 22;
  EXPECT_NE(doubt_of(look_at_head(grid, test::values_of({}, grid), true)), "");
}

TEST(FaceCut, RefusesABlock) {
  const PatientGrid grid = test::head_grid(kHeadCellMm);
  std::vector<float> values(static_cast<std::size_t>(grid.size.voxel_count()), -1000);
  for (std::int64_t z = 20; z < 110; ++z) {
    for (std::int64_t y = 20; y < 110; ++y) {
      for (std::int64_t x = 10; x < 90; ++x) {
        values[static_cast<std::size_t>(x + grid.size.x * (y + grid.size.y * z))] = 30;
      }
    }
  }
  EXPECT_EQ(doubt_of(look_at_head(grid, values, true)), "unknown_shape");
}

TEST(FaceCut, NeedsASkullToGuardTheBrainOfACt) {
  const PatientGrid grid = test::head_grid(kHeadCellMm);
  std::vector<float> values = test::values_of({}, grid);
  for (float& value : values) value = std::min(value, 35.0F);  // no bone
  EXPECT_EQ(doubt_of(look_at_head(grid, values, true)), "no_brain");
}

}  // namespace
}  // namespace naru
