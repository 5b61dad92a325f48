#include "dicom/frame_values.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::FrameValues;

std::string words16(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8 & 0xFF)};
  return bytes;
}

SliceBytes slice_of(std::initializer_list<int> values) {
  SliceBytes slice;
  slice.raw(0x7FE00010, "OW", words16(values)).number(0x00280103, 1);
  return slice;
}

/// Of a file that lives as long as the test needs it.
struct Opened {
  explicit Opened(const SliceBytes& slice) : file(slice.bytes()), frames(std::as_bytes(std::span(file))) {}
  std::vector<float> values(std::int64_t frame = 0) const {
    std::vector<float> read;
    EXPECT_FALSE(frames.read(frame, read));
    return read;
  }
  std::string file;
  FrameValues frames;
};

TEST(FrameValues, AreStoredOnesWithTheWindowInTheSameUnits) {
  dicom::initialize();
  SliceBytes slice = slice_of({0, 100, 200, -300, 4, 5, 6, 7});
  slice.text(0x00281050, "DS", "50\\999").text(0x00281051, "DS", "400\\1");
  slice.text(0x00281052, "DS", "-1000").text(0x00281053, "DS", "2");
  const Opened opened(slice);
  ASSERT_FALSE(opened.frames.problem());
  EXPECT_EQ(opened.values(), (std::vector<float>{0, 100, 200, -300, 4, 5, 6, 7}));
  ASSERT_TRUE(opened.frames.shown().window);
  EXPECT_DOUBLE_EQ(opened.frames.shown().window->black, 425);
  EXPECT_DOUBLE_EQ(opened.frames.shown().window->white, 625);
}

TEST(FrameValues, KnowTheOtherWindowsAndTablesTheyMayBeShownThrough) {
  SliceBytes slice = slice_of({0, 100, 200, -300, 4, 5, 6, 7});
  slice.text(0x00281050, "DS", "50\\999\\0").text(0x00281051, "DS", "400\\2\\0");
  slice.text(0x00281052, "DS", "-1000").text(0x00281053, "DS", "2");
  // 101 values from -100 on.
  slice.raw(0x00283010, "SQ", item(SliceBytes::element(0x00283002, "SS", std::string("\x65\x00\x9C\xFF\x10\x00", 6))));
  const dicom::ShownValues shown = Opened(slice).frames.shown();
  ASSERT_EQ(shown.more_windows.size(), 2u);
  EXPECT_DOUBLE_EQ(shown.more_windows[0].black, 999);
  EXPECT_DOUBLE_EQ(shown.more_windows[0].white, 1000);
  EXPECT_DOUBLE_EQ(shown.more_windows[1].black, 450);
  EXPECT_DOUBLE_EQ(shown.more_windows[1].white, 500);
  // A table of which all but the entries 3 to 6 are flat.
  std::string data;
  for (int n = 0; n < 101; ++n) data += std::string{static_cast<char>(std::clamp(n - 3, 0, 3)), '\0'};
  slice.raw(0x00283010, "SQ",
            item(SliceBytes::element(0x00283002, "SS", std::string("\x65\x00\x9C\xFF\x10\x00", 6)) +
                 SliceBytes::element(0x00283006, "OW", data)));
  const dicom::StoredWindow ramp = Opened(slice).frames.shown().more_windows.at(1);
  EXPECT_DOUBLE_EQ(ramp.black, 451.5);
  EXPECT_DOUBLE_EQ(ramp.white, 453);
}

/// Of every class, with or without a place in the patient.
TEST(FrameValues, KnowTheWindowsOfTheFramesGroups) {
  const auto group = [](std::uint32_t macro, const std::string& attributes) {
    return item(SliceBytes::element(macro, "SQ", item(attributes)));
  };
  const auto window = [&](std::string_view centre) {
    return group(0x00289132,
                 SliceBytes::element(0x00281050, "DS", centre) + SliceBytes::element(0x00281051, "DS", "20"));
  };
  const std::string table = item(SliceBytes::element(0x00283002, "US", std::string("\x0B\x00\x64\x00\x10\x00", 6)));
  SliceBytes slice = slice_of({1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18});
  slice.text(0x00280008, "IS", "2").remove(0x00281050).remove(0x00281051).remove(0x00200032).remove(0x00200037);
  slice.text(0x00281052, "DS", "0").text(0x00281053, "DS", "1").raw(0x00283010, "SQ", table);
  slice.raw(0x52009230, "SQ", window("50") + window("1000"));
  for (const char* sop_class : {"1.2.840.10008.5.1.4.1.1.12.1.1", "1.2.840.10008.5.1.4.1.1.13.1.3",
                                "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.7.3"}) {
    const Opened opened(slice.text(0x00080016, "UI", sop_class));
    ASSERT_FALSE(opened.frames.problem()) << sop_class;
    for (const auto& [frame, black] : {std::pair{0, 40.0}, std::pair{1, 990.0}}) {
      const dicom::ShownValues shown = opened.frames.shown(frame);
      ASSERT_TRUE(shown.window) << sop_class;
      EXPECT_DOUBLE_EQ(shown.window->black, black) << sop_class;
      ASSERT_EQ(shown.more_windows.size(), 1u) << sop_class;
      EXPECT_DOUBLE_EQ(shown.more_windows[0].black, 100);
      EXPECT_DOUBLE_EQ(shown.more_windows[0].white, 110);
    }
  }
  slice.remove(0x52009230).raw(0x52009229, "SQ", window("70"));  // shared
  for (const int frame : {0, 1}) EXPECT_DOUBLE_EQ(Opened(slice).frames.shown(frame).window->black, 60);
}

TEST(FrameValues, TurnMonochrome1OverWithItsWindow) {
  SliceBytes slice = slice_of({0, 100, 200, 300, 4, 5, 6, 7});
  slice.text(0x00280004, "CS", "MONOCHROME1").text(0x00281050, "DS", "50").text(0x00281051, "DS", "100");
  slice.text(0x00281052, "DS", "0").text(0x00281053, "DS", "1");
  const Opened opened(slice);
  EXPECT_EQ(opened.values()[3], -300);
  EXPECT_DOUBLE_EQ(opened.frames.shown().window->black, -100);
  EXPECT_DOUBLE_EQ(opened.frames.shown().window->white, 0);
}

TEST(FrameValues, AreTurnedOverByANegativeRescaleAsWell) {
  SliceBytes slice = slice_of({0, 100, 200, 300, 4, 5, 6, 7});
  slice.text(0x00281052, "DS", "0").text(0x00281053, "DS", "-1");
  EXPECT_EQ(Opened(slice).values()[3], -300);
  EXPECT_EQ(Opened(slice.text(0x00280004, "CS", "MONOCHROME1")).values()[3], 300);
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1");  // no slice
  EXPECT_EQ(Opened(slice).values()[3], 300);
  EXPECT_EQ(Opened(slice.text(0x00280004, "CS", "MONOCHROME2")).values()[3], -300);
}

TEST(FrameValues, KeepPaddingAndSayWhatItIs) {
  SliceBytes slice = slice_of({-2000, 100, 200, 300, 4, 5, 6, -2000});
  slice.raw(0x00280120, "SS", words16({-2000}));
  EXPECT_EQ(Opened(slice).values().front(), -2000);
  EXPECT_EQ(Opened(slice).frames.shown().padding_value, -2000);
  EXPECT_EQ(Opened(slice.text(0x00280004, "CS", "MONOCHROME1")).frames.shown().padding_value, 2000);
}

TEST(FrameValues, OfColourAreLuminanceLargestAndSmallest) {
  SliceBytes slice;
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00280004, "CS", "RGB").number(0x00280002, 3);
  slice.number(0x00280006, 0).number(0x00280100, 8).number(0x00280101, 8).number(0x00280102, 7).number(0x00280103, 0);
  std::string pixels = "\xFF";
  pixels.resize(24);
  slice.raw(0x7FE00010, "OB", pixels);
  const Opened opened(slice);
  ASSERT_FALSE(opened.frames.problem());
  EXPECT_EQ(opened.frames.plane_count(), 3);
  const auto values = opened.values();
  ASSERT_EQ(values.size(), 24U);
  EXPECT_NEAR(values[0], 0.299F * 255, 1e-3);
  EXPECT_EQ(values[8], 255);
  EXPECT_EQ(values[16], 0);
}

TEST(FrameValues, OfSharedChromaAreThoseOfWholePairs) {
  SliceBytes slice;  // 4 columns, 2 rows
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00280004, "CS", "YBR_FULL_422");
  slice.number(0x00280002, 3).number(0x00280006, 0).number(0x00280100, 8).number(0x00280101, 8);
  slice.number(0x00280102, 7).number(0x00280103, 0).raw(0x7FE00010, "OB", std::string(16, '\x80'));
  EXPECT_EQ(Opened(slice).values().front(), 128);
  EXPECT_TRUE(Opened(SliceBytes(slice).raw(0x7FE00010, "OB", std::string(24, '\x80'))).frames.problem());
  slice.number(0x00280010, 3).number(0x00280011, 3).raw(0x7FE00010, "OB", std::string(18, '\x80'));
  EXPECT_TRUE(Opened(slice).frames.problem());
}

TEST(FrameValues, ArePerFrameHoweverTheirNumberIsPadded) {
  SliceBytes slice = slice_of({1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18});
  slice.text(0x00280008, "IS", "2" + std::string(2001, ' '));
  const Opened opened(slice);
  ASSERT_FALSE(opened.frames.problem());
  EXPECT_EQ(opened.frames.format().frame_count, 2);
}

TEST(FrameValues, TellADocumentFromAPictureThatCannotBeRead) {
  const SliceBytes document = SliceBytes().remove(0x7FE00010);
  EXPECT_EQ(Opened(document).frames.problem(), Code::no_pixels);
  SliceBytes report = document;
  report.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.88.11").text(0x00080060, "CS", "SR");
  EXPECT_EQ(Opened(report).frames.problem(), Code::no_pixels);
  for (const std::uint32_t tag : {0x7FE00008U, 0x7FE00009U}) {
    SliceBytes floats = document;
    floats.raw(tag, tag == 0x7FE00008U ? "OF" : "OD", std::string(64, '\0'));
    EXPECT_EQ(Opened(floats).frames.problem(), Code::text_suspected);
    EXPECT_EQ(header_of(floats.bytes()).reason, Code::unsupported_sop_class);
  }
  SliceBytes cut = slice_of({1, 2, 3, 4, 5, 6, 7, 8});
  const std::string file = cut.bytes();
  const FrameValues frames(std::as_bytes(std::span(file)).first(file.size() - 4));
  std::vector<float> values;
  EXPECT_TRUE(frames.problem() || frames.read(0, values));
  EXPECT_TRUE(FrameValues(std::as_bytes(std::span(file)).first(20)).problem());
}

}  // namespace

}  // namespace naru::test
