#include "dicom/overlay_bits.h"

#include <gtest/gtest.h>

namespace naru::dicom {
namespace {

std::optional<std::uint16_t> bits_of(const OverlayPlane& first, const OverlayPlane& last = {}) {
  OverlayPlanes planes;
  planes.front() = first;
  planes.back() = last;
  return overlay_bits(planes);
}

TEST(OverlayBits, AreThoseThatTheOverlaysInThePixelsStateOrAll) {
  EXPECT_EQ(bits_of({16, 15, false}), 0x8000);
  EXPECT_EQ(bits_of({16, 15, false}, {8, 0, false}), 0x8001);
  EXPECT_EQ(bits_of({16, {}, false}), 0xFFFF);
}

TEST(OverlayBits, AreNoneWhereAnOverlayHasItsOwnDataOrStandsInNoBitOfAPixel) {
  EXPECT_EQ(bits_of({16, 15, true}), 0);
  EXPECT_EQ(bits_of({16, 16, false}), 0);
  EXPECT_EQ(bits_of({16, 65535, false}), 0);
}

TEST(OverlayBits, AreNotThereWhereNoOverlayIsSaidToStandInPixels) {
  EXPECT_EQ(bits_of({}), std::nullopt);
  EXPECT_EQ(bits_of({1, 15, false}, {{}, 15, false}), std::nullopt);
}

}  // namespace
}  // namespace naru::dicom
