#include "pipeline/pixels/text_box.h"

#include <gtest/gtest.h>

namespace naru::test {

namespace {

dicom::PixelBox box(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height, std::int64_t frame = 0) {
  return {frame, x, y, width, height, {}};
}

TextRegion region(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height) {
  return {x, y, width, height, width * height, 0.9F};
}

TEST(TextBox, GoesFartherAlongALineThanAcrossItWhicheverWayItRuns) {
  const dicom::PixelBox upright = box_of(region(100, 50, 80, 16), 2);
  EXPECT_EQ(upright.frame, 2);
  EXPECT_EQ(upright.x, 100 - 13);
  EXPECT_EQ(upright.width, 80 + 26);
  EXPECT_EQ(upright.y, 50 - 5);
  EXPECT_EQ(upright.height, 16 + 10);
  const dicom::PixelBox turned = box_of(region(50, 100, 16, 80), -1);
  EXPECT_EQ(turned.frame, -1);
  EXPECT_EQ(turned.y, upright.x);
  EXPECT_EQ(turned.height, upright.width);
  EXPECT_EQ(turned.x, upright.y);
  EXPECT_EQ(turned.width, upright.height);
}

TEST(TextBox, JoinsTheWordsOfALineThatAreNoFartherThanOneAndAHalfTimesTheirHeight) {
  const auto gaps = between_words(std::vector{box(100, 50, 60, 20), box(10, 52, 60, 20)});
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].x, 70);
  EXPECT_EQ(gaps[0].width, 30);
  EXPECT_EQ(gaps[0].y, 50);
  EXPECT_EQ(gaps[0].height, 22);
  EXPECT_TRUE(between_words(std::vector{box(10, 50, 60, 20), box(101, 50, 60, 20)}).empty());
  EXPECT_TRUE(between_words(std::vector{box(10, 50, 60, 20), box(60, 50, 60, 20)}).empty());  // nothing lies between
}

TEST(TextBox, JoinsTheWordsOfALineThatRunsDown) {
  const auto gaps = between_words(std::vector{box(50, 10, 20, 60), box(50, 90, 20, 60)});
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].y, 70);
  EXPECT_EQ(gaps[0].height, 20);
  EXPECT_EQ(gaps[0].x, 50);
  EXPECT_EQ(gaps[0].width, 20);
}

TEST(TextBox, JoinsNoBoxesOfOtherLinesHeightsDirectionsOrFrames) {
  const dicom::PixelBox first = box(10, 50, 60, 20);
  for (const dicom::PixelBox& other : {box(80, 60, 60, 20), box(10, 80, 60, 20), box(80, 45, 60, 31),
                                       box(80, 50, 19, 20), box(80, 50, 60, 20, 1), box(80, 50, 60, 20, -1)}) {
    EXPECT_TRUE(between_words(std::vector{first, other}).empty()) << other.x << ' ' << other.y;
  }
}

TEST(TextBox, IsClippedToItsFrame) {
  const auto part = [](const dicom::PixelBox& of) {
    const dicom::PixelBox in = clipped(of, 100, 50);
    return std::array{in.x, in.y, in.width, in.height};
  };
  EXPECT_EQ(part(box(10, 20, 30, 10)), (std::array<std::int64_t, 4>{10, 20, 30, 10}));
  EXPECT_EQ(part(box(-5, -3, 30, 10)), (std::array<std::int64_t, 4>{0, 0, 25, 7}));
  EXPECT_EQ(part(box(90, 45, 30, 10)), (std::array<std::int64_t, 4>{90, 45, 10, 5}));
  EXPECT_EQ(part(box(120, 60, 30, 10)), (std::array<std::int64_t, 4>{100, 50, 0, 0}));
}

TEST(TextBox, KnowsWhatLiesInABoxAndItsRimInItsFrameAlone) {
  const std::vector boxes{box(100, 100, 60, 24, 1)};  // its rim is 12 pixels wide
  EXPECT_TRUE(is_in_boxes(region(88, 88, 84, 48), 1, boxes));
  EXPECT_FALSE(is_in_boxes(region(87, 100, 20, 10), 1, boxes));
  EXPECT_FALSE(is_in_boxes(region(110, 130, 20, 7), 1, boxes));
  EXPECT_FALSE(is_in_boxes(region(110, 105, 20, 10), 0, boxes));
  EXPECT_TRUE(is_in_boxes(region(110, 105, 20, 10), 0, std::vector{box(100, 100, 60, 24, -1)}));
}

}  // namespace

}  // namespace naru::test
