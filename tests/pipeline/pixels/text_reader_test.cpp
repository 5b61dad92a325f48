#include "pipeline/pixels/text_reader.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/pipeline/pixels/burned_picture.h"

namespace naru {
namespace {

using test::Picture;

class TextReaderTest : public ::testing::Test {
 protected:
  /// Whether the name that is written on `picture` is read beside `blanked`.
  bool reads(const Picture& picture, const std::vector<dicom::PixelBox>& blanked,
             const std::vector<dicom::PixelBox>& kept = {}) const {
    const std::vector<float> values(picture.values.begin(), picture.values.end());
    std::vector<dicom::PixelBox> covered = blanked;
    covered.insert(covered.end(), kept.begin(), kept.end());
    return find_words_beside({values.data(), {Picture::kSize, Picture::kSize, 1}}, {}, blanked, covered, words_,
                             reader_)
        .has_value();
  }

  static Picture noise() {
    Picture picture;
    for (int& value : picture.values) value %= 20;
    return picture;
  }

  const TextReader& reader_ = TextReader::built_in();
  dicom::SeenWords words_{dicom::Identifiers{.person_names = {"Kimim^A"}}};
  Picture picture_ = noise().write("KIMIM", 20, 40, 1000, 2);
};

TEST_F(TextReaderTest, IsReadyWhereItsLanguagesAreInstalled) {
  ASSERT_TRUE(reader_.is_ready());
  EXPECT_TRUE(reader_.name().starts_with("tesseract 5")) << reader_.name();
  EXPECT_TRUE(reader_.name().ends_with("eng+kor")) << reader_.name();
}

TEST_F(TextReaderTest, ReadsBesideABoxAndNotFarFromIt) {
  EXPECT_TRUE(reads(picture_, {{0, 20, 14, 60, 16}}));    // above it
  EXPECT_TRUE(reads(picture_, {{0, 96, 38, 40, 18}}));    // where the line ends
  EXPECT_FALSE(reads(picture_, {{0, 20, 200, 60, 16}}));  // at the other end of the picture
  EXPECT_FALSE(reads(noise(), {{0, 20, 14, 60, 16}}));
}

TEST_F(TextReaderTest, ReadsNothingWhereAPersonLetTextStand) {
  EXPECT_FALSE(reads(picture_, {{0, 20, 14, 60, 16}}, {{0, 16, 36, 70, 22}}));
  EXPECT_TRUE(reads(picture_, {{0, 20, 14, 60, 16}}, {{0, 160, 36, 70, 22}}));
}

TEST_F(TextReaderTest, ReadsLinesThatRunUpOrDown) {
  for (const bool is_up : {true, false}) {
    Picture turned;
    for (std::int64_t y = 0; y < Picture::kSize; ++y) {
      for (std::int64_t x = 0; x < Picture::kSize; ++x) {
        turned.at(x, y) = is_up ? picture_.at(Picture::kSize - 1 - y, x) : picture_.at(y, Picture::kSize - 1 - x);
      }
    }
    const dicom::PixelBox beside = is_up ? dicom::PixelBox{0, 14, 180, 16, 60} : dicom::PixelBox{0, 216, 20, 16, 60};
    EXPECT_TRUE(reads(turned, {beside})) << is_up;
  }
}

TEST_F(TextReaderTest, ReadsOnSeveralThreads) {
  std::vector<std::thread> threads;
  std::array<bool, 4> read{};
  for (std::size_t n = 0; n < read.size(); ++n) {
    threads.emplace_back([&, n] { read[n] = reads(picture_, {{0, 20, 14, 60, 16}}); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const bool one : read) EXPECT_TRUE(one);
}

TEST(BoxesToRead, AreThoseOfTheFrameAndOfAllFramesInThree) {
  const std::vector<dicom::PixelBox> boxes = {{-1, 0, 0, 9, 9}, {3, 0, 0, 9, 8}, {3, 20, 0, 9, 9}, {3, 20, 0, 9, 9, 5}};
  const std::vector<std::size_t> expected = {1, 0, 0, 1, 0, 1, 0, 0, 0, 1};  // of frames 0 to 9
  for (std::size_t n = 0; n < expected.size(); ++n) {
    EXPECT_EQ(boxes_to_read(boxes, static_cast<std::int64_t>(n), 10).size(), expected[n]) << n;
    EXPECT_EQ(boxes_in_frame(boxes, static_cast<std::int64_t>(n)).size(), n == 3 ? 3U : 1U) << n;
  }
}

}  // namespace
}  // namespace naru
