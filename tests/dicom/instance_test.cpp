#include "dicom/instance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "tests/dicom/loaded_series.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

namespace {

using dicom::HeaderResult;

TEST(Instance, ReadsASoundSlice) {
  const HeaderResult result = header_of(SliceBytes().bytes());
  ASSERT_FALSE(result.planes.empty());
  EXPECT_FALSE(result.reason);
  EXPECT_EQ(result.sop_instance_uid, "2.999.1.1.1");
  const dicom::Instance& slice = result.planes[0];
  EXPECT_EQ(slice.modality, "CT");
  EXPECT_EQ(slice.manufacturer, "GE MEDICAL SYSTEMS");
  EXPECT_EQ(slice.patient_id, "P1");
  EXPECT_EQ(slice.image_type, (std::vector<std::string>{"ORIGINAL", "PRIMARY", "AXIAL"}));
  EXPECT_EQ(slice.instance_number, 7);
  EXPECT_EQ(slice.position_mm, (Vec3{-10, -20.5, 30}));
  EXPECT_EQ(slice.slice_thickness_mm, 2.5);
  EXPECT_FALSE(slice.spacing_between_slices_mm);
  EXPECT_EQ(slice.rescale_intercept, -1024);
  EXPECT_TRUE(slice.has_rescale);
  EXPECT_FALSE(slice.is_localizer);
  EXPECT_EQ(slice.pixels.rows, 2);
  EXPECT_EQ(slice.pixels.columns, 4);
  EXPECT_EQ(slice.pixels.length_bytes, 16u);
}

TEST(Instance, TakesTheFirstPixelSpacingAsTheDistanceBetweenRows) {
  const HeaderResult result = header_of(SliceBytes().text(0x00280030, "DS", "0.75\\0.5").bytes());
  EXPECT_EQ(result.planes[0].spacing_j_mm, 0.75);
  EXPECT_EQ(result.planes[0].spacing_i_mm, 0.5);
}

TEST(Instance, NormalisesDirectionsWithinRounding) {
  const HeaderResult result = header_of(SliceBytes().text(0x00200037, "DS", "0.999\\0\\0\\0.001\\1\\0").bytes());
  ASSERT_FALSE(result.reason);
  EXPECT_DOUBLE_EQ(norm(result.planes[0].row_direction), 1);
  EXPECT_DOUBLE_EQ(norm(result.planes[0].column_direction), 1);
  EXPECT_DOUBLE_EQ(dot(result.planes[0].row_direction, result.planes[0].column_direction), 0);
}

TEST(Instance, KnowsALocalizerByItsImageType) {
  const auto result = header_of(SliceBytes().text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER").bytes());
  EXPECT_TRUE(result.planes[0].is_localizer);
}

TEST(Instance, ToldThatTextIsBurnedInSaysSo) {
  for (const std::string said : {"YES", "yes", "Y", "TRUE", "1"}) {
    EXPECT_TRUE(header_of(SliceBytes().text(0x00280301, "CS", said).bytes()).planes.at(0).burned_in_annotation) << said;
  }
  EXPECT_FALSE(header_of(SliceBytes().text(0x00280301, "CS", "NO").bytes()).planes.at(0).burned_in_annotation);
  const std::string padded = "YES" + std::string(2001, ' ');
  EXPECT_TRUE(header_of(SliceBytes().text(0x00280301, "CS", padded).bytes()).planes.at(0).burned_in_annotation);
}

TEST(Instance, TellsEchoesApart) {
  const auto first = header_of(SliceBytes().text(0x00180081, "DS", "4.6").bytes());
  const auto second = header_of(SliceBytes().text(0x00180081, "DS", "9.2").bytes());
  EXPECT_NE(first.planes[0].echo, second.planes[0].echo);
}

TEST(Instance, DefaultsToNoRescale) {
  const auto result = header_of(SliceBytes().remove(0x00281052).remove(0x00281053).bytes());
  EXPECT_FALSE(result.planes[0].has_rescale);
  EXPECT_EQ(result.planes[0].rescale_slope, 1);
  EXPECT_EQ(result.planes[0].rescale_intercept, 0);
}

TEST(Instance, SpellsUnitsAsTheStandardDoes) {
  const auto units_of = [](const char* type) {
    return header_of(SliceBytes().text(0x00281054, "LO", type).bytes()).planes.at(0).units;
  };
  EXPECT_EQ(units_of("hu"), "HU");
  EXPECT_EQ(units_of("normalized"), "US");
  EXPECT_EQ(units_of("Z_EFF"), "Z_EFF");
}

TEST(Instance, TakesRescalesUpToTheBounds) {
  for (const char* slope : {"1e-12", "-1e-12", "1e9", "-1e9"}) {
    EXPECT_FALSE(header_of(SliceBytes().text(0x00281053, "DS", slope).bytes()).reason) << slope;
  }
  for (const char* intercept : {"0", "1e9", "-1e9"}) {
    EXPECT_FALSE(header_of(SliceBytes().text(0x00281052, "DS", intercept).bytes()).reason) << intercept;
  }
}

TEST(Instance, TakesPixelPaddingForWhatPixelsHold) {
  const auto padding_of = [](SliceBytes slice) { return header_of(slice.bytes()).planes.at(0).padding_value; };
  const auto signed_slice = [] { return SliceBytes().number(0x00280103, 1); };
  const auto unsigned_slice = [] { return SliceBytes().number(0x00280103, 0); };
  const std::string minus_2000 = "\x30\xF8";
  EXPECT_EQ(padding_of(signed_slice().number(0x00280120, 63536)), -2000) << "as GE writes it";
  EXPECT_EQ(padding_of(signed_slice().raw(0x00280120, "SS", minus_2000)), -2000);
  EXPECT_EQ(padding_of(unsigned_slice().number(0x00280120, 63536)), 63536);
  EXPECT_EQ(padding_of(unsigned_slice().raw(0x00280120, "SS", minus_2000)), std::nullopt);
  EXPECT_EQ(padding_of(unsigned_slice().number(0x00280101, 12).number(0x00280102, 11).number(0x00280120, 63536)), -2000)
      << "beyond Bits Stored, as such a pixel is read";
  EXPECT_EQ(padding_of(unsigned_slice().number(0x00280101, 12).number(0x00280102, 11).number(0x00280120, 4095)), 4095);
  EXPECT_EQ(padding_of(signed_slice().text(0x00280120, "DS", "1e30")), std::nullopt);
  EXPECT_EQ(header_of(signed_slice().number(0x00280120, 63536).bytes()).shown.padding_value, -2000);
}

/// One thing wrong with a header, and the code for it.
struct BadHeader {
  const char* what;
  SliceBytes bytes;
  Code reason;
  bool is_known_slice;  ///< its place in a series is known nevertheless
};

std::vector<BadHeader> bad_headers() {
  const auto slice = [] { return SliceBytes(); };
  return {
      {"no rows", slice().remove(0x00280010), Code::corrupt, true},
      {"zero rows", slice().number(0x00280010, 0), Code::corrupt, true},
      {"zero columns", slice().number(0x00280011, 0), Code::corrupt, true},
      {"absurd rows", slice().number(0x00280010, 65535), Code::too_large, true},
      {"one bit allocated", slice().number(0x00280100, 1), Code::unsupported_sop_class, false},
      {"32 bits allocated", slice().number(0x00280100, 32), Code::unsupported_sop_class, false},
      {"12 bits allocated", slice().number(0x00280100, 12), Code::corrupt, true},
      {"more bits stored than allocated", slice().number(0x00280101, 17), Code::corrupt, true},
      {"no bit stored", slice().number(0x00280101, 0), Code::corrupt, true},
      {"high bit below bits stored", slice().number(0x00280102, 3), Code::corrupt, true},
      {"high bit above bits allocated", slice().number(0x00280102, 16), Code::corrupt, true},
      {"impossible sign", slice().number(0x00280103, 2), Code::corrupt, true},
      {"colour", slice().number(0x00280002, 3), Code::unsupported_sop_class, false},
      {"palette", slice().text(0x00280004, "CS", "PALETTE COLOR"), Code::unsupported_sop_class, false},
      {"two frames", slice().text(0x00280008, "IS", "2"), Code::enhanced_multiframe, false},
      {"no frame", slice().text(0x00280008, "IS", "0"), Code::corrupt, true},
      {"absurd frames", slice().text(0x00280008, "IS", "1000000000"), Code::corrupt, true},
      {"frames in words", slice().text(0x00280008, "IS", "ONE"), Code::corrupt, true},
      {"no position", slice().remove(0x00200032), Code::missing_geometry, false},
      {"two coordinates", slice().text(0x00200032, "DS", "1\\2"), Code::missing_geometry, false},
      {"four coordinates", slice().text(0x00200032, "DS", "1\\2\\3\\4"), Code::missing_geometry, false},
      {"position not a number", slice().text(0x00200032, "DS", "nan\\2\\3"), Code::missing_geometry, false},
      {"position at infinity", slice().text(0x00200032, "DS", "inf\\2\\3"), Code::missing_geometry, false},
      {"position in words", slice().text(0x00200032, "DS", "1\\2\\3mm"), Code::missing_geometry, false},
      {"no orientation", slice().remove(0x00200037), Code::missing_geometry, false},
      {"directions not unit", slice().text(0x00200037, "DS", "1.02\\0\\0\\0\\1\\0"), Code::missing_geometry, false},
      {"directions zero", slice().text(0x00200037, "DS", "0\\0\\0\\0\\0\\0"), Code::missing_geometry, false},
      {"directions not square", slice().text(0x00200037, "DS", "1\\0\\0\\0.6\\0.8\\0"), Code::missing_geometry, false},
      {"no pixel spacing", slice().remove(0x00280030), Code::missing_geometry, false},
      {"pixel spacing zero", slice().text(0x00280030, "DS", "0\\0.5"), Code::missing_geometry, false},
      {"pixel spacing negative", slice().text(0x00280030, "DS", "0.5\\-0.5"), Code::missing_geometry, false},
      {"pixel spacing absurd", slice().text(0x00280030, "DS", "0.5\\1e9"), Code::missing_geometry, false},
      {"slope zero", slice().text(0x00281053, "DS", "0"), Code::corrupt, true},
      {"slope beyond f32", slice().text(0x00281053, "DS", "1e300"), Code::corrupt, true},
      {"slope below f32", slice().text(0x00281053, "DS", "-1e-50"), Code::corrupt, true},
      {"slope too large", slice().text(0x00281053, "DS", "1.1e9"), Code::corrupt, true},
      {"slope too small", slice().text(0x00281053, "DS", "0.9e-12"), Code::corrupt, true},
      {"slope not a number", slice().text(0x00281053, "DS", "nan"), Code::corrupt, true},
      {"intercept too large", slice().text(0x00281052, "DS", "1.1e9"), Code::corrupt, true},
      {"intercept beyond f32", slice().text(0x00281052, "DS", "-1e300"), Code::corrupt, true},
      {"a table instead of a rescale", slice().remove(0x00281053).raw(0x00283000, "SQ", SliceBytes::open_item()),
       Code::corrupt, true},
      {"slope in words", slice().text(0x00281053, "DS", "one"), Code::corrupt, true},
      {"no study", slice().remove(0x0020000D), Code::corrupt, false},
      {"no series", slice().remove(0x0020000E), Code::corrupt, false},
      {"no instance", slice().remove(0x00080018), Code::corrupt, false},
      {"ultrasound", slice().text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.6.1"), Code::unsupported_sop_class, false},
      {"no class", slice().remove(0x00080016), Code::unsupported_sop_class, false},
      {"enhanced CT", slice().text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2.1"), Code::missing_geometry, false},
      {"enhanced MR", slice().text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4.1"), Code::missing_geometry, false},
      {"converted MR", slice().text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4.4"), Code::missing_geometry, false},
      {"mosaic", slice().text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\M\\MOSAIC"), Code::mosaic, false},
      {"UIH mosaic", slice().text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\M\\VFRAME"), Code::mosaic, false},
      {"mosaic by count", slice().text(0x00190010, "LO", "SIEMENS MR HEADER").number(0x0019100A, 36), Code::mosaic,
       false},
      {"no pixels", slice().remove(0x7FE00010), Code::no_pixels, true},
      {"empty pixels", slice().raw(0x7FE00010, "OW", ""), Code::no_pixels, true},
      {"pixels too short", slice().raw(0x7FE00010, "OW", std::string(14, 'x')), Code::corrupt, true},
      {"pixels cut off", slice().raw(0x7FE00010, "OW", std::string(14, 'x')).stated_pixel_length(16), Code::truncated,
       true},
      {"fragments uncompressed",
       slice().stated_pixel_length(0xFFFFFFFF).raw(0x7FE00010, "OW", std::string("\xFE\xFF\0\xE0\0\0\0\0", 8)),
       Code::corrupt, true},
      {"JPEG 2000 of several components", slice().transfer_syntax("1.2.840.10008.1.2.4.92"),
       Code::unsupported_transfer_syntax, true},
      {"JPEG XL", slice().transfer_syntax("1.2.840.10008.1.2.4.110"), Code::unsupported_transfer_syntax, true},
      {"MPEG2", slice().transfer_syntax("1.2.840.10008.1.2.4.100"), Code::unsupported_transfer_syntax, true},
      {"invented syntax", slice().transfer_syntax("999.888.777.INVALID"), Code::unsupported_transfer_syntax, true},
      {"compressed without fragments", slice().transfer_syntax("1.2.840.10008.1.2.4.70"), Code::corrupt, true},
  };
}

TEST(Instance, GivesEachBadHeaderItsCode) {
  for (const BadHeader& bad : bad_headers()) {
    const HeaderResult result = header_of(bad.bytes.bytes());
    EXPECT_EQ(result.reason, bad.reason) << bad.what;
    EXPECT_EQ(!result.planes.empty(), bad.is_known_slice) << bad.what;
    const bool is_of_rescale = std::ranges::any_of(std::array{"slope", "intercept", "a table"}, [&](const char* word) {
      return std::string_view(bad.what).starts_with(word);
    });
    if (result.planes.empty()) continue;
    EXPECT_EQ(!result.planes[0].rescale_problem.empty(), is_of_rescale) << bad.what;
  }
}

TEST(Instance, ReportsTheIdentifierOfAnUnusableFile) {
  const HeaderResult result = header_of(SliceBytes().remove(0x00200032).bytes());
  EXPECT_EQ(result.sop_instance_uid, "2.999.1.1.1");
}

TEST(Instance, IsNotDicomWithoutMagicOrDataSet) {
  EXPECT_EQ(header_of("").reason, Code::not_dicom);
  EXPECT_EQ(header_of("PK\x03\x04").reason, Code::not_dicom);
  EXPECT_EQ(header_of(std::string(4096, '\0')).reason, Code::not_dicom);
  EXPECT_EQ(header_of(std::string(4096, 'A')).reason, Code::not_dicom);
}

TEST(Instance, IsCutWhereItEndsWithItsMagicOrItsMeta) {
  const std::string file = SliceBytes().bytes();
  for (const std::size_t size : {132, 135, 128 + 4 + 8 + 20}) {
    EXPECT_EQ(header_of(file.substr(0, size)).reason, Code::truncated) << size;
  }
}

TEST(Instance, KnowsACmsEnvelope) {
  const std::string type("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07", 10), rest(500, '\x5a');
  for (const std::string& start : {std::string("\x30\x80", 2), std::string("\x30\x82\x12\x34", 4)}) {
    EXPECT_EQ(header_of(start + type + '\3' + rest).reason, Code::encrypted);
    EXPECT_EQ(header_of(start + type + '\6' + rest).reason, Code::encrypted);
    EXPECT_EQ(header_of(start + type + '\2' + rest).reason, Code::not_dicom) << "signed, not encrypted";
    EXPECT_EQ(header_of(start + type).reason, Code::not_dicom);
  }
}

TEST(Instance, TakesModalityFromTheClassOfItsSlices) {
  EXPECT_EQ(dicom::modality_of("1.2.840.10008.5.1.4.1.1.2", "MR"), "CT");
  EXPECT_EQ(dicom::modality_of("1.2.840.10008.5.1.4.1.1.7", "MR"), "MR");  // Secondary Capture
  EXPECT_EQ(dicom::modality_of("1.2.840.10008.5.1.4.1.1.6.1", "US"), "US");
}

TEST(Instance, ReadsADataSetWithoutPreambleAndMeta) {
  const std::string file = SliceBytes().bytes();
  const std::size_t meta_bytes = 128 + 4 + 8 + 20;
  const HeaderResult result = header_of(file.substr(meta_bytes));
  ASSERT_FALSE(result.reason);
  EXPECT_EQ(result.planes[0].pixels.rows, 2);
}

std::vector<Note> notes_of(const std::string& file) {
  auto notes = header_of(file).notes;
  std::ranges::sort(notes);
  return notes;
}

TEST(Instance, NotesWhatItForgave) {
  const std::string file = SliceBytes().bytes();
  const std::size_t preamble_bytes = 128 + 4, meta_bytes = preamble_bytes + 8 + 20;
  EXPECT_EQ(notes_of(file), std::vector<Note>{});
  EXPECT_EQ(notes_of(file.substr(preamble_bytes)), std::vector{Note::no_preamble});
  EXPECT_EQ(notes_of(file.substr(meta_bytes)), (std::vector{Note::no_preamble, Note::no_meta_header}));
  EXPECT_EQ(notes_of(SliceBytes().raw(0x00080070, "LO", "GE ").bytes()), std::vector{Note::odd_length});
  EXPECT_EQ(notes_of(SliceBytes().raw(0x00280030, "UN", "0.75\\0.5").bytes()), std::vector{Note::wrong_vr});
  EXPECT_EQ(notes_of(SliceBytes().number(0x60000100, 16).number(0x60000102, 12).bytes()),
            std::vector{Note::overlay_in_pixels});
  EXPECT_EQ(notes_of(SliceBytes().number(0x601E0100, 16).number(0x601E0102, 16).bytes()),
            std::vector{Note::overlay_in_pixels})
      << "though it says that it stands in no bit of a pixel";
  EXPECT_EQ(notes_of(SliceBytes().number(0x60000100, 1).number(0x60000102, 0).bytes()), std::vector<Note>{});
}

TEST(Instance, ReadsTheEncodingThatIsThereNotTheOneThatIsStated) {
  for (const std::string stated : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2"}) {
    const HeaderResult result = header_of(SliceBytes().transfer_syntax(stated).bytes());
    EXPECT_FALSE(result.reason) << stated;
    ASSERT_EQ(result.planes.size(), 1u) << stated;
    EXPECT_EQ(result.planes[0].pixels.rows, 2) << stated;
    EXPECT_FALSE(result.planes[0].pixels.is_big_endian) << stated;
    EXPECT_EQ(result.notes, std::vector{Note::wrong_transfer_syntax}) << stated;
  }
}

TEST(Instance, SurvivesBeingCutAnywhere) {
  const std::string file = SliceBytes().bytes();
  for (std::size_t size = 0; size < file.size(); ++size) {
    const HeaderResult result = header_of(file.substr(0, size));
    EXPECT_TRUE(result.reason) << size;
    const bool is_fair = result.reason == Code::not_dicom || result.reason == Code::truncated ||
                         result.reason == Code::unsupported_sop_class || result.reason == Code::corrupt ||
                         result.reason == Code::missing_geometry || result.reason == Code::no_pixels;
    EXPECT_TRUE(is_fair) << size;
  }
}

TEST(Instance, SurvivesAnyOneByteChanged) {
  const std::string file = SliceBytes().bytes();
  for (std::size_t at = 128; at < file.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xFF}) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      const HeaderResult result = header_of(damaged);
      EXPECT_TRUE(!result.planes.empty() || result.reason) << at;
    }
  }
}

TEST(Instance, RefusesSequencesNestedWithoutEnd) {
  std::string nested;
  for (int depth = 0; depth < 100000; ++depth) {
    nested += SliceBytes::open_sequence(0x00400275) + SliceBytes::open_item();
  }
  const HeaderResult result = header_of(SliceBytes().insert(nested).bytes());
  EXPECT_EQ(result.reason, Code::corrupt);
}

TEST(Instance, StepsOverSequencesOfUndefinedLength) {
  const std::string end_item = std::string("\xFE\xFF\x0D\xE0\0\0\0\0", 8);
  const std::string end_sequence = std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
  const std::string hidden = SliceBytes::element(0x00280010, "US", std::string("\x09\0", 2));
  const std::string sequence =
      SliceBytes::open_sequence(0x00880200) + SliceBytes::open_item() + hidden + end_item + end_sequence;
  const HeaderResult result = header_of(SliceBytes().insert(sequence).bytes());
  ASSERT_FALSE(result.reason);
  EXPECT_EQ(result.planes[0].pixels.rows, 2) << "an element within a sequence is not the image's";
}

TEST(Instance, CallsHeadersBeyondThePrefixTooLarge) {
  const std::string file = SliceBytes().insert(SliceBytes::element(0x00291010, "OB", std::string(4096, 'x'))).bytes();
  const auto prefix = std::as_bytes(std::span(file)).first(2000);
  EXPECT_EQ(dicom::read_instance(prefix, file.size()).reason, Code::too_large);
}

TEST(Instance, FollowsTheOffsetsOfEverySyntax) {
  for (const SyntaxName& syntax : all_syntaxes()) {
    PhantomOptions options;
    options.size = {16, 8, 1};
    options.bits_stored = 12;
    options.is_signed = syntax.is_lossless;
    options.transfer_syntax_uid = syntax.uid;
    if (syntax.name == "jpeg-baseline") options.bits_allocated = options.bits_stored = 8;
    const TempFolder folder;
    const auto written = write_series(options, folder.path());
    const HeaderResult result = read_header(written.files[0]);
    EXPECT_FALSE(result.reason) << syntax.name;
    ASSERT_FALSE(result.planes.empty()) << syntax.name;
    EXPECT_EQ(result.planes[0].pixels.transfer_syntax_uid, syntax.uid);
    EXPECT_EQ(result.planes[0].pixels.rows, 8) << syntax.name;
    EXPECT_EQ(result.planes[0].position_mm, options.origin_mm) << syntax.name;
  }
}

TEST(Instance, KeepsTheSliceOfATruncatedFileForEverySyntax) {
  for (const SyntaxName& syntax : all_syntaxes()) {
    PhantomOptions options;
    options.size = {64, 64, 1};
    options.bits_stored = 12;
    options.is_signed = syntax.is_lossless;
    options.fault = Fault::truncated;
    options.transfer_syntax_uid = syntax.uid;
    if (syntax.name == "jpeg-baseline") options.bits_allocated = options.bits_stored = 8;
    const TempFolder folder;
    const auto written = write_series(options, folder.path());
    const HeaderResult result = read_header(written.files[0]);
    EXPECT_EQ(result.reason, Code::truncated) << syntax.name;
    EXPECT_FALSE(result.planes.empty()) << syntax.name;
  }
}

TEST(Instance, ListsWhatItDecodes) {
  for (const dicom::TransferSyntax& syntax : dicom::decodable_transfer_syntaxes()) {
    const bool is_jpeg_2000 = syntax.name.find("2000") != syntax.name.npos || syntax.name.starts_with("HTJ2K");
    if (is_jpeg_2000) continue;  // tests/dicom/codecs/decode_test.cpp
    const auto is_tested = [&](const SyntaxName& known) { return known.uid == syntax.uid; };
    EXPECT_TRUE(std::ranges::any_of(all_syntaxes(), is_tested)) << syntax.name << " is not written by the phantom";
  }
}

TEST(Instance, LeavesRowsAndColumnsThatAreFarFromARightAngle) {
  const auto cosine_of = [](const char* spacing) {
    SliceBytes slice;  // of two rows
    slice.text(0x00200037, "DS", "1\\0.009\\0\\0\\1\\0").text(0x00280030, "DS", spacing);
    const dicom::Instance plane = header_of(slice.bytes()).planes.at(0);
    EXPECT_DOUBLE_EQ(norm(plane.column_direction), 1);
    return dot(plane.row_direction, plane.column_direction);
  };
  EXPECT_NEAR(cosine_of("10\\0.5"), 0, 1e-15) << "the corner moves by 0.18 mm of 0.5";
  EXPECT_NEAR(cosine_of("20\\0.5"), 0.009, 1e-6) << "the corner would move by 0.36 mm";
}

TEST(Instance, ReadsTheStackOfAClassicSlice) {
  SliceBytes slice;
  EXPECT_EQ(header_of(slice.bytes()).planes.at(0).stack_id, "");
  EXPECT_EQ(header_of(slice.text(0x00209056, "SH", "2").bytes()).planes.at(0).stack_id, "2");
}

}  // namespace

}  // namespace naru::test
