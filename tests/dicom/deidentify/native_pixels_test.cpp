#include "dicom/deidentify/native_pixels.h"

#include <gtest/gtest.h>

namespace naru::dicom {
namespace {

struct StoredBitsAt {
  int stored, high;
};

/// Which of "set", "below", "stray" hold for values of 16 bits.
std::string unused_in(StoredBitsAt bits, std::vector<std::uint16_t> values, std::optional<std::int64_t> padding = {}) {
  PixelFormat format;
  format.bits_allocated = 16;
  format.bits_stored = bits.stored;
  format.high_bit = bits.high;
  const UnusedBits unused = unused_bits(values, format, padding);
  return std::string(unused.are_set ? "set " : "") + (unused.are_below ? "below " : "") +
         (unused.are_stray ? "stray " : "");
}

TEST(NativePixels, TellStrayBitsFromSignsAndFromBitsBelow) {
  EXPECT_EQ(unused_in({12, 11}, {}), "");
  EXPECT_EQ(unused_in({12, 11}, {0, 1, 0x0FFF}), "");
  EXPECT_EQ(unused_in({12, 11}, {0, 0xFFFF, 0xF800}), "set ") << "signs of all negative values";
  EXPECT_EQ(unused_in({12, 11}, {0, 0xFFFF, 0x0FFF}), "set stray ") << "of some";
  EXPECT_EQ(unused_in({12, 11}, {0, 0x1000}), "set stray ");
  EXPECT_EQ(unused_in({12, 15}, {0x10, 0xFFF1}), "set below ");
  EXPECT_EQ(unused_in({8, 11}, {0x0FF0, 0xF00F}), "set below stray ");
}

TEST(NativePixels, LeaveOutDeclaredPaddingWhereNothingElseHasItsStoredBits) {
  EXPECT_EQ(unused_in({12, 11}, {0xF030, 1}), "set stray ");
  EXPECT_EQ(unused_in({12, 11}, {0xF030, 1}, 0xF030), "set ");
  EXPECT_EQ(unused_in({12, 11}, {0xF030, 0x0030}, 0xF030), "set stray ");
  EXPECT_EQ(unused_in({12, 11}, {0xF030, 0xF831}, 0xF030), "set ") << "all have a sign";
  EXPECT_EQ(unused_in({12, 11}, {0xF030, 0x1001}, 0xF030), "set stray ");
}

TEST(NativePixels, FindsUnusedBitsInAnyFrame) {
  PixelFacts facts;
  facts.format.rows = 1;
  facts.format.columns = 2;
  facts.format.frame_count = 2;
  facts.format.bits_allocated = 8;
  facts.format.bits_stored = 7;
  facts.format.high_bit = 6;
  std::vector<std::byte> bytes = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{0x81}};
  EXPECT_TRUE(NativePixels(bytes, facts, false).unused_bits().are_stray);
  bytes.back() = std::byte{0x7F};
  EXPECT_FALSE(NativePixels(bytes, facts, false).unused_bits().are_set);
}

}  // namespace
}  // namespace naru::dicom
