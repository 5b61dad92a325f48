// What is common to all streams, and JPEG.
#include "dicom/deidentify/embedded_text.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/dicom/deidentify/icc_profiles.h"
#include "tests/dicom/deidentify/pixel_streams.h"

namespace naru::test {
namespace {

using dicom::EmbeddedText;
using dicom::PixelStreamKind;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

std::vector<SyntaxName> jpeg_syntaxes() {
  std::vector<SyntaxName> found;
  for (const SyntaxName& syntax : all_syntaxes()) {
    if (syntax.name.starts_with("jpeg")) found.push_back(syntax);
  }
  return found;
}

const std::string kStartOfImage = "\xFF\xD8", kEndOfImage = "\xFF\xD9";

/// 16 x 16 with a restart marker behind each row of blocks, by libjpeg-turbo's cjpeg.
std::string restart_stream() {
  constexpr std::string_view kHex =
      "ffd8ffe000104a46494600010100000100010000ffdb0043000d090a0b0a080d0b0a0b0e0e0d0f13201513121213271c1e17"
      "202e2931302e292d2c333a4a3e333646372c2d405741464c4e525352323e5a615a50604a51524fffc0000b08001000100101"
      "1100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b51000020103030204030505"
      "04040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a"
      "25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a8384858687"
      "88898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2"
      "e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffdd00040001ffda0008010100003f00e574d83a715fffd0769b6b923008cd7f"
      "ffd1cdd36d8e5723f1afffd2dad36db38e074affd9";
  std::string bytes;
  for (std::size_t n = 0; n + 1 < kHex.size(); n += 2) {
    bytes += static_cast<char>(std::stoi(std::string(kHex.substr(n, 2)), nullptr, 16));
  }
  return bytes;
}

dicom::PixelFormat restart_format() {
  dicom::PixelFormat format;
  format.rows = format.columns = 16;
  format.bits_allocated = format.bits_stored = 8;
  format.high_bit = 7;
  format.transfer_syntax_uid = "1.2.840.10008.1.2.4.50";
  format.is_encapsulated = true;
  return format;
}

/// A stream that is sound and whose text goes: its size stays, nothing of the token is left, a second pass finds
/// nothing.
void expect_cleaned(std::string bytes, std::size_t comments) {
  const std::size_t size = bytes.size();
  EXPECT_TRUE(needs_cleaning(bytes));
  const EmbeddedText found = clean(bytes);
  EXPECT_TRUE(found.is_sound);
  EXPECT_EQ(found.comments, comments);
  EXPECT_EQ(bytes.size(), size);
  EXPECT_THAT(bytes, Not(HasSubstr(std::string(kToken.substr(4, 7)))));
  EXPECT_FALSE(needs_cleaning(bytes));
}

void expect_jpeg_untouched(std::string bytes) {
  const std::string before = bytes;
  EXPECT_FALSE(needs_cleaning(bytes));
  const EmbeddedText found = clean(bytes);
  EXPECT_TRUE(found.is_sound);
  EXPECT_EQ(found.bytes, 0U);
  EXPECT_EQ(bytes, before);
}

void expect_jpeg_unsound(std::string bytes) {
  EXPECT_TRUE(needs_cleaning(bytes));
  EXPECT_FALSE(clean(bytes).is_sound);
}

std::string with_segment(int code, std::string_view payload) {
  return with_inserted(restart_stream(), 2, segment(code, payload));
}

TEST(EmbeddedText, TellsStreamsApartByTheirFirstBytes) {
  const auto kind = [](const std::string& bytes) { return dicom::pixel_stream_kind(std::as_bytes(std::span(bytes))); };
  EXPECT_EQ(kind(restart_stream()), PixelStreamKind::jpeg);
  EXPECT_EQ(kind("\xFF\x4F\xFF\x51"), PixelStreamKind::jpeg_2000);
  EXPECT_EQ(kind("\0\0\0\x0CjP  \r\n\x87\n"s), PixelStreamKind::jpeg_2000);
  EXPECT_EQ(kind(""), PixelStreamKind::other);
  EXPECT_EQ(kind("\xFF"), PixelStreamKind::other);
  EXPECT_EQ(kind(" " + restart_stream()), PixelStreamKind::other);
}

TEST(EmbeddedText, LeavesRleAndUnknownStreamsAlone) {
  expect_jpeg_untouched("");
  expect_jpeg_untouched("\1\0\0\0\x40\0\0\0"s + std::string(56, '\0') + std::string(kToken));
}

TEST(EmbeddedText, JpegStreamsOfAllProcessesStayAsTheyAre) {
  for (const SyntaxName& syntax : jpeg_syntaxes()) {
    SCOPED_TRACE(syntax.name);
    const PixelStream stream = phantom_stream(syntax);
    ASSERT_GT(stream.bytes.size(), 100U);
    expect_jpeg_untouched(stream.bytes);
  }
  expect_jpeg_untouched(restart_stream());
}

TEST(EmbeddedText, JpegTextGoesAndPixelsStay) {
  const std::string comments = segment(0xFE, kToken) + segment(0xE8, kToken);
  const std::string more = segment(0xE1, "Exif\0\0II*\0"s + std::string(kToken)) + segment(0xE5, kToken) +
                           segment(0xED, "Photoshop 3.0\0"s + std::string(kToken));
  for (const SyntaxName& syntax : jpeg_syntaxes()) {
    SCOPED_TRACE(syntax.name);
    const PixelStream stream = phantom_stream(syntax);
    const auto expected = decoded(stream.bytes, stream.format);
    ASSERT_TRUE(expected);
    const bool is_jpeg_ls = syntax.name.starts_with("jpeg-ls");  // its decoder knows neither APP1 nor APP5
    std::string bytes = with_inserted(stream.bytes, 2, is_jpeg_ls ? comments : comments + more);
    bytes.insert(bytes.rfind("\xFF\xDA"), segment(0xFE, kToken));  // in front of the last scan
    bytes += kToken;
    EXPECT_EQ(decoded(bytes, stream.format), expected);
    expect_cleaned(bytes, is_jpeg_ls ? 4 : 7);
    clean(bytes);
    EXPECT_EQ(decoded(bytes, stream.format), expected);
  }
}

TEST(EmbeddedText, FollowsRestartMarkersFillBytesAndNumberOfLines) {
  const auto expected = decoded(restart_stream(), restart_format());
  ASSERT_TRUE(expected);
  std::string bytes = restart_stream();
  bytes.insert(bytes.size() - 2, "\xFF\xFF" + segment(0xFE, kToken));  // behind the scan, before EOI
  expect_cleaned(bytes, 1);
  clean(bytes);
  EXPECT_EQ(decoded(bytes, restart_format()), expected);
  bytes = restart_stream();
  bytes.insert(bytes.size() - 2, segment(0xDC, "\0\x10"s) + segment(0xFE, kToken));  // DNL ends the first scan
  expect_cleaned(bytes, 1);
}

TEST(EmbeddedText, KnownEncodersKeepTheirSignatures) {
  for (const std::string& text : {"LEAD Technologies Inc. V1.01\0"s, "Lavc58.134.100\0"s, "JPEG Pro"s,
                                  "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n"s,
                                  "File written by Adobe Photoshop\xA8 4.0"s, "charls 2.4.1"s, ""s, "   \0"s}) {
    SCOPED_TRACE(text);
    expect_jpeg_untouched(with_segment(0xFE, text));
  }
}

TEST(EmbeddedText, WhatOnlyLooksLikeASignatureGoes) {
  for (const std::string& text :
       {"LEAD Technologies Inc. V1.01 GILDONG"s, "Lavc58.134.19800101"s, "Lavc58.134.100\0GILDONG"s, "JPEG ProGILDONG"s,
        "xLavc"s, "LEAD Technologies Inc. V"s, "Lavc1.2.3.4.5"s}) {
    SCOPED_TRACE(text);
    expect_cleaned(with_segment(0xFE, text), 1);
  }
}

TEST(EmbeddedText, KeepsWhatDecodersNeedOfApplicationData) {
  expect_jpeg_untouched(with_segment(0xE0, "JFIF\0\1\2\1\0\x48\0\x48\0\0"s));
  expect_jpeg_untouched(with_segment(0xE0, "LJIF\0\1\0\0\0\0\0\0\0"s));
  expect_jpeg_untouched(with_segment(0xEE, "Adobe\0\x64\0\0\0\0\1"s));
  expect_jpeg_untouched(with_segment(0xE8, "mrfx\3"s));
  expect_jpeg_untouched(with_segment(0xE8, "SPIFF\0\1\2\0\1\0\0\0\x10\0\0\0\x10\x08\x08\5\1\0\0\0\x48\0\0\0\x48"s));
  expect_jpeg_untouched(with_segment(0xE8, "\0\0\0\1"s));
  expect_jpeg_untouched(with_segment(0xE8, "\0\0\0\1\xFF\xD8"s));
}

TEST(EmbeddedText, ZeroesThumbnailsAndSurplus) {
  const std::string thumbnail(12, '\x7F');
  const std::string jfif = "JFIF\0\1\2\1\0\x48\0\x48\2\2"s;
  std::string bytes = with_segment(0xE0, jfif + thumbnail);
  expect_cleaned(bytes, 1);
  clean(bytes);
  EXPECT_THAT(bytes, HasSubstr(jfif + std::string(12, '\0')));
  expect_cleaned(with_segment(0xE0, "JFXX\0\x10"s + std::string(kToken)), 1);
  expect_cleaned(with_segment(0xEE, "Adobe\0\x64\0\0\0\0\1"s + std::string(kToken)), 1);
  expect_cleaned(with_segment(0xEE, "Adobe GILDONG"), 1);  // cut short: no header of Adobe's is in it
  expect_cleaned(with_segment(0xE0, "JFIF\0"s), 1);
}

TEST(EmbeddedText, BytesBehindTheEndBecomeZeroButForOneOfPadding) {
  for (const std::string& tail : {"\0"s, "\xFF"s, " "s, "\0\0\0\0\0"s}) expect_jpeg_untouched(restart_stream() + tail);
  for (const std::string& tail :
       {"GILDONG"s, "\0\0\0K"s, kStartOfImage + std::string(kToken), kEndOfImage + "GILDONG"}) {
    std::string bytes = restart_stream() + tail;
    expect_cleaned(bytes, 1);
    clean(bytes);
    EXPECT_EQ(bytes, restart_stream() + std::string(tail.size(), '\0'));
  }
}

TEST(EmbeddedText, ProfilesInApplicationDataAreCleaned) {
  const std::string name = "ICC_PROFILE\0"s;
  expect_jpeg_untouched(with_segment(0xE2, name + "\1\1" + icc_profile(published_tags())));
  auto tags = published_tags();
  tags.push_back({"dmdd", icc_text(std::string(kToken))});
  const std::string profile = icc_profile(tags);
  std::string bytes = with_segment(0xE2, name + "\1\1" + profile);
  expect_cleaned(bytes, 2);  // the text and the date
  clean(bytes);
  EXPECT_THAT(bytes, HasSubstr(icc_curve()));
  EXPECT_THAT(bytes, HasSubstr("sRGB IEC61966-2.1"));
  // In three pieces, the second of which ends within the token, and not in their order.
  const std::size_t cut = profile.find(kToken) + 5;
  const std::string pieces = segment(0xE2, name + "\3\3" + profile.substr(cut)) +
                             segment(0xE2, name + "\1\3" + profile.substr(0, 200)) +
                             segment(0xE2, name + "\2\3" + profile.substr(200, cut - 200));
  bytes = with_inserted(restart_stream(), 2, pieces);
  expect_cleaned(bytes, 2);
  clean(bytes);
  EXPECT_THAT(bytes, HasSubstr("sRGB IEC61966-2.1"));
}

TEST(EmbeddedText, WhatIsNoWholeProfileIsErasedInApplicationData) {
  const std::string name = "ICC_PROFILE\0"s, profile = icc_profile(published_tags());
  for (const std::string& payload :
       {name + "\1\2" + profile, name + "\2\2" + profile, name + "\1\1" + profile.substr(4),
        name + "\1\1" + std::string(kToken), name + "\1"}) {
    expect_cleaned(with_segment(0xE2, payload), 1);
  }
}

TEST(EmbeddedText, JpegWhoseMarkersLeadNowhereIsUnsound) {
  const std::string stream = restart_stream();
  expect_jpeg_unsound(kStartOfImage);
  expect_jpeg_unsound(kStartOfImage + kEndOfImage);
  expect_jpeg_unsound(kStartOfImage + segment(0xFE, kToken));
  expect_jpeg_unsound(with_inserted(stream, 2, kToken));                             // text between segments
  expect_jpeg_unsound(with_inserted(stream, 2, "\xFF\x02GILDONG"));                  // reserved
  expect_jpeg_unsound(with_inserted(stream, 2, kStartOfImage));                      // another start
  expect_jpeg_unsound(with_inserted(stream, 2, "\xFF\xD3"));                         // restart outside of a scan
  expect_jpeg_unsound(with_inserted(stream, 2, "\xFF\xFE\xFF\xFFGILDONG"));          // longer than the stream
  expect_jpeg_unsound(with_inserted(stream, 2, "\xFF\xFE\0\1"s));                    // shorter than itself
  expect_jpeg_unsound(with_inserted(stream, 2, "\xFF\xDA\0\2"s));                    // a scan of no frame
  expect_jpeg_unsound(with_inserted(stream, stream.size() - 6, "\xFF\x10GILDONG"));  // no marker of a scan
}

/// An end within a scan is sound: nothing can stand behind. An end within the headers is not.
TEST(EmbeddedText, StreamsCutAnywhereAreSoundOnlyInScans) {
  const std::string stream = restart_stream();
  const std::size_t scan = stream.find("\xFF\xDA") + 10;
  for (std::size_t length = 2; length < stream.size(); ++length) {
    std::string bytes = stream.substr(0, length);
    EXPECT_EQ(clean(bytes).is_sound, length >= scan) << length;
    EXPECT_EQ(bytes, stream.substr(0, length));
  }
}

TEST(EmbeddedText, DamagedJpegNeverBreaksAnything) {
  std::mt19937 random(11);
  std::vector<std::string> streams = {
      with_segment(0xE2, "ICC_PROFILE\0\1\1"s + icc_profile(published_tags(), kScanDate)),
      with_inserted(restart_stream(), 2, segment(0xFE, kToken) + segment(0xE1, kToken))};
  for (const SyntaxName& syntax : jpeg_syntaxes()) streams.push_back(phantom_stream(syntax).bytes);
  for (int n = 0; n < 20000; ++n) {
    std::string bytes = streams[static_cast<std::size_t>(n) % streams.size()];
    const std::size_t reach = std::min<std::size_t>(bytes.size(), 900);
    for (int change = 0; change < 1 + n % 4; ++change) {
      const std::size_t at = random() % reach;
      bytes[at] = static_cast<char>(n % 3 == 0 ? 0xFF : random());
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

}  // namespace
}  // namespace naru::test
