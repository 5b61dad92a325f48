#include "dicom/palette.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "dicom/colour.h"
#include "tests/dicom/loaded_series.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

namespace {

using Entry = std::array<std::uint8_t, 3>;

std::string words(const std::vector<std::uint16_t>& values) {
  std::string bytes;
  for (const std::uint16_t value : values) {
    bytes += static_cast<char>(value & 0xFF);
    bytes += static_cast<char>(value >> 8);
  }
  return bytes;
}

/// A secondary capture of 4 x 2 pixels that hold 10, 11, ... with one table for all three colours.
SliceBytes palette_image(const std::vector<std::uint16_t>& descriptor, std::uint32_t data, const std::string& table) {
  SliceBytes image;
  image.text(0x00280004, "CS", "PALETTE COLOR");
  for (std::uint32_t colour = 0; colour < 3; ++colour) {
    image.raw(0x00281101 + colour, "US", words(descriptor));
    image.raw(data + colour, "OW", table);
  }
  return image;
}

std::optional<dicom::Palette> palette_of(const SliceBytes& image) { return header_of(image.bytes()).palette; }

TEST(Palette, MapsStoredValuesFromItsFirstAndClampsAtItsEnds) {
  const auto palette = palette_of(palette_image({3, 10, 16}, 0x00281201, words({0x1000, 0x2000, 0xFF00})));
  ASSERT_TRUE(palette);
  EXPECT_EQ((*palette)(10), (Entry{0x10, 0x10, 0x10}));
  EXPECT_EQ((*palette)(12), (Entry{0xFF, 0xFF, 0xFF}));
  EXPECT_EQ((*palette)(-5), (Entry{0x10, 0x10, 0x10}));
  EXPECT_EQ((*palette)(99), (Entry{0xFF, 0xFF, 0xFF}));
}

TEST(Palette, TakesEightBitsPackedOrInWords) {
  const auto packed = palette_of(palette_image({4, 0, 8}, 0x00281201, std::string("\x01\x02\x03\x04", 4)));
  const auto wide = palette_of(palette_image({4, 0, 8}, 0x00281201, words({1, 2, 3, 4})));
  ASSERT_TRUE(packed && wide);
  EXPECT_EQ(packed->colours, wide->colours);
  EXPECT_THAT(packed->colours[1], ::testing::ElementsAre(1, 2, 3, 4));
}

/// A list of 2, a run of 4 to 0x5000, then both again.
TEST(Palette, ExpandsSegments) {
  const auto palette =
      palette_of(palette_image({12, 0, 16}, 0x00281221, words({0, 2, 0x0800, 0x1000, 1, 4, 0x5000, 2, 2, 0, 0})));
  ASSERT_TRUE(palette);
  EXPECT_THAT(palette->colours[0],
              ::testing::ElementsAre(0x08, 0x10, 0x20, 0x30, 0x40, 0x50, 0x08, 0x10, 0x20, 0x30, 0x40, 0x50));
}

TEST(Palette, IsNoneWhereItContradictsItself) {
  const auto none = [](const SliceBytes& image) { return !palette_of(image).has_value(); };
  EXPECT_TRUE(none(palette_image({4, 0, 16}, 0x00281201, words({1, 2, 3}))));         // too short
  EXPECT_TRUE(none(palette_image({4, 0, 12}, 0x00281201, words({1, 2, 3, 4}))));      // 12 bits
  EXPECT_TRUE(none(palette_image({4, 0, 16}, 0x00281221, words({2, 9, 0, 0}))));      // repeats itself
  EXPECT_TRUE(none(palette_image({4, 0, 16}, 0x00281221, words({1, 4, 9}))));         // runs from nothing
  EXPECT_TRUE(none(palette_image({4, 0, 16}, 0x00281221, words({0, 60000, 1, 2}))));  // lists more than there is
}

TEST(Palette, ColoursTheImageThatHasIt) {
  dicom::initialize();
  std::vector<std::uint16_t> table;
  for (std::uint16_t n = 0; n < 256; ++n) table.push_back(static_cast<std::uint16_t>(n << 8));
  SliceBytes image = palette_image({256, 0, 16}, 0x00281201, words(table));
  image.number(0x00280103, 0);
  const std::string stored = words({0, 1, 2, 3, 100, 200, 255, 999});
  image.raw(0x7FE00010, "OW", stored);
  const TempFolder folder;
  spill(folder / "image.dcm", image.bytes());
  const auto header = read_header(folder / "image.dcm");
  EXPECT_EQ(header.reason, Code::unsupported_sop_class);
  ASSERT_TRUE(header.pixels && header.palette);
  const dicom::FrameReader reader(folder / "image.dcm", *header.pixels);
  std::vector<std::uint8_t> rgb;
  ASSERT_FALSE(dicom::read_colour(reader, *header.pixels, 0, &*header.palette, rgb));
  const std::vector<std::uint8_t> expected = {0, 1, 2, 3, 100, 200, 255, 255};
  for (std::size_t n = 0; n < expected.size(); ++n) EXPECT_EQ(rgb[3 * n], expected[n]) << n;
  EXPECT_FALSE(dicom::check_pixels(folder / "image.dcm", *header.pixels, &*header.palette));
  EXPECT_EQ(dicom::check_pixels(folder / "image.dcm", *header.pixels), Code::unsupported_sop_class);
}

}  // namespace

}  // namespace naru::test
