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

}  // namespace

}  // namespace naru::test
