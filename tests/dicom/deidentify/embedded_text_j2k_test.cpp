// JPEG 2000 and high throughput, raw and in JP2 files.
#include <gmock/gmock.h>

#include <random>

#include "dicom/deidentify/embedded_text.h"
#include "tests/dicom/deidentify/icc_profiles.h"
#include "tests/dicom/deidentify/pixel_streams.h"
#include "tests/support/codec_encoder.h"

namespace naru::test {
namespace {

using dicom::EmbeddedText;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

const std::string kStartOfTilePart = "\xFF\x90", kStartOfData = "\xFF\x93", kEnd = "\xFF\xD9";

class J2kTextTest : public ::testing::Test {
 protected:
  J2kTextTest() {
    for (int n = 0; n < kColumns * kRows; ++n) values_.push_back((n * 37 + n / kColumns * 11) % 4096);
    frame_ = {values_, kColumns, kRows};
    frame_.precision_bits = 12;
    format_.rows = kRows;
    format_.columns = kColumns;
    format_.bits_allocated = 16;
    format_.bits_stored = 12;
    format_.high_bit = 11;
    format_.transfer_syntax_uid = "1.2.840.10008.1.2.4.90";
    format_.is_encapsulated = true;
    FrameToEncode lossy = frame_;
    lossy.is_lossless = false;
    streams_ = {encode_j2k(frame_), encode_j2k(lossy), encode_htj2k(frame_), encode_htj2k(frame_, true)};
  }

  static std::string comment(std::string_view text, int kind = 1) {
    return segment(0x64, big_endian(static_cast<std::uint32_t>(kind), 2) + std::string(text));
  }
  static std::size_t first_tile_part(const std::string& stream) { return stream.find(kStartOfTilePart + "\0\x0A"s); }

  /// With a segment in the header of the first tile-part, whose length says so; 0: unknown.
  static std::string with_tile_comment(std::string stream, std::string_view inserted, bool is_length_known = true) {
    const std::size_t start = first_tile_part(stream);
    std::uint32_t length = dicom::read_u32(std::as_bytes(std::span(stream)), start + 6, true);
    length = is_length_known ? length + static_cast<std::uint32_t>(inserted.size()) : 0;
    stream.replace(start + 6, 4, big_endian(length, 4));
    return with_inserted(stream, start + 12, inserted);
  }

  static std::string box(const std::string& type, const std::string& contents) {
    return big_endian(static_cast<std::uint32_t>(8 + contents.size()), 4) + type + contents;
  }
  std::string image_header() const {
    return box("ihdr", big_endian(kRows, 4) + big_endian(kColumns, 4) + "\0\1\x0B\7\0\0"s);
  }
  /// A JP2 file around a codestream, with more boxes before it and in its header.
  std::string jp2(const std::string& stream, const std::string& before = "", const std::string& in_header = "") const {
    return box("jP  ", "\r\n\x87\n") + box("ftyp", "jp2 \0\0\0\0jp2 "s) +
           box("jp2h", image_header() + box("colr", "\1\0\0\0\0\0\x11"s) + in_header) + before + box("jp2c", stream);
  }

  static void expect_untouched(std::string bytes) {
    const std::string before = bytes;
    EXPECT_FALSE(needs_cleaning(bytes));
    const EmbeddedText found = clean(bytes);
    EXPECT_TRUE(found.is_sound);
    EXPECT_EQ(found.comments, 0U);
    EXPECT_EQ(bytes, before);
  }
  static void expect_unsound(std::string bytes) {
    EXPECT_TRUE(needs_cleaning(bytes));
    EXPECT_FALSE(clean(bytes).is_sound);
  }
  /// The text goes, the size stays, and the frame decodes to what `original` does.
  void expect_cleaned(std::string bytes, const std::string& original, std::size_t comments) const {
    const std::size_t size = bytes.size();
    EXPECT_TRUE(needs_cleaning(bytes));
    const EmbeddedText found = clean(bytes);
    EXPECT_TRUE(found.is_sound);
    EXPECT_EQ(found.comments, comments);
    EXPECT_EQ(bytes.size(), size);
    EXPECT_THAT(bytes, Not(HasSubstr("GILDONG")));
    EXPECT_FALSE(needs_cleaning(bytes));
    const auto expected = decoded(original, format_);
    ASSERT_TRUE(expected);
    EXPECT_EQ(decoded(bytes, format_), expected);
  }

  static constexpr int kColumns = 40, kRows = 33;
  std::vector<std::int32_t> values_;
  FrameToEncode frame_;
  dicom::PixelFormat format_;
  std::vector<std::string> streams_;
};

TEST_F(J2kTextTest, StreamsWithTheirEncodersNameStayAsTheyAre) {
  EXPECT_THAT(streams_[0], HasSubstr("Created by OpenJPEG version"));
  EXPECT_THAT(streams_[2], HasSubstr("OpenJPH Ver"));
  for (const std::string& stream : streams_) {
    expect_untouched(stream);
    expect_untouched(jp2(stream));
  }
}

TEST_F(J2kTextTest, CommentsGoInBothHeadersAndOfBothKinds) {
  for (const std::string& stream : streams_) {
    for (const int kind : {0, 1, 7}) {
      expect_cleaned(with_inserted(stream, first_tile_part(stream), comment(kToken, kind)), stream, 1);
      expect_cleaned(with_tile_comment(stream, comment(kToken, kind)), stream, 1);
    }
    expect_cleaned(with_inserted(stream, first_tile_part(stream), comment(kToken) + comment("Dr GILDONG")), stream, 2);
  }
}

TEST_F(J2kTextTest, HoldsSegmentsBackOfWhichDicomHasNone) {
  for (const int marker : {0x70, 0x71, 0x72, 0x73, 0x76, 0x79, 0x6F}) {
    expect_unsound(with_inserted(streams_[0], first_tile_part(streams_[0]), segment(marker, std::string(kToken))));
    expect_unsound(with_tile_comment(streams_[0], segment(marker, std::string(kToken))));
  }
}

TEST_F(J2kTextTest, FollowsATilePartOfUnknownLengthToTheEnd) {
  const std::string& stream = streams_[0];
  expect_untouched(with_tile_comment(stream, "", false));
  expect_cleaned(with_tile_comment(stream, comment(kToken), false) + std::string(kToken), stream, 2);
}

TEST_F(J2kTextTest, KnownEncodersKeepTheirSignatures) {
  const std::string& stream = streams_[0];
  for (
      const std::string& text : {
          "Kakadu-v7.10"s,
          "Kakadu-2.2"s,
          "Kakadu-vs7.10.7"s,
          "Created by GDCM/OpenJPEG version 2.0"s,
          "Created by Grok     version 2.3.0"s,
          "Creator: JasPer Version 1.701.0"s,
          "Created by: JJ2000 version 4.1"s,
          "OpenJPH Ver 0.7.3."s,
          "Lavc59.37.100"s,
          ""s,
          "Kdu-Layer-Info: log_2{Delta-D(squared-error)/Delta-L(bytes)}, L(bytes)\n-180.3,  1.5e+05\n-192.0,  1.1e+05\n"s,
          "Kdu-Layer-Info: log_2{Delta-D(MSE)/[2^16*Delta-L(bytes)]}, L(bytes)\n -65.4, 6.8e+004\n"s,
      }) {
    SCOPED_TRACE(text);
    expect_untouched(with_inserted(stream, first_tile_part(stream), comment(text)));
  }
  for (const std::string& text : {
           "Kakadu-v7.10 GILDONG"s,
           "Kakadu-v19800101"s,
           "OpenJPH Ver 0.7.3"s,
           "Kdu-Layer-Info: log_2{Delta-D(squared-error)/Delta-L(bytes)}, L(bytes)\n-180.3,  1.5e+05\nGILDONG\n"s,
           "Kdu-Layer-Info: log_2{Delta-D(squared-error)/Delta-L(bytes)}, L(bytes)\n19800101.3,  1.5e+05\n"s,
       }) {
    SCOPED_TRACE(text);
    expect_cleaned(with_inserted(stream, first_tile_part(stream), comment(text)), stream, 1);
  }
}

TEST_F(J2kTextTest, BytesBehindTheEndBecomeZero) {
  for (const std::string& stream : streams_) {
    expect_untouched(stream + '\0');
    expect_untouched(stream + std::string(7, '\0'));
    expect_cleaned(stream + std::string(kToken), stream, 1);
    expect_cleaned(jp2(stream) + std::string(kToken), stream, 1);
    expect_cleaned(jp2(stream + std::string(kToken)), stream, 1);
  }
}

TEST_F(J2kTextTest, AMissingEndMarkIsSoundWhereNothingFollows) {
  const std::string stream = streams_[0].substr(0, streams_[0].size() - 2);
  expect_untouched(stream);
  expect_untouched(stream + std::string(3, '\0'));
  expect_unsound(stream + std::string(kToken));
}

TEST_F(J2kTextTest, BoxesOfTextGo) {
  const std::string token(kToken);
  for (const std::string& stream : streams_) {
    const std::string boxes = box("xml ", "<patient>" + token + "</patient>") +
                              box("uuid", std::string(16, '\x5A') + token) +
                              box("uinf", box("url ", "\0\0\0\0http://" + token));
    expect_cleaned(jp2(stream, boxes), stream, 3);
    expect_cleaned(jp2(stream, box("free", token), box("asoc", box("lbl ", token))), stream, 2);
    expect_cleaned(jp2(stream, "", box("colr", "\1\0\0\0\0\0\x11"s + token)), stream, 1);
    expect_cleaned(jp2(with_inserted(stream, first_tile_part(stream), comment(token))), stream, 1);
  }
}

TEST_F(J2kTextTest, BoxesMayStateLongLengthsOrNone) {
  const std::string& stream = streams_[0];
  const std::string file = jp2(stream);
  const std::size_t at = file.size() - stream.size() - 8;
  const std::string head = file.substr(0, at);
  expect_untouched(head + "\0\0\0\0jp2c"s + stream);
  expect_untouched(head + "\0\0\0\0jp2c"s + stream + '\0');
  expect_untouched(head + "\0\0\0\1jp2c\0\0\0\0"s + big_endian(static_cast<std::uint32_t>(16 + stream.size()), 4) +
                   stream);
  const std::string long_box = "\0\0\0\1xml \0\0\0\0"s + big_endian(16 + 7, 4) + "GILDONG";
  expect_cleaned(head + long_box + "\0\0\0\0jp2c"s + stream, stream, 1);
}

TEST_F(J2kTextTest, ProfilesInBoxesAreCleaned) {
  auto tags = published_tags();
  const std::string& stream = streams_[0];
  expect_untouched(jp2(stream, "", box("colr", "\2\0\0"s + icc_profile(tags))));
  tags.push_back({"dmdd", icc_text(std::string(kToken))});
  expect_cleaned(jp2(stream, "", box("colr", "\2\0\0"s + icc_profile(tags))), stream, 2);
  expect_cleaned(jp2(stream, "", box("colr", "\4\0\0"s + std::string(kToken))), stream, 1);
  expect_unsound(jp2(stream, "", box("colr", "\3\0\0"s + std::string(kToken))));
}

TEST_F(J2kTextTest, StreamsWhoseMarkersLeadNowhereAreUnsound) {
  const std::string& stream = streams_[0];
  const std::size_t start = first_tile_part(stream);
  expect_unsound(stream.substr(0, start));
  expect_unsound(stream.substr(0, stream.size() - 20));
  expect_unsound(with_inserted(stream, start, kToken));
  expect_unsound(with_inserted(stream, start, segment(0x6F, kToken)));  // no marker of the standard
  expect_unsound(with_inserted(stream, start, "\xFF\x64\xFF\xFFGILDONG"));
  expect_unsound(with_inserted(stream, start, "\xFF\x64\0\1"s));
  std::string wrong_length = stream;
  wrong_length.replace(start + 6, 4, big_endian(30, 4));
  expect_unsound(wrong_length);
  wrong_length.replace(start + 6, 4, big_endian(5, 4));
  expect_unsound(wrong_length);
  expect_unsound(jp2(stream).substr(0, 40));
  expect_unsound(jp2("", box("jp2c", "x")));
  std::string deep = box("xml ", "x");
  for (int n = 0; n < 100; ++n) deep = box("asoc", deep);
  expect_unsound(jp2(stream, deep));
}

TEST_F(J2kTextTest, DamagedStreamsNeverBreakAnything) {
  std::mt19937 random(5);
  std::vector<std::string> streams = streams_;
  for (const std::string& stream : streams_) {
    streams.push_back(with_tile_comment(with_inserted(stream, first_tile_part(stream), comment(kToken)), comment("x")));
    streams.push_back(jp2(stream, box("xml ", std::string(kToken)),
                          box("colr", "\2\0\0"s + icc_profile(published_tags(), kScanDate))));
  }
  for (int n = 0; n < 20000; ++n) {
    std::string bytes = streams[static_cast<std::size_t>(n) % streams.size()];
    const std::size_t reach = std::min<std::size_t>(bytes.size(), 700);
    for (int change = 0; change < 1 + n % 4; ++change) {
      bytes[random() % reach] = static_cast<char>(n % 3 == 0 ? 0xFF : random());
    }
    if (n % 5 == 0) bytes.resize(random() % bytes.size());
    const std::size_t size = bytes.size();
    const bool is_needed = needs_cleaning(bytes);
    const EmbeddedText found = clean(bytes);
    ASSERT_EQ(is_needed, found.is_changed() || !found.is_sound);
    ASSERT_EQ(bytes.size(), size);
    if (found.is_sound) {
      ASSERT_FALSE(needs_cleaning(bytes)) << n;
    }
  }
}

/// The first is the picture; of a second one nobody would know what it shows.
TEST_F(J2kTextTest, FilesOfSeveralPicturesAreUnsound) {
  const std::string& stream = streams_[0];
  expect_unsound(jp2(stream) + box("jp2c", stream));
  expect_unsound(jp2(stream, box("asoc", box("jp2c", stream))));
}

}  // namespace
}  // namespace naru::test
