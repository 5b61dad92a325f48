#include "kernels/text_regions.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace naru::test {

namespace {

std::vector<TextRegion> regions_of(const std::vector<float>& values, std::int64_t width) {
  const auto height = static_cast<std::int64_t>(values.size()) / width;
  return find_text_regions({values.data(), {width, height, 1}}, {0.3F, 0.7F});
}

TEST(TextRegions, JoinsByCornersAndKeepsWhatReachesTheUpperThreshold) {
  const auto regions = regions_of({0.4F, 0, 0, 0, 0.5F,    //
                                   0, 0.8F, 0, 0, 0.5F,    //
                                   0, 0, 0.3F, 0, 0.69F},  //
                                  5);
  ASSERT_EQ(regions.size(), 1U);  // the right column never reaches 0.7
  EXPECT_EQ(regions[0].x, 0);
  EXPECT_EQ(regions[0].y, 0);
  EXPECT_EQ(regions[0].width, 3);
  EXPECT_EQ(regions[0].height, 3);
  EXPECT_EQ(regions[0].pixel_count, 3);
  EXPECT_FLOAT_EQ(regions[0].probability, 0.8F);
}

TEST(TextRegions, DoesNotJoinAcrossTheEdges) {
  const auto regions = regions_of({0, 0, 0.9F,  //
                                   0.9F, 0, 0},
                                  3);
  ASSERT_EQ(regions.size(), 2U);
  EXPECT_EQ(regions[0].x, 2);
  EXPECT_EQ(regions[1].x, 0);
}

TEST(TextRegions, TakesWhatCannotBeJudgedForText) {
  const auto regions = regions_of({0, std::numeric_limits<float>::quiet_NaN(), 0, 0}, 2);
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(regions[0].probability, 1);
}

TEST(TextRegions, FindsNothingInNothingAndAllInAll) {
  EXPECT_TRUE(regions_of(std::vector<float>(12, 0.29F), 4).empty());
  const auto regions = regions_of(std::vector<float>(1'000'000, 1), 1000);
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(regions[0].pixel_count, 1'000'000);
}

std::vector<bool> with_text_beside(const std::vector<TextRegion>& regions, std::vector<bool> is_text,
                                   std::size_t most = 100) {
  add_text_beside(regions, is_text, most);
  return is_text;
}

TEST(TextRegions, TakesTheRestOfALineAndNothingFarther) {
  const std::vector<TextRegion> regions = {
      {100, 100, 40, 10, 400, 1},     // text
      {150, 101, 20, 9, 180, 0.7F},   // as far as it is high
      {179, 100, 20, 10, 200, 0.7F},  // beside that one
      {151, 80, 20, 9, 180, 0.7F},    // 11 away
      {100, 66, 30, 25, 400, 0.7F},   // too high
      {100, 120, 20, 20, 400, 0.7F}   // the next line
  };
  EXPECT_EQ(with_text_beside(regions, {true, false, false, false, false, false}),
            (std::vector<bool>{true, true, true, false, false, true}));
  EXPECT_EQ(with_text_beside(regions, std::vector<bool>(6)), std::vector<bool>(6));
}

}  // namespace

}  // namespace naru::test
