#include "pipeline/pixels/text_pictures.h"

#include <gmock/gmock.h>
#include <png.h>

#include <algorithm>

#include "tests/pipeline/pixels/burned_picture.h"

namespace naru {
namespace {

using Json = nlohmann::ordered_json;
using test::Picture;
using ::testing::IsSupersetOf;
using ::testing::Key;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

GreyPicture read_png(const std::vector<std::uint8_t>& bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()));
  image.format = PNG_FORMAT_GRAY;
  GreyPicture picture{image.width, image.height, {}};
  picture.pixels.resize(PNG_IMAGE_SIZE(image));
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr));
  return picture;
}

class TextPicturesTest : public ::testing::Test {
 protected:
  Json line(const std::string& id, const std::string& because, const TextRegion& region) const {
    return {{"id", id}, {"because", because}, {"frame", 0}, {"box", {region.x, region.y, region.width, region.height}}};
  }

  void draw(TextPictures& pictures, std::size_t rank, Json& one) const {
    const std::vector<float> values(picture_.values.begin(), picture_.values.end());
    pictures.add(rank, {values.data(), {Picture::kSize, Picture::kSize, 1}}, {}, {{&one}, {box_of(one)}});
  }

  Picture picture_ = Picture().write("KIM 19800101", 70, 120);
  std::map<std::string, std::vector<std::uint8_t>> taken_;
  TakePicture take_ = [this](const std::string& path, std::vector<std::uint8_t> png) { taken_[path] = std::move(png); };
};

TEST_F(TextPicturesTest, CoversTheTextAndShowsWhatLiesAroundIt) {
  Json one = line("a", "on_background", picture_.texts[0]);
  TextPictures pictures("s", take_);
  draw(pictures, 0, one);
  pictures.finish();
  EXPECT_THAT(taken_, UnorderedElementsAre(Key("crops/a.png"), Key("sheets/s.png")));
  EXPECT_EQ(one.at("crop"), "crops/a.png");
  EXPECT_EQ(one.at("sheet"), "sheets/s.png");
  EXPECT_FALSE(one.contains("full_crop"));
  const GreyPicture crop = read_png(taken_.at("crops/a.png"));
  // 142 x 14 pixels of text, a margin of 11 and 4 along and across it, 22 around.
  ASSERT_EQ(crop.width, 142 + 2 * 11 + 2 * 22);
  ASSERT_EQ(crop.height, 14 + 2 * 4 + 2 * 22);
  std::size_t around = 0;
  for (std::int64_t y = 0; y < crop.height; ++y) {
    for (std::int64_t x = 0; x < crop.width; ++x) {
      const int grey = crop.pixels[static_cast<std::size_t>(y * crop.width + x)];
      const bool is_inner = x > 22 && x < crop.width - 23 && y > 22 && y < crop.height - 23;
      if (is_inner) {
        ASSERT_EQ(grey, 0) << x << ' ' << y;
      }
      around += !is_inner && grey > 60 && grey < 200;
    }
  }
  EXPECT_GT(around, 4000U);
}

TEST_F(TextPicturesTest, ShowsTheTextOnlyOfWhatWaits) {
  for (const std::string because : {"uncertain", "too_much", "unwanted", "second_look"}) {
    taken_.clear();
    Json one = line("a", because, picture_.texts[0]);
    TextPictures pictures("s", take_);
    draw(pictures, 0, one);
    EXPECT_EQ(one.at("full_crop"), "crops/a.full.png");
    const GreyPicture crop = read_png(taken_.at("crops/a.full.png"));
    // Three windows, side by side; the first letter is a K of two pixels a dot.
    const GreyPicture covered = read_png(taken_.at("crops/a.png"));
    ASSERT_EQ(crop.width, 3 * covered.width + 2 * 4);
    for (const std::int64_t view : {0, 1, 2}) {
      const auto at = [&](std::int64_t x, std::int64_t y) {
        return int{crop.pixels[static_cast<std::size_t>((26 + y) * crop.width + view * (covered.width + 4) + 33 + x)]};
      };
      EXPECT_GT(at(0, 6), 240);
      EXPECT_LT(at(6, 0), 200);
      EXPECT_GT(at(8, 0), 240);
    }
  }
  for (const std::string because : {"persistent", "reviewed", "on_background"}) {
    taken_.clear();
    Json one = line("a", because, picture_.texts[0]);
    TextPictures pictures("s", take_);
    draw(pictures, 0, one);
    EXPECT_THAT(taken_, Not(IsSupersetOf({Key("crops/a.full.png")})));
  }
}

TEST_F(TextPicturesTest, StaysWithinTheFrameAndSmall) {
  Json one = line("a", "uncertain", {0, 0, Picture::kSize, Picture::kSize, 1, 1});
  TextPictures pictures("s", take_);
  draw(pictures, 0, one);
  EXPECT_EQ(read_png(taken_.at("crops/a.png")).width, Picture::kSize);
}

TEST_F(TextPicturesTest, PutsFramesInOrderOnOneSheetAndNoMoreThan48) {
  TextPictures pictures("s", take_);
  Json one = line("a", "persistent", picture_.texts[0]);
  for (std::size_t rank = 60; rank-- > 0;) draw(pictures, rank, one);
  pictures.finish();
  const GreyPicture sheet = read_png(taken_.at("sheets/s.png"));
  EXPECT_EQ(sheet.width, 6 * (128 + 4) - 4);  // half of 256
  EXPECT_EQ(sheet.height, 8 * (128 + 4) - 4);
}

TEST_F(TextPicturesTest, DrawsNoMoreThan400TextsOfASeries) {
  std::vector<Json> lines(500, line("a", "persistent", picture_.texts[0]));
  std::vector<Json*> pointers;
  for (Json& one : lines) pointers.push_back(&one);
  const auto frames = frames_to_draw<std::size_t>(pointers, [](std::size_t n) { return n / 2; });
  EXPECT_EQ(frames.size(), 200U);
  EXPECT_TRUE(lines.back().at("crop").is_null());
}

}  // namespace
}  // namespace naru
