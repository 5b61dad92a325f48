#include "pipeline/pixels/text_confirm.h"

#include <gtest/gtest.h>

#include <limits>

#include "pipeline/pixels/text_detector.h"
#include "tests/pipeline/pixels/burned_picture.h"

namespace naru {
namespace {

using test::Picture;

class TextConfirmTest : public ::testing::Test {
 protected:
  bool is_confirmed(const Picture& picture, const TextRegion& region) {
    const std::vector<float> values(picture.values.begin(), picture.values.end());
    return is_confirmed(values, 1, region);
  }
  bool is_confirmed(const std::vector<float>& values, std::int64_t planes, const TextRegion& region) {
    const VolumeView<const float> slice{values.data(), {Picture::kSize, Picture::kSize, planes}};
    return TextDetector::built_in().confirms(slice, {}, region);
  }
};

TEST_F(TextConfirmTest, SeesTextAsTextAndAnatomyAsNone) {
  const Picture picture = Picture().write("KIM 19800101", 70, 120);
  EXPECT_TRUE(is_confirmed(picture, picture.texts[0]));
  EXPECT_FALSE(is_confirmed(Picture(), picture.texts[0]));
  EXPECT_FALSE(is_confirmed(picture, {70, 200, 100, 20, 1, 1}));  // in the same picture, far from the text
  EXPECT_FALSE(is_confirmed(Picture(), {0, 0, Picture::kSize, Picture::kSize, 1, 1}));
}

/// Views are turned, moved and of other sizes: what they say must be of one place.
TEST_F(TextConfirmTest, FindsTextAnywhereInALargeRegion) {
  for (const auto& [x, y] : {std::pair<std::int64_t, std::int64_t>{10, 30}, {120, 200}}) {
    const Picture picture = Picture().write("KIM 19800101", x, y);
    EXPECT_TRUE(is_confirmed(picture, {0, 0, Picture::kSize, Picture::kSize, 1, 1})) << x;
  }
}

TEST_F(TextConfirmTest, SeesTextInCornersAndInColour) {
  for (const auto& [x, y] : {std::pair<std::int64_t, std::int64_t>{2, 2}, {112, 238}}) {
    const Picture picture = Picture().write("KIM 19800101", x, y);
    EXPECT_TRUE(is_confirmed(picture, picture.texts[0])) << x;
    std::vector<float> colours;
    for (int plane = 0; plane < 3; ++plane) {
      for (const int value : picture.values) colours.push_back(static_cast<float>(value) / 1000 * 255);
    }
    EXPECT_TRUE(is_confirmed(colours, 3, picture.texts[0])) << x;
  }
}

TEST_F(TextConfirmTest, TakesWhatIsNoNumberForBlack) {
  const Picture picture = Picture().write("KIM 19800101", 6, 8);
  std::vector<float> values(picture.values.begin(), picture.values.end());
  values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(is_confirmed(values, 1, picture.texts[0]));
}

}  // namespace
}  // namespace naru
