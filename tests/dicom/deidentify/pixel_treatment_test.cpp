#include "dicom/deidentify/pixel_treatment.h"

#include <gtest/gtest.h>

#include "dicom/deidentify/stream_frames.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/deidentify/pixel_streams.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/support/codec_encoder.h"

namespace naru::test {

namespace {

using dicom::DeidOption;

/// 4 x 2 pixels of 16 bits, values 1 to 8.
std::string numbered() {
  std::string pixels;
  for (char n = 1; n <= 8; ++n) pixels += {n, '\0'};
  return pixels;
}

SliceBytes numbered_slice() {
  SliceBytes slice;
  slice.raw(0x7FE00010, "OW", numbered()).text(0x00081090, "LO", "Model 1");
  return slice;
}

/// With compressed frames in place of its pixels.
SliceBytes& coded_slice(SliceBytes& slice, const std::string& frames, const std::string& syntax_uid) {
  slice.transfer_syntax(syntax_uid).stated_pixel_length(0xFFFFFFFF);
  return slice.raw(0x7FE00010, "OB", item("") + frames + kEndMark);
}

dicom::DeidentifyPolicy policy_with_region(std::int64_t rows = 2) {
  auto policy = policy_with({DeidOption::clean_pixel_data});
  policy.regions = {{"CT", "GE MEDICAL SYSTEMS", "Model 1", rows, 4, 1, 0, 2, 1}};
  policy.looks_for_text = true;
  return policy;
}

std::string pixels_of(const Deidentified& done) {
  for (const dicom::Node& node : done.table.nodes) {
    if (node.tag == dicom::kPixelData) {
      const auto value = dicom::value_of(node, done.view());
      return {reinterpret_cast<const char*>(value.data()), value.size()};
    }
  }
  return {};
}

TEST(PixelTreatment, KeepsPixelsByteForByte) {
  const Deidentified done(numbered_slice().bytes());
  EXPECT_EQ(pixels_of(done), numbered());
  EXPECT_TRUE(done.result.pixels_are_kept);
  EXPECT_EQ(done.result.pixels_reason, "");
}

TEST(PixelTreatment, BlanksTheRectangleOfADeviceAndNothingElse) {
  std::string expected = numbered();
  expected[2] = expected[4] = 1;  // the darkest value of the frame
  const Deidentified done(numbered_slice().bytes(), policy_with_region());
  EXPECT_EQ(pixels_of(done), expected);
  EXPECT_EQ(done.result.pixels_reason, "region");
  EXPECT_TRUE(done.holds("113101"));
}

TEST(PixelTreatment, BlanksWithPaddingThatTheStoredBitsCanHold) {
  const auto blanked_with = [](std::uint16_t padding, std::uint16_t high_bit = 11, bool is_signed = false) {
    SliceBytes slice = numbered_slice();
    slice.number(0x00280101, 12).number(0x00280102, high_bit).number(0x00280103, is_signed ? 1 : 0);
    slice.number(0x00280120, padding);
    const std::string pixels = pixels_of(Deidentified(slice.bytes(), policy_with_region()));
    return std::pair(static_cast<unsigned char>(pixels[2]), static_cast<unsigned char>(pixels[3]));
  };
  EXPECT_EQ(blanked_with(0x234), (std::pair<unsigned char, unsigned char>(0x34, 0x02)));
  EXPECT_EQ(blanked_with(63536), (std::pair<unsigned char, unsigned char>(1, 0)));  // the darkest value instead
  // A High Bit that is too low for the stored bits.
  EXPECT_EQ(blanked_with(0x3, 2, true), (std::pair<unsigned char, unsigned char>(0x03, 0)));
}

TEST(PixelTreatment, BlanksWithWhatANegativeRescaleMakesBlack) {
  SliceBytes slice = numbered_slice();
  slice.text(0x00281052, "DS", "0").text(0x00281053, "DS", "-1");
  std::string expected = numbered();
  expected[2] = expected[4] = 8;
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes(), policy_with_region())), expected);
}

TEST(PixelTreatment, BlanksWithWhatANegativeRescaleOfFunctionalGroupsMakesBlack) {
  const auto sequence = [](std::uint32_t tag, const std::string& content) {
    const std::string end("\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0", 16);
    return SliceBytes::open_sequence(tag) + SliceBytes::open_item() + content + end;
  };
  const auto groups = [&](std::uint32_t tag, const char* slope) {
    return sequence(tag, sequence(0x00289145, SliceBytes::element(0x00281053, "DS", slope)));
  };
  std::string expected = numbered();
  expected[2] = expected[4] = 8;
  SliceBytes slice = numbered_slice();
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2.1").remove(0x00281053);
  slice.insert(groups(0x52009229, "-1"));
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes(), policy_with_region())), expected);
  slice.insert(groups(0x52009229, "1 ") + groups(0x52009230, "-1"));  // a frame's own goes first
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes(), policy_with_region())), expected);
  expected[2] = expected[4] = 1;
  slice.insert(groups(0x52009229, "-1") + groups(0x52009230, "1 "));
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes(), policy_with_region())), expected);
}

TEST(PixelTreatment, BlanksWhereTextWasFoundWithinThePictureAlone) {
  const std::string file = numbered_slice().bytes();
  const auto blanked = [&](const dicom::DeidentifyPolicy& policy, const dicom::PixelBox& box) {
    const dicom::Deidentifier engine(policy, test_key(), "test");
    dicom::DeidResult result = engine.run(std::as_bytes(std::span(file)), nullptr, {}, std::span(&box, 1));
    std::string pixels;
    for (const dicom::Bytes piece : result.output.pieces) {
      pixels.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    }
    pixels.erase(0, pixels.size() - std::min(pixels.size(), numbered().size()));
    return std::pair(std::move(result), pixels);
  };
  const auto policy = policy_with({DeidOption::clean_pixel_data});
  std::string expected = numbered();
  for (const std::size_t n : {0, 1, 4, 5}) expected[2 * n] = 1;
  const auto [result, pixels] = blanked(policy, {0, -3, -5, 5, 50});
  EXPECT_EQ(pixels, expected);
  EXPECT_EQ(result.pixels_reason, "text");
  EXPECT_FALSE(result.pixels_are_kept);
  EXPECT_EQ(blanked(policy, {-1, -3, -5, 5, 50}).second, expected);
  EXPECT_EQ(blanked(policy, {1, 0, 0, 4, 2}).second, numbered());  // a frame that is not there
  EXPECT_EQ(blanked(policy_with({}), {0, 0, 0, 1, 1}).first.reason, Code::text_suspected);
}

TEST(PixelTreatment, BlanksWithThePaddingValueAndTheBrightestOfMonochrome1) {
  const Deidentified padded(numbered_slice().number(0x00280120, 77).bytes(), policy_with_region());
  EXPECT_EQ(pixels_of(padded)[2], 77);
  const Deidentified inverted(numbered_slice().text(0x00280004, "CS", "MONOCHROME1").bytes(), policy_with_region());
  EXPECT_EQ(pixels_of(inverted)[2], 8);
}

TEST(PixelTreatment, LeavesOtherMatricesAndDevicesAlone) {
  EXPECT_EQ(pixels_of(Deidentified(numbered_slice().bytes(), policy_with_region(512))), numbered());
  EXPECT_EQ(pixels_of(Deidentified(numbered_slice().text(0x00081090, "LO", "Model 2").bytes(), policy_with_region())),
            numbered());
}

TEST(PixelTreatment, ReleasesAnnotatedImagesOnlyWhereARuleCoversThem) {
  SliceBytes slice = numbered_slice();
  slice.text(0x00280301, "CS", "YES");
  EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::text_suspected);
  const Deidentified done(slice.bytes(), policy_with_region());
  EXPECT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00280301), "NO");
}

TEST(PixelTreatment, TakesAnythingButNoForAnnotated) {
  for (const std::string said : {"yes", "Y", "TRUE", "1"}) {
    EXPECT_EQ(Deidentified(numbered_slice().text(0x00280301, "CS", said).bytes()).result.reason, Code::text_suspected)
        << said;
  }
  EXPECT_FALSE(Deidentified(numbered_slice().text(0x00280301, "CS", "NO").bytes()).result.reason);
}

TEST(PixelTreatment, HoldsAPictureBackOfWhichAPartIsMissing) {
  const std::string pixels = numbered();
  for (const std::size_t size : {std::size_t{0}, std::size_t{2}, pixels.size() / 2, pixels.size() - 2}) {
    const SliceBytes slice = numbered_slice().raw(0x7FE00010, "OW", pixels.substr(0, size));
    EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::corrupt) << size;
  }
  EXPECT_EQ(Deidentified(numbered_slice().text(0x00280008, "IS", "5").bytes()).result.reason, Code::corrupt);
}

TEST(PixelTreatment, TheMethodNamesTheCleaningOfPixelsOnlyWhereItRan) {
  const Deidentified clean(numbered_slice().bytes(), policy_with({DeidOption::clean_pixel_data}));
  EXPECT_FALSE(clean.holds("113101"));
  EXPECT_FALSE(clean.holds("clean-pixel-data"));
  const Deidentified blanked(numbered_slice().bytes(), policy_with_region());
  EXPECT_TRUE(blanked.holds("113101"));
  EXPECT_TRUE(blanked.holds("clean-pixel-data"));
}

TEST(PixelTreatment, HoldsScreenshotsBackWhateverTheySay) {
  SliceBytes slice = numbered_slice();
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00280301, "CS", "NO");
  EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::text_suspected);
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.6.1");
  EXPECT_FALSE(Deidentified(slice.bytes()).result.reason);
  slice.remove(0x00280301);
  EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::text_suspected);
  EXPECT_EQ(
      Deidentified(numbered_slice().text(0x00080008, "CS", "DERIVED\\SECONDARY\\SCREEN SAVE").bytes()).result.reason,
      Code::text_suspected);
}

TEST(PixelTreatment, HoldsPicturesOfFloatsBackForTheSameReasons) {
  for (const std::uint32_t tag : {0x7FE00008U, 0x7FE00009U}) {
    SliceBytes slice = numbered_slice().remove(0x7FE00010);
    slice.raw(tag, tag == 0x7FE00008U ? "OF" : "OD", std::string(64, '\x01'));
    const Deidentified kept(slice.bytes(), policy_with({DeidOption::clean_pixel_data}));
    EXPECT_EQ(kept.value(tag), std::string(64, '\x01'));
    EXPECT_TRUE(kept.result.pixels_are_kept);
    EXPECT_EQ(Deidentified(slice.bytes(), policy_with_region()).result.reason, Code::text_suspected);
    slice.text(0x00280301, "CS", "YES");
    EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::text_suspected);
    slice.text(0x00280301, "CS", "NO").text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::text_suspected);
  }
}

TEST(PixelTreatment, LeavesNoSecondPicture) {
  const std::string floats(64, '\x01');
  SliceBytes slice = numbered_slice().raw(0x7FE00008, "OF", floats).raw(0x7FE00020, "OW", floats);
  slice.raw(0x00082218, "SQ", item(SliceBytes::element(0x7FE00008, "OF", floats)));
  const Deidentified done(slice.bytes());
  EXPECT_EQ(pixels_of(done), numbered());
  EXPECT_FALSE(done.has(0x7FE00008));
  EXPECT_FALSE(done.has(0x7FE00020));
  EXPECT_TRUE(done.has(0x00082218));
}

TEST(PixelTreatment, ClearsBytesBehindTheLastFrame) {
  const Deidentified done(numbered_slice().raw(0x7FE00010, "OW", numbered() + "Davidson").bytes());
  EXPECT_EQ(pixels_of(done), numbered() + std::string(8, '\0'));
  EXPECT_EQ(done.result.pixels_reason, "trailing_bytes");
}

TEST(PixelTreatment, ClearsOverlaysInUnusedBits) {
  SliceBytes slice = numbered_slice();
  std::string pixels = numbered();
  pixels[1] = pixels[7] = '\x10';  // bit 12 is the overlay's
  slice.raw(0x7FE00010, "OW", pixels).number(0x00280101, 12).number(0x00280102, 11).number(0x00280103, 0);
  slice.number(0x60000100, 16).number(0x60000102, 12);
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(pixels_of(done), numbered());
  EXPECT_EQ(done.result.pixels_reason, "overlay");
}

TEST(PixelTreatment, LeavesSignsThatWereNeverExtended) {
  SliceBytes slice = numbered_slice();
  std::string pixels = numbered();
  pixels[1] = pixels[7] = '\x0F';  // negative, in twelve bits
  slice.raw(0x7FE00010, "OW", pixels).number(0x00280101, 12).number(0x00280102, 11).number(0x00280103, 1);
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_pixel_data}));
  EXPECT_EQ(pixels_of(done), pixels);
  EXPECT_EQ(done.result.pixels_reason, "");
}

TEST(PixelTreatment, ClearsBitsBelowThoseStoredAndAllOfADeclaredOverlay) {
  const auto policy = policy_with({DeidOption::clean_pixel_data});
  // Bits 4 to 15 of a signed value: -1 and 3, with something else below.
  SliceBytes high = numbered_slice();
  const auto shifted = [](std::uint16_t value, std::uint16_t below) {
    const auto bits = static_cast<std::uint16_t>(value << 4 | below);
    return std::string{static_cast<char>(bits & 0xFF), static_cast<char>(bits >> 8)};
  };
  std::string dirty, clean;
  for (int n = 0; n < 4; ++n) {
    dirty += shifted(0xFFF, 0xB) + shifted(3, 0xD);
    clean += shifted(0xFFF, 0) + shifted(3, 0);
  }
  high.raw(0x7FE00010, "OW", dirty).number(0x00280101, 12).number(0x00280102, 15).number(0x00280103, 1);
  const Deidentified below(high.bytes(), policy);
  EXPECT_EQ(pixels_of(below), clean);
  EXPECT_EQ(below.result.pixels_reason, "overlay");
  EXPECT_EQ(pixels_of(Deidentified(high.number(0x60000100, 16).bytes(), policy)), clean);
  // Seven of eight bits.
  SliceBytes narrow = numbered_slice();
  narrow.raw(0x7FE00010, "OB", std::string("\x81\x02\x83\x04\x05\x06\x07\x88", 8));
  narrow.number(0x00280100, 8).number(0x00280101, 7).number(0x00280102, 6).number(0x00280103, 0);
  EXPECT_EQ(Deidentified(narrow.bytes(), policy).result.reason, Code::unused_bits_set);
  const Deidentified done(narrow.number(0x60000100, 8).bytes(), policy);
  EXPECT_EQ(pixels_of(done), std::string("\x01\x02\x03\x04\x05\x06\x07\x08", 8));
  EXPECT_EQ(done.result.pixels_reason, "overlay");
}

/// The upper bytes of pixels of two, then the lower ones.
std::string rle_of(const std::string& pixels) {
  std::string upper, lower;
  for (std::size_t n = 0; n < pixels.size(); n += 2) lower += pixels[n], upper += pixels[n + 1];
  return rle_frame({upper, lower});
}

TEST(PixelTreatment, ClearsBitsThatAreNotStoredFromStreamsToo) {
  const auto policy = policy_with({DeidOption::clean_pixel_data});
  const auto coded = [](const std::string& pixels, bool has_overlay = false) {
    SliceBytes slice = numbered_slice();
    if (has_overlay) slice.number(0x60000100, 16);
    slice.number(0x00280101, 12).number(0x00280102, 11).number(0x00280103, 0);
    return coded_slice(slice, item(rle_of(pixels)), "1.2.840.10008.1.2.5").bytes();
  };
  EXPECT_TRUE(Deidentified(coded(numbered()), policy).result.pixels_are_kept);
  std::string dirty = numbered();
  dirty[1] = dirty[7] = '\x10';
  EXPECT_EQ(Deidentified(coded(dirty), policy).result.reason, Code::unused_bits_set);
  const Deidentified done(coded(dirty, true), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(pixels_of(done), numbered());
  EXPECT_EQ(done.result.pixels_reason, "overlay");
  EXPECT_EQ(done.result.transfer_syntax_uid, "1.2.840.10008.1.2.1");
}

TEST(PixelTreatment, ClearsWhatStandsInRleBesideItsSegments) {
  constexpr const char* kRle = "1.2.840.10008.1.2.5";
  const auto coded = [&](const std::string& fragments) {
    SliceBytes slice = numbered_slice();
    return Deidentified(coded_slice(slice, fragments, kRle).bytes());
  };
  const std::string frame = rle_of(numbered());
  EXPECT_TRUE(coded(item(frame)).result.pixels_are_kept);
  std::string dark = numbered();
  for (char& c : dark) c = '\x41';
  // A second frame where the header knows one: in a fragment of its own, or behind the first.
  for (const std::string& fragments : {item(frame) + item(rle_of(dark)), item(frame + rle_of(dark))}) {
    const Deidentified done(coded(fragments));
    ASSERT_FALSE(done.result.reason);
    EXPECT_EQ(done.result.pixels_reason, "trailing_bytes");
    EXPECT_NE(pixels_of(done).find(frame.substr(0, frame.size() - 1)), std::string::npos);  // but for its padding
    EXPECT_EQ(pixels_of(done).find('\x41'), std::string::npos);
  }
  std::string crowded = frame;
  crowded.replace(60, 4, "AAAA");  // the place of a segment that is not there
  EXPECT_EQ(pixels_of(coded(item(crowded))).find('A'), std::string::npos);
  // The last run of a segment gives more bytes than the picture has.
  const std::string longer = rle_frame({std::string(8, '\1'), std::string(8, '\2') + "AAAA"});
  const Deidentified shorter(coded(item(longer)));
  ASSERT_FALSE(shorter.result.reason);
  EXPECT_EQ(pixels_of(shorter).find('A'), std::string::npos);
  EXPECT_NE(pixels_of(shorter).find(std::string(8, '\2') + std::string(4, '\0')), std::string::npos);
  EXPECT_EQ(coded(item(rle_frame({std::string(8, 'A')}))).result.reason, Code::corrupt);
  EXPECT_EQ(coded(item(rle_frame({std::string(8, 'A'), "A"}))).result.reason, Code::corrupt);
}

TEST(PixelTreatment, SaysThatNoTextIsLeftWhereSomeWasBlanked) {
  const Deidentified done(numbered_slice().bytes(), policy_with_region());
  EXPECT_EQ(done.value(0x00280301), "NO");
  EXPECT_FALSE(Deidentified(numbered_slice().bytes()).value(0x00280301));
}

/// A rule for a device blanks its rectangle; what stands beside it nobody has looked at.
TEST(PixelTreatment, SaysNothingOfTextThatNobodyLookedFor) {
  auto policy = policy_with_region();
  policy.looks_for_text = false;
  const Deidentified stated(numbered_slice().text(0x00280301, "CS", "YES").bytes(), policy);
  ASSERT_FALSE(stated.result.reason) << name(*stated.result.reason);
  EXPECT_EQ(stated.value(0x00280301), "YES");
  EXPECT_EQ(stated.result.pixels_reason, "region");
  EXPECT_TRUE(stated.holds("113101"));
  EXPECT_FALSE(Deidentified(numbered_slice().bytes(), policy).value(0x00280301));
}

TEST(PixelTreatment, BlanksPixelsThatShareTheirChroma) {
  const std::string pair = "\x51\x52\x60\x70", black("\0\0\x80\x80", 4);
  SliceBytes slice = numbered_slice();  // 4 columns, 2 rows
  slice.text(0x00280004, "CS", "YBR_FULL_422").number(0x00280002, 3).number(0x00280006, 0);
  slice.number(0x00280100, 8).number(0x00280101, 8).number(0x00280102, 7).number(0x00280103, 0);
  slice.raw(0x7FE00010, "OB", pair + pair + pair + pair);
  auto policy = policy_with_region();
  policy.regions[0].x = 2;
  const Deidentified done(slice.bytes(), policy);
  EXPECT_EQ(pixels_of(done), pair + black + pair + pair);
  EXPECT_EQ(done.value(0x00280004), "YBR_FULL_422");
  policy.regions[0].x = 1;  // a pixel of each pair
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes(), policy)),
            std::string("\x51\0\x80\x80\0\x52\x80\x80", 8) + pair + pair);
}

/// Some writers state the one and store the other: whichever half is believed, the picture is another one.
TEST(PixelTreatment, HoldsBackWhatSharesItsChromaByItsNameAlone) {
  SliceBytes slice = numbered_slice();
  slice.number(0x00280002, 3).number(0x00280006, 0).number(0x00280103, 0);
  slice.number(0x00280100, 8).number(0x00280101, 8).number(0x00280102, 7);
  slice.raw(0x7FE00010, "OB", std::string(4 * 2 * 3, 'x'));
  for (const char* const photometric : {"YBR_FULL_422", "YBR_PARTIAL_422"}) {
    slice.text(0x00280004, "CS", photometric);
    EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::corrupt) << photometric;
    EXPECT_EQ(Deidentified(slice.bytes(), policy_with_region()).result.reason, Code::corrupt) << photometric;
  }
  slice.text(0x00280004, "CS", "YBR_FULL");
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes())), std::string(4 * 2 * 3, 'x'));
}

/// A data set in Explicit VR Big Endian of 3 x 3 pixels of a byte each, in words.
std::string bytes_in_words(std::string_view pixels) {
  std::string bytes;
  const auto add = [&](std::uint32_t tag, std::string_view vr, int length_bytes, std::string_view value) {
    bytes += big_endian(tag, 4) + std::string(vr) + std::string(length_bytes == 4 ? 2 : 0, '\0');
    bytes += big_endian(static_cast<std::uint32_t>(value.size()), length_bytes) + std::string(value);
  };
  const auto number = [&](std::uint32_t tag, std::uint32_t value) { add(tag, "US", 2, big_endian(value, 2)); };
  number(0x00280002, 1);
  add(0x00280004, "CS", 2, "MONOCHROME2 ");
  number(0x00280010, 3);
  number(0x00280011, 3);
  number(0x00280100, 8);
  number(0x00280101, 8);
  number(0x00280102, 7);
  number(0x00280103, 0);
  add(0x7FE00010, "OW", 4, pixels);
  return bytes;
}

TEST(PixelTreatment, BlanksBytesInWordsWhereTheyStand) {
  const auto treated = [](std::string_view pixels, std::span<const dicom::PixelBox> boxes) {
    const std::string file = bytes_in_words(pixels);
    const dicom::Bytes bytes = std::as_bytes(std::span(file));
    const dicom::ElementTable table = dicom::read_elements(bytes, 0, {true, true});
    const auto facts = dicom::read_pixel_facts(table, bytes, "1.2.840.10008.1.2.2");
    const auto outcome = dicom::treat_pixels(&table.nodes.back(), bytes, facts,
                                             policy_with({DeidOption::clean_pixel_data}), boxes, false);
    EXPECT_FALSE(outcome.problem);
    return std::string(reinterpret_cast<const char*>(outcome.replacement.data()), outcome.replacement.size());
  };
  const dicom::PixelBox box{0, 1, 2, 2, 1, {}};  // the last two of the nine
  EXPECT_EQ(treated("badcfehg?i", std::span(&box, 1)), "badcfeag?a");
  EXPECT_EQ(treated(std::string_view("badcfehg\0i", 10), {}), "");  // the last one is no rest behind the picture
}

TEST(PixelTreatment, BlanksWithTheDarkestColourOfAPalette) {
  SliceBytes slice = numbered_slice();
  slice.text(0x00280004, "CS", "PALETTE COLOR").number(0x00280103, 0);
  const std::string descriptor("\x09\0\0\0\x08\0", 6), table("\xFF\xFE\xFD\xFC\xFB\xFA\x01\xF9\xF8\0", 10);
  for (const dicom::Tag colour : {0U, 1U, 2U}) {
    slice.raw(0x00281101 + colour, "US", descriptor).raw(0x00281201 + colour, "OW", table);
  }
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes(), policy_with_region()))[2], 6);
}

/// What the transform within a stream gives is RGB, whatever the header says.
TEST(PixelTreatment, NamesTheColoursOfABlankedJpeg2000) {
  const std::vector<std::int32_t> values(4 * 2 * 3, 90);
  SliceBytes slice = numbered_slice();
  slice.text(0x00280004, "CS", "YBR_FULL").number(0x00280002, 3).number(0x00280006, 0).number(0x00280103, 0);
  slice.number(0x00280100, 8).number(0x00280101, 8).number(0x00280102, 7);
  const std::string stream = encode_j2k({values, 4, 2, 3, 8, false});
  coded_slice(slice, item(stream.size() % 2 != 0 ? stream + std::string(1, 0) : stream), "1.2.840.10008.1.2.4.90");
  const Deidentified done(slice.bytes(), policy_with_region());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00280004), "RGB");
  EXPECT_EQ(pixels_of(done).substr(0, 6), std::string("ZZZ\0\0\0", 6));
}

/// Native YBR_FULL is valid in few kinds of objects.
TEST(PixelTreatment, WritesBlankedLumaAndChromaAsRgb) {
  SliceBytes slice = numbered_slice();
  slice.text(0x00280004, "CS", "YBR_FULL").number(0x00280002, 3).number(0x00280006, 0).number(0x00280103, 0);
  slice.number(0x00280100, 8).number(0x00280101, 8).number(0x00280102, 7);
  const std::string luma(8, 'd'), neutral(8, '\x80'), blue(8, '\xE4');
  coded_slice(slice, item(rle_frame({luma, blue, neutral})), "1.2.840.10008.1.2.5");
  const Deidentified done(slice.bytes(), policy_with_region());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00280004), "RGB");
  EXPECT_EQ(pixels_of(done).substr(0, 6),
            std::string("dB\xFF\0\0\0", 6));  // 100, 100 - 0.344136 * 100, 100 + 1.772 * 100
  EXPECT_EQ(Deidentified(slice.bytes()).value(0x00280004), "YBR_FULL");
}

TEST(PixelTreatment, DividesFragmentsAmongFrames) {
  const std::string a("\xFF\xD8\xFF\xE0", 4), b = "more", c("\xFF\xD8\xFF\xDB", 4);
  const auto frames_of = [](const std::string& fragments, std::int64_t count) {
    return dicom::frames_of_stream(std::as_bytes(std::span(fragments)), count);
  };
  const auto one_each = frames_of(item("") + item(a) + item(c) + kEndMark, 2);
  ASSERT_TRUE(one_each);
  EXPECT_EQ((*one_each)[1].size(), 1U);
  const auto one_frame = frames_of(item("") + item(a) + item(b) + kEndMark, 1);
  EXPECT_EQ(one_frame->front().size(), 2U);
  const auto by_table = frames_of(offsets({0, 24}) + item(a) + item(b) + item(c) + kEndMark, 2);
  ASSERT_TRUE(by_table);
  EXPECT_EQ(by_table->front().size(), 2U);
  const auto by_start = frames_of(item("") + item(a) + item(b) + item(c) + kEndMark, 2);
  ASSERT_TRUE(by_start);
  EXPECT_EQ(by_start->front().size(), 2U);
  EXPECT_FALSE(frames_of(item("") + item(b) + item(b) + item(b) + kEndMark, 2));
  EXPECT_FALSE(frames_of("no items", 1));
}

/// Twelve bits of sixteen, coded with all sixteen.
std::string twelve_bits_in_j2k(std::vector<std::int32_t> values, bool is_lossless = true, bool is_signed = false,
                               bool has_overlay = false) {
  SliceBytes slice = numbered_slice();
  if (has_overlay) slice.number(0x60000100, 16);
  slice.number(0x00280101, 12).number(0x00280102, 11).number(0x00280103, 0);
  std::string stream = encode_j2k({values, 4, 2, 1, 16, is_signed, is_lossless});
  if (stream.size() % 2 != 0) stream += '\0';
  const char* const syntax_uid = is_lossless ? "1.2.840.10008.1.2.4.90" : "1.2.840.10008.1.2.4.91";
  return coded_slice(slice, item(stream), syntax_uid).bytes();
}

TEST(PixelTreatment, ClearsBitsThatAreNotStoredFromJpeg2000) {
  const auto policy = policy_with({DeidOption::clean_pixel_data});
  EXPECT_TRUE(Deidentified(twelve_bits_in_j2k({1, 2, 3, 4, 5, 6, 7, 8}), policy).result.pixels_are_kept);
  const std::vector<std::int32_t> dirty = {1 | 1 << 14, 2, 3, 4 | 1 << 14, 5, 6, 7, 8};
  EXPECT_EQ(Deidentified(twelve_bits_in_j2k(dirty), policy).result.reason, Code::unused_bits_set);
  const Deidentified done(twelve_bits_in_j2k(dirty, true, false, true), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(pixels_of(done), numbered());
  EXPECT_EQ(done.result.pixels_reason, "overlay");
  EXPECT_EQ(done.result.transfer_syntax_uid, "1.2.840.10008.1.2.1");
  // A coder that quantises fills such bits itself.
  const std::string quantised = twelve_bits_in_j2k({4095, 0, 4095, 0, 4095, 4100, 4095, 0}, false);
  EXPECT_TRUE(Deidentified(quantised, policy).result.pixels_are_kept);
}

/// A sign that the header knows nothing of hides nothing where every value has it; in some alone it draws a picture.
TEST(PixelTreatment, TellsSignsFromPicturesInBitsThatAreNotStored) {
  const auto policy = policy_with({DeidOption::clean_pixel_data});
  const auto kept = [&](std::vector<std::int32_t> values) {
    return !Deidentified(twelve_bits_in_j2k(std::move(values), true, true), policy).result.reason;
  };
  EXPECT_TRUE(kept({-1, 2, -3, 4, -5, 6, -7, 8}));
  EXPECT_TRUE(kept({4095, 2, 4093, 4, 4091, 6, 4089, 8}));
  EXPECT_FALSE(kept({-1, 2, 4093, 4, -5, 6, 4089, 8}));
}

/// Cleared, large values would be small ones, and nobody could tell any more.
TEST(PixelTreatment, HoldsBackValuesThatAreLargerThanStated) {
  SliceBytes slice = numbered_slice();
  std::string pixels = numbered();
  pixels[1] = '\x10';  // 4097
  slice.raw(0x7FE00010, "OW", pixels).number(0x00280101, 12).number(0x00280102, 11).number(0x00280103, 0);
  EXPECT_EQ(pixels_of(Deidentified(slice.bytes())), pixels);
  const auto policy = policy_with({DeidOption::clean_pixel_data});
  EXPECT_EQ(Deidentified(slice.bytes(), policy).result.reason, Code::unused_bits_set);
  EXPECT_EQ(Deidentified(slice.bytes(), policy_with_region()).result.reason, Code::unused_bits_set);
  // Every value is that of a sign that the header knows nothing of.
  pixels[1] = pixels[7] = '\xFF';
  pixels[0] = pixels[6] = '\xFE';
  const Deidentified kept(slice.raw(0x7FE00010, "OW", pixels).bytes(), policy);
  EXPECT_EQ(pixels_of(kept), pixels);
  EXPECT_EQ(kept.result.pixels_reason, "");
}

TEST(PixelTreatment, KeepsPaddingThatStandsBeyondBitsStored) {
  const auto policy = policy_with({DeidOption::clean_pixel_data});
  SliceBytes slice = numbered_slice();
  std::string pixels = numbered();
  pixels[0] = '\x30', pixels[1] = '\xF8';  // 63536
  pixels[4] = '\xFF', pixels[5] = '\x0F';  // 4095
  slice.raw(0x7FE00010, "OW", pixels).number(0x00280101, 12).number(0x00280102, 11).number(0x00280103, 0);
  EXPECT_EQ(Deidentified(slice.bytes(), policy).result.reason, Code::unused_bits_set);
  const Deidentified kept(slice.number(0x00280120, 63536).bytes(), policy);
  EXPECT_EQ(pixels_of(kept), pixels);
  EXPECT_EQ(kept.result.pixels_reason, "");
  pixels[6] = '\x30', pixels[7] = '\x08';  // as stored both are one value
  slice.raw(0x7FE00010, "OW", pixels);
  EXPECT_EQ(Deidentified(slice.bytes(), policy).result.reason, Code::unused_bits_set);
}

}  // namespace

}  // namespace naru::test
