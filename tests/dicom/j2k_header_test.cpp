#include "dicom/j2k_header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/codec_encoder.h"

namespace naru::test {

namespace {

std::string stream_of(int columns, int rows, int precision_bits, bool is_signed) {
  const std::vector<std::int32_t> values(static_cast<std::size_t>(columns * rows), 5);
  return encode_j2k({values, columns, rows, 1, precision_bits, is_signed});
}

std::optional<dicom::J2kHeader> j2k_header_of(const std::string& stream) {
  return dicom::read_j2k_header(std::as_bytes(std::span(stream)));
}

std::string changed(std::string stream, std::size_t at, const std::string& bytes) {
  return stream.replace(at, bytes.size(), bytes);
}

// Offsets within the stream: SOC 2, SIZ 2, length 2, capabilities 2, then sizes of four bytes each.
constexpr std::size_t kWidth = 8, kTileWidth = 24, kComponents = 40;

TEST(J2kHeader, SaysWhatTheEncoderWasGiven) {
  const auto header = j2k_header_of(stream_of(37, 21, 13, true));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->columns, 37);
  EXPECT_EQ(header->rows, 21);
  EXPECT_EQ(header->components, 1);
  EXPECT_EQ(header->precision_bits, 13);
  EXPECT_TRUE(header->is_signed);
  EXPECT_FALSE(header->has_color_transform);
}

TEST(J2kHeader, IsRefusedForManyTiles) {
  const std::string stream = stream_of(64, 64, 8, false);
  EXPECT_TRUE(j2k_header_of(stream));
  EXPECT_FALSE(j2k_header_of(changed(stream, kTileWidth, std::string("\0\0\0\x01\0\0\0\x01", 8)))) << "4096 tiles";
  EXPECT_FALSE(j2k_header_of(changed(stream, kTileWidth, std::string(4, '\0'))));
}

TEST(J2kHeader, IsRefusedForSubSampledOrMissingComponents) {
  const std::string stream = stream_of(8, 8, 8, false);
  EXPECT_FALSE(j2k_header_of(changed(stream, kComponents + 3, "\x02")));
  EXPECT_FALSE(j2k_header_of(changed(stream, kComponents, std::string("\x40\0", 2))));
  EXPECT_FALSE(j2k_header_of(changed(stream, kWidth, std::string(4, '\0'))));
}

TEST(J2kHeader, IsRefusedForLayersWithoutEnd) {
  std::string stream = stream_of(64, 64, 8, false);
  const std::size_t style = stream.find("\xFF\x52");
  ASSERT_NE(style, std::string::npos);
  EXPECT_FALSE(j2k_header_of(changed(stream, style + 6, "\xFF\xFF"))) << "65535 layers of 64 precincts";
  EXPECT_FALSE(j2k_header_of(changed(stream, style + 6, std::string(2, '\0'))));
  EXPECT_FALSE(j2k_header_of(changed(stream, style + 9, "\x21"))) << "33 levels";
}

TEST(J2kHeader, IsRefusedWhereverTheStreamIsCut) {
  const std::string stream = stream_of(16, 16, 8, false);
  for (std::size_t size = 0; size + 2 < stream.size(); ++size)
    EXPECT_FALSE(j2k_header_of(stream.substr(0, size))) << size;
  EXPECT_TRUE(j2k_header_of(stream.substr(0, stream.size() - 2))) << "only the end mark is missing";
}

TEST(J2kHeader, TellsWhetherTheCoderKeepsEveryBit) {
  const std::vector<std::int32_t> values(64, 5);
  for (const bool is_lossless : {true, false}) {
    const auto header = j2k_header_of(encode_j2k({values, 8, 8, 1, 12, false, is_lossless}));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->is_reversible, is_lossless);
  }
}

}  // namespace

}  // namespace naru::test
