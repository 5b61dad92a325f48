// Files of several frames and tiles. The files hold Pixel Data alone: FrameReader asks the header's facts, not a
// header.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

#include "core/digest.h"
#include "dicom/codecs/decode.h"
#include "dicom/pixels.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/support/codec_encoder.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

namespace {

using Values = std::vector<std::uint16_t>;

constexpr std::uint64_t kBefore = 7;  // bytes in front of the pixels

dicom::Instance plane_of(std::int64_t columns, std::int64_t rows, std::int64_t frame_count, const char* syntax_uid) {
  dicom::Instance plane;
  plane.columns = plane.pixels.columns = columns;
  plane.rows = plane.pixels.rows = rows;
  plane.pixels.frame_count = frame_count;
  plane.pixels.bits_allocated = plane.pixels.bits_stored = 16;
  plane.pixels.high_bit = 15;
  plane.pixels.transfer_syntax_uid = syntax_uid;
  plane.pixels.offset_bytes = kBefore;
  return plane;
}

std::filesystem::path write(const TempFolder& folder, const std::string& pixels) {
  const auto path = folder.path() / "pixels";
  std::ofstream(path, std::ios::binary) << "before " << pixels << "after";
  return path;
}

std::string words_of(const Values& values) {
  std::string bytes;
  for (const std::uint16_t value : values) bytes += {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8)};
  return bytes;
}

std::optional<Values> read(const dicom::FrameReader& reader, const dicom::Instance& plane) {
  Values out(static_cast<std::size_t>(plane.rows * plane.columns));
  if (reader.read(plane, out)) return std::nullopt;
  return out;
}

TEST(FrameReader, ReadsFramesInAnyOrder) {
  auto plane = plane_of(3, 1, 2, "1.2.840.10008.1.2.1");
  const TempFolder folder;
  const dicom::FrameReader reader(write(folder, words_of({1, 2, 3, 4, 5, 6})), plane.pixels);
  for (const std::int64_t frame : {1, 0, 1}) {
    plane.frame = frame;
    EXPECT_EQ(read(reader, plane), (frame == 0 ? Values{1, 2, 3} : Values{4, 5, 6}));
  }
  Values out(3);
  for (const std::int64_t frame : {-1, 2}) EXPECT_EQ(reader.read_frame(frame, out), Code::corrupt);
}

/// Frame f of 4 x 4 values holds 100 f + 10 j + i; tiles of 2 x 2 and of full width.
TEST(FrameReader, ReadsTilesOfAFrame) {
  auto plane = plane_of(4, 4, 2, "1.2.840.10008.1.2.1");
  Values all;
  for (int f = 0; f < 2; ++f)
    for (int j = 0; j < 4; ++j)
      for (int i = 0; i < 4; ++i) all.push_back(static_cast<std::uint16_t>(100 * f + 10 * j + i));
  const TempFolder folder;
  const dicom::FrameReader reader(write(folder, words_of(all)), plane.pixels);
  plane.frame = 1;
  plane.columns = plane.rows = 2;
  plane.tile_i = 2;
  plane.tile_j = 1;
  EXPECT_EQ(read(reader, plane), (Values{112, 113, 122, 123}));
  Values frame(16), tile(4);
  ASSERT_FALSE(reader.read_frame(1, frame));
  dicom::cut_tile(frame, plane, tile);
  EXPECT_EQ(tile, (Values{112, 113, 122, 123}));
  plane.tile_i = 0;
  plane.columns = 4;
  EXPECT_EQ(read(reader, plane), (Values{110, 111, 112, 113, 120, 121, 122, 123}));
  plane.tile_j = 3;
  Values out(8);
  EXPECT_EQ(reader.read(plane, out), Code::corrupt) << "beyond the frame";
}

/// The high and the low bytes.
std::string rle(const Values& values) {
  std::string high, low;
  for (const std::uint16_t value : values) {
    high += static_cast<char>(value >> 8);
    low += static_cast<char>(value & 0xFF);
  }
  return rle_frame({high, low});
}

TEST(FrameReader, ReadsCompressedFramesAndTiles) {
  dicom::initialize();
  auto plane = plane_of(2, 2, 2, "1.2.840.10008.1.2.5");
  plane.pixels.is_encapsulated = true;
  const std::string second = rle({500, 600, 700, 800});
  const std::string pixels =
      item("") + item(rle({1, 2, 3, 40000})) + item(second.substr(0, 66)) + item(second.substr(66)) + kEndMark;
  const TempFolder folder;
  const dicom::FrameReader reader(write(folder, pixels), plane.pixels);
  EXPECT_EQ(read(reader, plane), (Values{1, 2, 3, 40000}));
  plane.frame = 1;
  EXPECT_EQ(read(reader, plane), (Values{500, 600, 700, 800}));
  plane.rows = plane.columns = 1;
  plane.tile_i = 1;
  EXPECT_EQ(read(reader, plane), Values{600});
}

TEST(FrameReader, IsReadByManyThreadsAtOnce) {
  constexpr std::int64_t kFrames = 64;
  const auto plane = plane_of(16, 16, kFrames, "1.2.840.10008.1.2.1");
  Values all(256 * kFrames);
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = static_cast<std::uint16_t>(n * 40503);
  const TempFolder folder;
  const dicom::FrameReader reader(write(folder, words_of(all)), plane.pixels);
  Values out(all.size());
  std::vector<std::jthread> threads;
  for (std::int64_t first = 0; first < 4; ++first) {
    threads.emplace_back([&, first] {
      for (std::int64_t frame = first; frame < kFrames; frame += 4) {
        EXPECT_FALSE(reader.read_frame(frame, std::span(out).subspan(static_cast<std::size_t>(frame) * 256, 256)));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(out, all);
}

TEST(FrameReader, ExchangesBytesInBigEndianWordsAcrossOddFrames) {
  auto plane = plane_of(3, 1, 2, "1.2.840.10008.1.2.2");
  plane.pixels.bits_allocated = plane.pixels.bits_stored = 8;
  plane.pixels.high_bit = 7;
  plane.pixels.is_big_endian = plane.pixels.is_bytes_in_words = true;
  const TempFolder folder;
  const dicom::FrameReader reader(write(folder, "\x02\x01\x04\x03\x06\x05"), plane.pixels);
  EXPECT_EQ(read(reader, plane), (Values{1, 2, 3}));
  plane.frame = 1;
  EXPECT_EQ(read(reader, plane), (Values{4, 5, 6}));
}

TEST(FrameReader, RefusesColour) {
  auto plane = plane_of(2, 1, 1, "1.2.840.10008.1.2.1");
  plane.pixels.samples_per_pixel = 3;
  plane.pixels.photometric_interpretation = "RGB";
  const TempFolder folder;
  const dicom::FrameReader reader(write(folder, "abcdefghijkl"), plane.pixels);
  Values out(2);
  EXPECT_EQ(reader.read(plane, out), Code::unsupported_sop_class);
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Of the raw bytes, whatever is done to the values afterwards, and also where they cannot be read.
TEST(ReadPixels, GivesTheDigestOfTheWholeFile) {
  dicom::initialize();
  struct Case {
    const char* what;
    dicom::Instance plane;
    std::string pixels;
    std::optional<Code> problem;
  };
  auto big = plane_of(2, 1, 1, "1.2.840.10008.1.2.2");
  big.pixels.is_big_endian = true;
  auto bytes = plane_of(2, 1, 1, "1.2.840.10008.1.2.1");
  bytes.pixels.bits_allocated = bytes.pixels.bits_stored = 8;
  bytes.pixels.high_bit = 7;
  auto masked = plane_of(2, 1, 1, "1.2.840.10008.1.2.1");
  masked.pixels.bits_stored = 12;
  masked.pixels.high_bit = 11;
  masked.pixels.overlay_bits = 0xF000;
  auto coded = plane_of(2, 1, 1, "1.2.840.10008.1.2.5");
  coded.pixels.is_encapsulated = true;
  const std::vector<Case> cases = {
      {"little endian", plane_of(2, 1, 1, "1.2.840.10008.1.2.1"), words_of({1, 2}), {}},
      {"second frame", plane_of(2, 1, 2, "1.2.840.10008.1.2.1"), words_of({1, 2, 3, 4}), {}},
      {"big endian", big, words_of({1, 2}), {}},
      {"8 bits", bytes, "ab", {}},
      {"overlay bits", masked, words_of({0xF001, 0xF002}), {}},
      {"coded", coded, item("") + item(rle({1, 2})) + kEndMark, {}},
      {"cut short", plane_of(200, 100, 1, "1.2.840.10008.1.2.1"), "short", Code::truncated},
  };
  for (const Case& one : cases) {
    const TempFolder folder;
    const auto path = write(folder, one.pixels);
    const std::string all = contents(path);
    Values out(static_cast<std::size_t>(one.plane.rows * one.plane.columns));
    std::string digest;
    EXPECT_EQ(dicom::read_pixels(path, one.plane, out, &digest), one.problem) << one.what;
    EXPECT_EQ(digest, sha256_hex(all)) << one.what;
  }
}

/// Wavelets swing beside edges, and a coder of 16 bits does not know that there are 12.
TEST(FrameReader, TakesTheOvershootOfALossyCoderForTheGreatestValue) {
  dicom::initialize();
  const auto read_lossy = [](std::int32_t greatest, bool is_lossless, bool is_signed, Values& out) {
    std::vector<std::int32_t> values(64 * 64);
    const std::int32_t least = is_signed ? -2048 : 0;
    for (std::size_t n = 0; n < values.size(); ++n) values[n] = n / 64 / 8 % 2 == n % 64 / 8 % 2 ? greatest : least;
    const std::string stream = encode_j2k({values, 64, 64, 1, 16, is_signed, is_lossless});
    auto plane = plane_of(64, 64, 1, "1.2.840.10008.1.2.4.91");
    plane.pixels.is_encapsulated = true;
    plane.pixels.bits_stored = 12;
    plane.pixels.high_bit = 11;
    plane.pixels.is_signed = is_signed;
    std::vector<std::uint16_t> coded(values.size());
    EXPECT_FALSE(dicom::decode_frame(std::as_bytes(std::span(stream)), plane.pixels, coded));
    const bool is_beyond = std::ranges::any_of(
        coded, [&](std::uint16_t value) { return dicom::stored_number(value, !is_signed) > greatest; });
    EXPECT_EQ(is_beyond, !is_lossless);
    const TempFolder folder;
    const std::string padded = stream.size() % 2 == 0 ? stream : stream + '\0';
    return dicom::FrameReader(write(folder, item("") + item(padded) + kEndMark), plane.pixels).read(plane, out);
  };
  Values out(64 * 64);
  EXPECT_EQ(read_lossy(4095, false, false, out), std::nullopt);
  EXPECT_EQ(std::ranges::max(out), 4095);
  EXPECT_EQ(read_lossy(2047, false, true, out), std::nullopt);
  const auto is_within = [](std::uint16_t value) { return std::abs(dicom::stored_number(value, false)) <= 2048; };
  EXPECT_TRUE(std::ranges::all_of(out, is_within));
  EXPECT_EQ(std::ranges::count(out, 0xF800) > 0 && std::ranges::count(out, 2047) > 0, true);
  EXPECT_EQ(read_lossy(4600, false, false, out), Code::unused_bits_set) << "no coder swings so far";
  EXPECT_EQ(read_lossy(4096, true, false, out), Code::unused_bits_set) << "nothing is moved without loss";
}

}  // namespace

}  // namespace naru::test
