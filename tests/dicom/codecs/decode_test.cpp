#include "dicom/codecs/decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/support/codec_encoder.h"

namespace naru::test {

namespace {

constexpr const char* kJ2k = "1.2.840.10008.1.2.4.90";
constexpr const char* kHtj2k = "1.2.840.10008.1.2.4.201";

struct Depth {
  int precision_bits;
  bool is_signed;
};

/// A slope with noise, over the whole range of the depth.
std::vector<std::int32_t> values_of(const Depth& depth, int count) {
  const std::int32_t low = depth.is_signed ? -(1 << (depth.precision_bits - 1)) : 0;
  const std::int32_t high = low + (1 << depth.precision_bits) - 1;
  std::mt19937 random(7);
  std::normal_distribution<double> noise(0, (high - low) / 100.0);
  std::vector<std::int32_t> values;
  for (int n = 0; n < count; ++n) {
    const double slope = low + (high - low) * (n / static_cast<double>(count));
    values.push_back(std::clamp(static_cast<std::int32_t>(std::lround(slope + noise(random))), low, high));
  }
  values.front() = low, values.back() = high;
  return values;
}

dicom::PixelFormat format_of(const FrameToEncode& frame, const char* syntax_uid) {
  dicom::PixelFormat format;
  format.rows = frame.rows;
  format.columns = frame.columns;
  format.samples_per_pixel = frame.components;
  format.bits_allocated = frame.precision_bits > 8 ? 16 : 8;
  format.bits_stored = frame.precision_bits;
  format.high_bit = frame.precision_bits - 1;
  format.is_signed = frame.is_signed;
  format.transfer_syntax_uid = syntax_uid;
  format.is_encapsulated = true;
  return format;
}

std::optional<std::vector<std::uint16_t>> decode(std::string_view stream, const dicom::PixelFormat& format) {
  dicom::initialize();
  std::vector<std::uint16_t> out(static_cast<std::size_t>(format.rows * format.columns * format.samples_per_pixel));
  if (dicom::decode_frame(std::as_bytes(std::span(stream)), format, out)) return std::nullopt;
  return out;
}

std::vector<std::uint16_t> lower_bits(const std::vector<std::int32_t>& values) {
  std::vector<std::uint16_t> bits;
  for (const std::int32_t value : values) bits.push_back(static_cast<std::uint16_t>(value));
  return bits;
}

std::string encode(const FrameToEncode& frame, bool is_high_throughput) {
  return is_high_throughput ? encode_htj2k(frame) : encode_j2k(frame);
}

/// High throughput is encoded by OpenJPH and decoded by OpenJPEG, which know nothing of each other.
TEST(Decode, IsBitExactForLosslessJpeg2000OfEveryDepthAndSize) {
  for (const bool is_high_throughput : {false, true}) {
    for (const Depth depth :
         {Depth{8, false}, {8, true}, {10, false}, {12, false}, {12, true}, {13, true}, {16, false}, {16, true}}) {
      for (const auto& [columns, rows] : {std::pair{37, 21}, {64, 64}, {1, 1}, {130, 3}, {3, 130}}) {
        const auto values = values_of(depth, columns * rows);
        const FrameToEncode frame{values, columns, rows, 1, depth.precision_bits, depth.is_signed};
        const char* const syntax = is_high_throughput ? kHtj2k : kJ2k;
        EXPECT_EQ(decode(encode(frame, is_high_throughput), format_of(frame, syntax)), lower_bits(values))
            << syntax << ' ' << depth.precision_bits << (depth.is_signed ? 's' : 'u') << ' ' << columns << 'x' << rows;
      }
    }
  }
}

TEST(Decode, GivesThreeComponentsInterleavedAsTheyWere) {
  for (const bool is_high_throughput : {false, true}) {
    const auto values = values_of({8, false}, 40 * 30 * 3);
    const FrameToEncode frame{values, 40, 30, 3, 8, false};
    EXPECT_EQ(decode(encode(frame, is_high_throughput), format_of(frame, is_high_throughput ? kHtj2k : kJ2k)),
              lower_bits(values));
  }
}

TEST(Decode, ReadsResolutionByResolutionOrder) {
  const auto values = values_of({16, true}, 100 * 90);
  const FrameToEncode frame{values, 100, 90, 1, 16, true};
  EXPECT_EQ(decode(encode_htj2k(frame, true), format_of(frame, "1.2.840.10008.1.2.4.202")), lower_bits(values));
}

TEST(Decode, IsNearTheTruthForLossyJpeg2000) {
  for (const bool is_high_throughput : {false, true}) {
    const auto values = values_of({12, false}, 64 * 64);
    const FrameToEncode frame{values, 64, 64, 1, 12, false, false};
    const auto found =
        decode(encode(frame, is_high_throughput),
               format_of(frame, is_high_throughput ? "1.2.840.10008.1.2.4.203" : "1.2.840.10008.1.2.4.91"));
    ASSERT_TRUE(found);
    double worst = 0;
    for (std::size_t n = 0; n < values.size(); ++n) worst = std::max<double>(worst, std::abs((*found)[n] - values[n]));
    EXPECT_GT(worst, 0) << "then it is not lossy";
    EXPECT_LT(worst, is_high_throughput ? 32 : 200);
  }
}

std::string box(const std::string& type, const std::string& value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((value.size() + 8) >> shift & 0xFF);
  return bytes + type + value;
}

TEST(Decode, FindsTheCodestreamWithinAJp2File) {
  const auto values = values_of({12, false}, 20 * 10);
  const FrameToEncode frame{values, 20, 10, 1, 12, false};
  const std::string stream = encode_j2k(frame);
  const std::string start = box("jP  ", "\r\n\x87\n") + box("ftyp", "jp2 0000jp2 ") + box("jp2h", "whatever");
  for (const std::string& file : {start + box("jp2c", stream), start + box("jp2c", stream) + box("uuid", "x"),
                                  start + std::string(4, '\0') + "jp2c" + stream}) {
    EXPECT_EQ(decode(file, format_of(frame, kJ2k)), lower_bits(values));
  }
  EXPECT_FALSE(decode(start, format_of(frame, kJ2k)));
}

TEST(Decode, RefusesStreamsOfAnotherShapeThanTheHeaderSays) {
  const auto values = values_of({12, false}, 20 * 10);
  const FrameToEncode frame{values, 20, 10, 1, 12, false};
  for (const bool is_high_throughput : {false, true}) {
    const std::string stream = encode(frame, is_high_throughput);
    auto format = format_of(frame, is_high_throughput ? kHtj2k : kJ2k);
    ASSERT_TRUE(decode(stream, format));
    format.rows = 20, format.columns = 10;
    EXPECT_FALSE(decode(stream, format));
    format.rows = 10, format.columns = 20, format.bits_allocated = 8;
    EXPECT_FALSE(decode(stream, format)) << "deeper than there is room for";
    EXPECT_FALSE(decode(std::string_view(stream).substr(0, stream.size() / 2), format_of(frame, kJ2k)));
    EXPECT_FALSE(decode("", format_of(frame, kJ2k)));
  }
}

/// Every damaged stream ends in values or in a refusal, never in a crash or without end.
TEST(Decode, SurvivesDamagedStreams) {
  const auto values = values_of({12, false}, 48 * 40);
  const FrameToEncode frame{values, 48, 40, 1, 12, false};
  std::mt19937 random(11);
  for (const bool is_high_throughput : {false, true}) {
    const std::string original = encode(frame, is_high_throughput);
    const auto format = format_of(frame, is_high_throughput ? kHtj2k : kJ2k);
    for (int n = 0; n < 2000; ++n) {
      std::string damaged = original;
      // Half of the damage is done to the headers, which lead a decoder astray.
      for (unsigned count = 1 + random() % 4; count > 0; --count) {
        const std::size_t reach = random() % 2 == 0 ? std::min<std::size_t>(120, damaged.size()) : damaged.size();
        damaged[random() % reach] = static_cast<char>(random());
      }
      if (random() % 8 == 0) damaged.resize(random() % damaged.size());
      decode(damaged, format);
    }
  }
}

}  // namespace

}  // namespace naru::test
