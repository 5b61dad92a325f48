#include "pipeline/pixels/stack_face.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/pipeline/pixels/generated_head.h"

namespace naru {
namespace {

/// A removal of all cells that `is_wanted` names, over a stack that is not parallel to the grid.
struct Made {
  Grid stack{{40, 30, 12}, {}};
  FaceRemoval removal;

  Made() {
    stack.patient_from_voxel.set_column(0, {0.9, 0.2, 0});
    stack.patient_from_voxel.set_column(1, {-0.2, 0.9, 0.1});
    stack.patient_from_voxel.set_column(2, {0, -0.2, 1.5});
    removal.grid = patient_grid(stack, kHeadCellMm);
    removal.cells = Mask(removal.grid.size);
    for (std::size_t n = 0; n < removal.cells.cells.size(); n += 4) removal.cells.cells[n] = 1;
    removal.air = -7;
  }
};

TEST(StackFace, BoxesAreTheVoxelsThatAreRemoved) {
  const Made made;
  Executor executor = Executor::cpu(1);
  for (std::int64_t k = 0; k < made.stack.size.z; ++k) {
    std::vector<float> voxels(1200, 5), boxed(1200, 5);
    remove_face(std::span(voxels), made.stack, {k, k + 1}, made.removal, executor);
    for (const dicom::PixelBox& box : face_boxes(made.stack, k, made.removal)) {
      for (std::int64_t y = box.y; y < box.y + box.height; ++y) {
        for (std::int64_t x = box.x; x < box.x + box.width; ++x) {
          EXPECT_EQ(boxed[static_cast<std::size_t>(x + 40 * y)], 5) << "twice";
          boxed[static_cast<std::size_t>(x + 40 * y)] = -7;
        }
      }
    }
    EXPECT_EQ(voxels, boxed) << k;
  }
}

TEST(StackFace, JoinsRowsThatAreAlike) {
  Made made;
  made.stack.patient_from_voxel = {};
  made.removal.grid = patient_grid(made.stack, kHeadCellMm);
  made.removal.cells = Mask(made.removal.grid.size);
  std::ranges::fill(made.removal.cells.cells, std::uint8_t{1});
  const auto boxes = face_boxes(made.stack, 3, made.removal);
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0].width, 40);
  EXPECT_EQ(boxes[0].height, 30);
}

TEST(StackFace, KnowsOtherPartsOfTheBody) {
  EXPECT_TRUE(is_limb("knee") && is_limb("FOOT"));
  EXPECT_FALSE(is_limb("HEAD") || is_limb("") || is_limb("CHEST") || is_limb("KNEE OF KIM"));
  dicom::Instance slice;
  slice.spacing_i_mm = slice.spacing_j_mm = 0.5;
  slice.slice_thickness_mm = 1;
  EXPECT_TRUE(shows_fine_head(slice));
  slice.slice_thickness_mm = 5;
  EXPECT_FALSE(shows_fine_head(slice));
}

}  // namespace
}  // namespace naru
