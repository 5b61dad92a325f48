#include "pipeline/pixels/text_detector.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <functional>

#include "dicom/instance.h"
#include "pipeline/pixels/text_decision.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/pipeline/pixels/burned_picture.h"
#include "tests/support/codec_encoder.h"
#include "tests/support/phantom.h"

namespace naru::test {

namespace {

TextLook look_at(const std::string& file) {
  dicom::initialize();
  return TextDetector::built_in().look(std::as_bytes(std::span(file)));
}

/// Share of a text's box that would be blanked.
double covered(const TextRegion& text, const std::vector<FoundText>& found) {
  std::int64_t count = 0;
  for (std::int64_t y = text.y; y < text.y + text.height; ++y) {
    for (std::int64_t x = text.x; x < text.x + text.width; ++x) {
      count += std::ranges::any_of(found, [&](const FoundText& one) {
        const dicom::PixelBox box = box_of(one.region, 0);
        return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
      });
    }
  }
  return static_cast<double>(count) / static_cast<double>(text.width * text.height);
}

Picture written() {
  Picture picture;
  return picture.write("KIM 19800101", 6, 8).write("801 KIM", 170, 238);
}

/// What the file that leaves shows, in which `boxes` are blanked.
TextLook look_at_blanked(const std::string& file, const std::vector<dicom::PixelBox>& boxes) {
  const dicom::Deidentifier engine(policy_with({dicom::DeidOption::clean_pixel_data}), test_key(), "test");
  const dicom::DeidResult result = engine.run(std::as_bytes(std::span(file)), nullptr, {}, boxes);
  EXPECT_FALSE(result.reason);
  return TextDetector::built_in().look(result.output.bytes());
}

/// One way of storing a picture.
struct Encoding {
  std::string name;
  std::function<std::string(const Picture&)> file;
};
std::ostream& operator<<(std::ostream& out, const Encoding& encoding) { return out << encoding.name; }

std::string as_colour(const Picture& picture, const char* photometric, bool is_ybr) {
  std::string pixels;
  for (const int value : picture.values) {
    const auto grey = static_cast<char>(value / 4);
    pixels += is_ybr ? std::string{grey, '\x80', '\x80'} : std::string(3, grey);
  }
  SliceBytes slice = picture_slice(8, 8, false, pixels);
  slice.text(0x00280004, "CS", photometric).number(0x00280002, 3).number(0x00280006, 0);
  return slice.bytes();
}

/// So dark that a screen shows nothing, in the lower of the bits that are stored.
std::string as_dim_colour(const Picture& picture, int bytes_each, int divisor) {
  std::string pixels;
  for (const int value : picture.values) {
    for (int n = 0; n < 3; ++n) pixels += bytes_of({value / divisor}, bytes_each);
  }
  SliceBytes slice = picture_slice(8 * bytes_each, 8 * bytes_each, false, pixels);
  slice.text(0x00280004, "CS", "RGB").number(0x00280002, 3).number(0x00280006, 0);
  return slice.bytes();
}

std::string as_palette(const Picture& picture) {
  SliceBytes slice = picture_slice(8, 8, false, bytes_of(picture.values, 1, [](int v) { return 255 - v / 4; }));
  slice.text(0x00280004, "CS", "PALETTE COLOR");
  std::vector<int> entries;
  for (int n = 0; n < 256; ++n) entries.push_back((255 - n) << 8);
  for (const std::uint32_t tag : {0x00281101U, 0x00281102U, 0x00281103U}) {
    slice.raw(tag, "US", std::string("\x00\x01\x00\x00\x10\x00", 6));
    slice.raw(tag + 0x100, "OW", bytes_of(entries, 2));
  }
  return slice.bytes();
}

std::string as_stream(const Picture& picture, const char* uid, std::string (*encode)(const FrameToEncode&)) {
  const std::vector<std::int32_t> values(picture.values.begin(), picture.values.end());
  const std::string stream = encode({values, Picture::kSize, Picture::kSize, 1, 12, false, true});
  SliceBytes slice = picture_slice(16, 12, false, "");
  slice.transfer_syntax(uid).remove(0x7FE00010);
  std::string pixels = SliceBytes::open_sequence(0x7FE00010).replace(4, 2, "OB") + item("") + item(stream) + kEndMark;
  return slice.bytes() + pixels;
}

std::string as_rle(const Picture& picture) {
  const std::string upper = bytes_of(picture.values, 1, [](int v) { return v >> 8; });
  const std::string frame = rle_frame({upper, bytes_of(picture.values, 1)});
  SliceBytes slice = picture_slice(16, 12, false, item("") + item(frame) + kEndMark);
  return slice.transfer_syntax("1.2.840.10008.1.2.5").stated_pixel_length(0xFFFFFFFF).bytes();
}

const Encoding kEncodings[] = {
    {"12 bits", [](const Picture& p) { return slice_of_picture(p).bytes(); }},
    {"dim colours", [](const Picture& p) { return as_dim_colour(p, 1, 100); }},
    {"colours of 16 bits, dim", [](const Picture& p) { return as_dim_colour(p, 2, 4); }},
    {"8 bits",
     [](const Picture& p) {
       return picture_slice(8, 8, false, bytes_of(p.values, 1, [](int v) { return v / 4; })).bytes();
     }},
    {"16 bits, far from zero",
     [](const Picture& p) {
       return picture_slice(16, 16, false, bytes_of(p.values, 2, [](int v) { return 30000 + 30 * v; })).bytes();
     }},
    {"signed",
     [](const Picture& p) {
       return picture_slice(16, 16, true, bytes_of(p.values, 2, [](int v) { return v - 1024; })).bytes();
     }},
    {"a window and a rescale",
     [](const Picture& p) {
       SliceBytes slice = slice_of_picture(p);
       slice.text(0x00281050, "DS", "40").text(0x00281051, "DS", "400").text(0x00281052, "DS", "-500");
       return slice.text(0x00281053, "DS", "1").bytes();
     }},
    {"MONOCHROME1",
     [](const Picture& p) {
       SliceBytes slice = picture_slice(16, 12, false, bytes_of(p.values, 2, [](int v) { return 1023 - v; }));
       return slice.text(0x00280004, "CS", "MONOCHROME1").bytes();
     }},
    {"a negative rescale",
     [](const Picture& p) {
       SliceBytes slice = picture_slice(16, 12, false, bytes_of(p.values, 2, [](int v) { return 1023 - v; }));
       return slice.text(0x00281052, "DS", "1023").text(0x00281053, "DS", "-1").bytes();
     }},
    {"RGB", [](const Picture& p) { return as_colour(p, "RGB", false); }},
    {"YBR_FULL", [](const Picture& p) { return as_colour(p, "YBR_FULL", true); }},
    {"PALETTE COLOR", [](const Picture& p) { return as_palette(p); }},
    {"RLE", [](const Picture& p) { return as_rle(p); }},
    {"planes of colour",
     [](const Picture& p) {
       const std::string plane = bytes_of(p.values, 1, [](int v) { return v / 4; });
       SliceBytes slice = picture_slice(8, 8, false, plane + plane + plane);
       return slice.text(0x00280004, "CS", "RGB").number(0x00280002, 3).number(0x00280006, 1).bytes();
     }},
    {"bits above unused ones",
     [](const Picture& p) {
       SliceBytes slice = picture_slice(16, 12, false, bytes_of(p.values, 2, [](int v) { return v << 4 | 5; }));
       return slice.number(0x00280102, 15).bytes();
     }},
    {"JPEG 2000", [](const Picture& p) { return as_stream(p, "1.2.840.10008.1.2.4.90", encode_j2k); }},
    {"HTJ2K",
     [](const Picture& p) {
       return as_stream(p, "1.2.840.10008.1.2.4.201", [](const FrameToEncode& frame) { return encode_htj2k(frame); });
     }},
};

/// Every one that DCMTK can write.
std::vector<Encoding> transfer_syntaxes() {
  std::vector<Encoding> all;
  for (const SyntaxName& syntax : all_syntaxes()) {
    all.push_back({std::string(syntax.name), [uid = syntax.uid](const Picture& picture) {
                     const std::string file = recoded(slice_of_picture(picture).bytes(), uid);
                     EXPECT_EQ(header_of(file).pixels.value().transfer_syntax_uid, uid);
                     return file;
                   }});
  }
  return all;
}

class TextDetectorEncoding : public ::testing::TestWithParam<Encoding> {};

TEST_P(TextDetectorEncoding, ChangesNothing) {
  const Picture picture = written();
  const TextLook look = look_at(GetParam().file(picture));
  ASSERT_FALSE(look.problem) << static_cast<int>(*look.problem);
  ASSERT_EQ(look.frames.size(), 1U);
  for (const TextRegion& text : picture.texts) EXPECT_GE(covered(text, look.frames[0]), 0.9);
  for (const FoundText& found : look.frames[0]) {
    EXPECT_TRUE(found.is_on_background) << found.region.x << ' ' << found.region.y << ' ' << found.region.width << ' '
                                        << found.region.height;
  }
  const TextDecision decision = decide_text({&look, 1}, TextHandling::redact);
  EXPECT_FALSE(decision.hold);
  EXPECT_TRUE(look_at(GetParam().file(Picture())).frames.at(0).empty());  // without text
  const TextLook again = look_at_blanked(GetParam().file(picture), decision.boxes.at(0));
  ASSERT_FALSE(again.problem) << static_cast<int>(*again.problem);
  EXPECT_THAT(shown_texts(again, decision.boxes.at(0)), testing::IsEmpty());
  for (const TextRegion& text : picture.texts) EXPECT_LT(covered(text, again.frames.at(0)), 0.1);
}

INSTANTIATE_TEST_SUITE_P(Encodings, TextDetectorEncoding, ::testing::ValuesIn(kEncodings));
INSTANTIATE_TEST_SUITE_P(TransferSyntaxes, TextDetectorEncoding, ::testing::ValuesIn(transfer_syntaxes()));

TEST(TextDetector, SeesTextOverAnatomyAndSaysSo) {
  Picture picture;
  const TextLook look = look_at(slice_of_picture(picture.write("KIM 1980", 90, 120)).bytes());
  ASSERT_EQ(look.frames.size(), 1U);
  ASSERT_FALSE(look.frames[0].empty());
  EXPECT_GE(covered(picture.texts[0], look.frames[0]), 0.9);
  EXPECT_FALSE(look.frames[0][0].is_on_background);
}

TEST(TextDetector, SeesTextInEitherPolarityAndDirection) {
  Picture dark;
  for (int& value : dark.values) value = 900 + value / 20;  // a bright screen
  dark.write("KIM 1980", 60, 100, 100);
  EXPECT_GE(covered(dark.texts[0], look_at(slice_of_picture(dark).bytes()).frames.at(0)), 0.9);
  const Picture upright = written();
  Picture turned = upright;
  for (std::int64_t y = 0; y < Picture::kSize; ++y) {
    for (std::int64_t x = 0; x < Picture::kSize; ++x) {
      turned.at(Picture::kSize - 1 - y, x) = upright.values[static_cast<std::size_t>(y * Picture::kSize + x)];
    }
  }
  const auto found = look_at(slice_of_picture(turned).bytes()).frames.at(0);
  for (const TextRegion& text : upright.texts) {
    const TextRegion there{Picture::kSize - text.y - text.height, text.x, text.height, text.width, 0, 1};
    EXPECT_GE(covered(there, found), 0.9);
  }
}

/// A head whose grey values are so narrow beside a bright spot that text on it shows in one window alone.
struct NarrowHead {
  NarrowHead() {
    const Picture plain;
    const Picture text = Picture().write("KIM 19800101", 66, 130);
    for (std::size_t n = 0; n < values.size(); ++n) {
      const bool is_ink = plain.values[n] != text.values[n];
      values[n] = is_ink ? 75.F : 0.07F * static_cast<float>(plain.values[n]);
    }
    for (std::int64_t y = 70; y < 92; ++y) {
      std::fill_n(values.begin() + y * Picture::kSize + 120, 30, 20000.F);
    }
    region = text.texts.front();
  }
  VolumeView<const float> view() const { return {values.data(), {Picture::kSize, Picture::kSize, 1}}; }
  std::vector<float> values = std::vector<float>(static_cast<std::size_t>(Picture::kSize * Picture::kSize));
  TextRegion region;
};

TEST(TextDetector, FindsWhatOneNarrowWindowAloneShows) {
  const NarrowHead head;
  const dicom::StoredWindow narrow{0, 80}, wide{0, 20000};
  const auto found_with = [&](const dicom::ShownValues& shown) {
    return covered(head.region, TextDetector::built_in().find(head.view(), shown));
  };
  EXPECT_GE(found_with({narrow, {}}), 0.9);
  EXPECT_GE(found_with({wide, {}, false, {narrow}}), 0.9) << "the second window";
}

/// Beside a spot that is far brighter than all else a head is as dark as the air.
TEST(TextDetector, CallsNothingBackgroundThatIsDarkBesideABrightSpotAlone) {
  const NarrowHead head;
  const auto found = TextDetector::built_in().find(head.view(), {dicom::StoredWindow{0, 80}, {}});
  ASSERT_FALSE(found.empty());
  for (const FoundText& text : found) EXPECT_FALSE(text.is_on_background);
}

TEST(TextDetector, SeesPercentilesWhereAllIsWhiteInTheStoredWindow) {
  std::vector<float> values(32 * 32);
  for (std::size_t n = 0; n < values.size(); ++n) values[n] = static_cast<float>(n);
  const auto window_of = [&](double black, double white) {
    const TextWindows seen = text_windows({values.data(), {32, 32, 1}}, {dicom::StoredWindow{black, white}, {}});
    return std::pair(seen.low[1], seen.high[1]);
  };
  EXPECT_EQ(window_of(100, 200), std::pair(100.F, 200.F));
  EXPECT_EQ(window_of(2000, 3000),
            std::pair(2000.F, 3000.F));  // nothing is shown, as in the first slices of many series
  EXPECT_EQ(window_of(-300, -200), std::pair(5.F, 1017.F));
}

TEST(TextDetector, ShowsPaddingBesideTheValuesThatItIsFarFrom) {
  std::vector<float> values(32 * 32);
  for (std::size_t n = 0; n < values.size(); ++n) values[n] = static_cast<float>(n < 100 ? 0 : n);
  const auto range_of = [&](std::int64_t padding) {
    std::ranges::fill(std::span(values).first(100), static_cast<float>(padding));
    const TextWindows seen = text_windows({values.data(), {32, 32, 1}}, {{}, padding});
    EXPECT_GE(seen.low[2], 100) << "padding counts in no percentile";
    return std::pair(seen.low[0], seen.high[0]);
  };
  EXPECT_EQ(range_of(0), std::pair(0.F, 1023.F));
  EXPECT_EQ(range_of(-30000), std::pair(100 - 0.25F * 923, 1023.F));
  EXPECT_EQ(range_of(30000), std::pair(100.F, 1023 + 0.25F * 923));
}

/// All that is not padding has one value, as on a page of black and white.
TEST(TextDetector, ShowsTheTwoValuesOfAPageOfWhichOneIsPadding) {
  std::vector<float> values(32 * 32, 0);
  std::ranges::fill(std::span(values).first(100), 4095.F);
  for (const std::int64_t padding : {0, 4095}) {
    const TextWindows seen = text_windows({values.data(), {32, 32, 1}}, {{}, padding});
    EXPECT_EQ(std::pair(seen.low[0], seen.high[0]), std::pair(0.F, 4095.F)) << padding;
  }
}

TEST(TextDetector, SeesLettersInThePaddingsOwnValue) {
  Picture picture;
  for (int& value : picture.values) value += 100;
  picture.write("KIM 19800101", 6, 8, 0).write("801 KIM", 170, 238, 0);
  for (const bool is_padded : {false, true}) {
    SliceBytes slice = slice_of_picture(picture);
    if (is_padded) slice.number(0x00280120, 0);
    const TextLook look = look_at(slice.bytes());
    ASSERT_EQ(look.frames.size(), 1U);
    for (const TextRegion& text : picture.texts) EXPECT_GE(covered(text, look.frames[0]), 0.9) << is_padded;
  }
}

/// A picture in two colours: that of text, and that of all else.
std::string in_colours(const Picture& picture, std::array<int, 3> text, std::array<int, 3> rest) {
  std::string pixels;
  for (const int value : picture.values) {
    for (const int level : value == 1000 ? text : rest) pixels += static_cast<char>(level);
  }
  SliceBytes slice = picture_slice(8, 8, false, pixels);
  slice.text(0x00280004, "CS", "RGB").number(0x00280002, 3).number(0x00280006, 0);
  return slice.bytes();
}

TEST(TextDetector, SeesTextThatDiffersInColourAlone) {
  const Picture picture = written();
  constexpr std::array<int, 3> kRed = {220, 0, 0}, kGreen = {0, 112, 0}, kOrange = {255, 140, 0},
                               kAzure = {0, 160, 255}, kBlack = {0, 0, 0}, kDarkBlue = {0, 0, 60};
  for (const auto& [text, rest] : {std::pair(kRed, kGreen), {kOrange, kAzure}, {kDarkBlue, kBlack}}) {
    const TextLook look = look_at(in_colours(picture, text, rest));
    for (const TextRegion& one : picture.texts) EXPECT_GE(covered(one, look.frames.at(0)), 0.9);
  }
  EXPECT_TRUE(look_at(in_colours(Picture(), kRed, kGreen)).frames.at(0).empty());
}

TEST(TextDetector, SeesTextOfAPaletteWhoseEntriesAreTheSame) {
  const Picture picture = written();
  SliceBytes slice = picture_slice(8, 8, false, bytes_of(picture.values, 1, [](int v) { return v == 1000 ? 9 : 5; }));
  slice.text(0x00280004, "CS", "PALETTE COLOR");
  for (const std::uint32_t tag : {0x00281101U, 0x00281102U, 0x00281103U}) {
    slice.raw(tag, "US", std::string("\x00\x01\x00\x00\x10\x00", 6));
    slice.raw(tag + 0x100, "OW", bytes_of(std::vector<int>(256, 77 << 8), 2));
  }
  const TextLook look = look_at(slice.bytes());
  for (const TextRegion& one : picture.texts) EXPECT_GE(covered(one, look.frames.at(0)), 0.9);
}

TEST(TextDetector, LooksAtEveryFrame) {
  const Picture clean, picture = written();
  SliceBytes slice = picture_slice(16, 12, false, bytes_of(clean.values, 2) + bytes_of(picture.values, 2));
  const TextLook look = look_at(slice.text(0x00280008, "IS", "2").bytes());
  ASSERT_EQ(look.frames.size(), 2U);
  EXPECT_TRUE(look.frames[0].empty());
  EXPECT_FALSE(look.frames[1].empty());
}

TEST(TextDetector, TellsWhatIsNoPictureFromWhatItCannotSee) {
  EXPECT_FALSE(look_at(SliceBytes().remove(0x7FE00010).bytes()).has_picture);
  SliceBytes mask = slice_of_picture(written());
  EXPECT_FALSE(look_at(mask.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.66.4").bytes()).has_picture);
  SliceBytes floats = SliceBytes().remove(0x7FE00010).raw(0x7FE00008, "OF", std::string(32, '\0'));
  EXPECT_EQ(look_at(floats.bytes()).problem, Code::text_suspected);
  EXPECT_FALSE(look_at(floats.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.30").bytes()).has_picture);
  const std::string file = slice_of_picture(written()).bytes();
  const TextLook cut = look_at(file.substr(0, file.size() - 100));
  EXPECT_TRUE(cut.problem);
  EXPECT_TRUE(cut.frames.empty());
  EXPECT_TRUE(look_at("no file at all").problem);
  EXPECT_EQ(TextDetector::built_in().weights_sha256().size(), 64U);
}

}  // namespace

}  // namespace naru::test
