#include "pipeline/pixels/case_text.h"

#include <gtest/gtest.h>

namespace naru::test {

namespace {

TEST(CaseText, BlanksTheBoxesOfTheirSlicesWithTheDarkestValue) {
  // Two slices of 3 x 2, the second and third of a stack.
  std::vector<std::int16_t> voxels = {5, 6, 7, 8, -9, 10, 1, 2, 3, 4, 5, 6};
  const std::vector<dicom::PixelBox> boxes = {{2, 1, 0, 1, 2}, {-1, -5, 1, 6, 9}, {7, 0, 0, 3, 2}};
  blank_text(std::span(voxels), {3, 2, 2}, 1, boxes, false);
  EXPECT_EQ(voxels, (std::vector<std::int16_t>{5, 6, 7, -9, -9, 10, 1, 1, 3, 1, 1, 6}));
}

TEST(CaseText, BlanksWithTheBrightestWhereLargeValuesAreBlack) {
  std::vector<float> voxels = {1, 2, 3, 4};
  const std::vector<dicom::PixelBox> boxes = {{0, 0, 0, 1, 1}};
  blank_text(std::span(voxels), {2, 2, 1}, 0, boxes, true);
  EXPECT_EQ(voxels, (std::vector<float>{4, 2, 3, 4}));
}

TEST(CaseText, LeavesVoxelsAloneWithoutBoxes) {
  std::vector<std::uint16_t> voxels = {1, 2, 3, 4};
  blank_text(std::span(voxels), {2, 2, 1}, 0, {}, false);
  const std::vector<dicom::PixelBox> outside = {{0, 5, 5, 3, 3}, {0, -9, 0, 4, 2}};
  blank_text(std::span(voxels), {2, 2, 1}, 0, outside, false);
  EXPECT_EQ(voxels, (std::vector<std::uint16_t>{1, 2, 3, 4}));
}

}  // namespace

}  // namespace naru::test
