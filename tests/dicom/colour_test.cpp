#include "dicom/colour.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/dicom/coded_bytes.h"
#include "tests/support/codec_encoder.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

namespace {

using Rgb = std::vector<std::uint8_t>;

dicom::Instance image_of(std::int64_t columns, const char* photometric,
                         const char* syntax_uid = "1.2.840.10008.1.2.1") {
  dicom::Instance image;
  image.columns = image.pixels.columns = columns;
  image.rows = image.pixels.rows = 1;
  image.pixels.samples_per_pixel = 3;
  image.pixels.photometric_interpretation = photometric;
  image.pixels.bits_allocated = image.pixels.bits_stored = 8;
  image.pixels.high_bit = 7;
  image.pixels.transfer_syntax_uid = syntax_uid;
  image.pixels.is_encapsulated =
      std::string_view(syntax_uid).size() > 19 || std::string_view(syntax_uid).ends_with(".5");
  return image;
}

struct Outcome {
  std::optional<Code> problem, check;
  Rgb rgb;
};

Outcome read(const dicom::Instance& image, const std::string& pixels, std::int64_t frame = 0) {
  dicom::initialize();
  const TempFolder folder;
  const auto path = folder.path() / "pixels";
  std::ofstream(path, std::ios::binary) << pixels;
  Outcome outcome;
  const dicom::FrameReader reader(path, image.pixels);
  outcome.problem = dicom::read_colour(reader, image.pixels, frame, nullptr, outcome.rgb);
  outcome.check = dicom::check_pixels(path, image.pixels);
  return outcome;
}

TEST(Colour, IsReadInEitherPlanarConfiguration) {
  auto image = image_of(2, "RGB");
  EXPECT_EQ(read(image, "RGBrgb").rgb, (Rgb{'R', 'G', 'B', 'r', 'g', 'b'}));
  image.pixels.is_planar = true;
  EXPECT_EQ(read(image, "RrGgBb").rgb, (Rgb{'R', 'G', 'B', 'r', 'g', 'b'}));
}

/// The primaries of BT.601 as PS3.3 C.7.6.3.1.2 has them: red is Y 76.245, Cb 84.97, Cr 255.5.
TEST(Colour, OfYbrBecomesRgb) {
  EXPECT_EQ(read(image_of(2, "YBR_FULL"), std::string("\x80\x80\x80\xFF\x80\x80", 6)).rgb,
            (Rgb{128, 128, 128, 255, 255, 255}));
  const Rgb red = read(image_of(1, "YBR_FULL"), "\x4C\x55\xFF").rgb;
  ASSERT_EQ(red.size(), 3u);
  EXPECT_NEAR(red[0], 254, 1);
  EXPECT_NEAR(red[1], 0, 1);
  EXPECT_NEAR(red[2], 0, 1);
  EXPECT_EQ(read(image_of(2, "YBR_PARTIAL_422"), std::string("\x10\x80\x80\xEB\x80\x80", 6)).rgb,
            (Rgb{0, 0, 0, 255, 255, 255}));
}

TEST(Colour, OfManyBitsIsTakenFromThoseThatAreUsed) {
  auto image = image_of(1, "RGB");
  image.pixels.bits_allocated = image.pixels.bits_stored = 16;
  image.pixels.high_bit = 15;
  EXPECT_EQ(read(image, std::string("\x10\0\xC8\0\x03\0", 6)).rgb, (Rgb{0x10, 0xC8, 0x03}));
  EXPECT_EQ(read(image, std::string("\x10\x0F\xC8\x01\0\0", 6)).rgb, (Rgb{0xF1, 0x1C, 0}));
  image.pixels.bits_stored = 12;  // in the upper bits
  EXPECT_EQ(read(image, std::string("\x05\x12\x07\xF8\0\0", 6)).rgb, (Rgb{0x12, 0xF8, 0}));
}

TEST(Colour, OfHalfResolutionIsRepeated) {
  EXPECT_EQ(read(image_of(2, "YBR_FULL_422"), std::string("\x10\x20\x80\x80", 4)).rgb, (Rgb{16, 16, 16, 32, 32, 32}));
}

TEST(Colour, WithinJpeg2000IsRgbAlready) {
  const std::vector<std::int32_t> values = {10, 200, 30, 250, 0, 77};
  for (const char* photometric : {"RGB", "YBR_RCT"}) {
    const auto image = image_of(2, photometric, "1.2.840.10008.1.2.4.90");
    const auto pixels = item("") + item(encode_j2k({values, 2, 1, 3, 8, false})) + kEndMark;
    EXPECT_EQ(read(image, pixels).rgb, (Rgb{10, 200, 30, 250, 0, 77})) << photometric;
  }
}

/// PS3.5 annex G: the bytes of each colour are one segment.
TEST(Colour, WithinRleIsBroughtTogether) {
  const auto image = image_of(2, "RGB", "1.2.840.10008.1.2.5");
  EXPECT_EQ(read(image, item("") + item(rle_frame({"Rr", "Gg", "Bb"})) + kEndMark).rgb,
            (Rgb{'R', 'G', 'B', 'r', 'g', 'b'}));
}

TEST(Colour, OfEveryFrameIsChecked) {
  auto image = image_of(1, "RGB");
  image.pixels.frame_count = 2;
  EXPECT_FALSE(read(image, "rgbRGB").check);
  EXPECT_EQ(read(image, "rgbRGB", 1).rgb, (Rgb{'R', 'G', 'B'}));
  EXPECT_EQ(read(image, "rgbRG").check, Code::truncated);
}

TEST(Colour, ThatIsNotKnownIsRefused) {
  EXPECT_EQ(read(image_of(1, "PALETTE COLOR"), "abc").problem, Code::unsupported_sop_class);
  EXPECT_EQ(read(image_of(1, "HSV"), "abc").problem, Code::unsupported_sop_class);
}

}  // namespace

}  // namespace naru::test
