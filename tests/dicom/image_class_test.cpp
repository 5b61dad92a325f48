#include "dicom/image_class.h"

#include <gtest/gtest.h>

#include <vector>

namespace naru::dicom {
namespace {

constexpr std::string_view kCt = "1.2.840.10008.5.1.4.1.1.2", kCapture = "1.2.840.10008.5.1.4.1.1.7",
                           kMultiFrameCapture = "1.2.840.10008.5.1.4.1.1.7.4",
                           kUltrasound = "1.2.840.10008.5.1.4.1.1.6.1", kPhotograph = "1.2.840.10008.5.1.4.1.1.77.1.4",
                           kSlide = "1.2.840.10008.5.1.4.1.1.77.1.6";

struct Row {
  std::string_view sop_class_uid;
  std::vector<std::string> image_type;
  std::string_view burned_in;
  std::string_view expected;
  bool shows_text;
};

TEST(ImageClass, FollowsFromWhatTheHeaderSays) {
  const Row rows[] = {
      {kCt, {"ORIGINAL", "PRIMARY", "AXIAL"}, "", "B", false},
      {kCt, {}, "", "B", false},
      {kCt, {"ORIGINAL", "PRIMARY", "AXIAL"}, "NO", "B", false},
      {kCt, {"ORIGINAL", "PRIMARY", "AXIAL"}, "YES", "A", true},
      {kCt, {"ORIGINAL", "PRIMARY", "LOCALIZER"}, "", "C", false},
      {kCt, {"DERIVED", "PRIMARY", "AXIAL"}, "", "C", false},
      {kCt, {"DERIVED ", "PRIMARY", "AXIAL"}, "", "C", false},
      {kCt, {"ORIGINAL", "SECONDARY", "OTHER"}, "NO", "C", false},
      {kCt, {"DERIVED", "SECONDARY", "SCREEN SAVE"}, "NO", "A", true},
      {kCt, {"DERIVED", "SECONDARY", "DOSE_INFO"}, "NO", "A", true},
      {kCapture, {"DERIVED", "SECONDARY", "RESULTS"}, "NO", "A", true},
      {kCapture, {}, "NO", "A", true},
      {kCt, {"DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"}, "", "A", true},
      {kCt, {"DERIVED", "SECONDARY", "OTHER", "CSA REPORT"}, "", "A", true},
      {kCt, {"DERIVED", "SECONDARY", "DOSE_REPORT"}, "", "A", true},
      {kCt, {"DERIVED", "SECONDARY", "screen save"}, "NO", "A", true},
      {kCt, {"DERIVED", "SECONDARY", "SCREENSHOT"}, "", "A", true},
      {kCt, {"DERIVED", "SECONDARY", "CAPTURE"}, "", "A", true},
      {kCt, {"ORIGINAL", "PRIMARY", "M", "PROTON_DENSITY"}, "", "B", false},
      {kCt, {"ORIGINAL", "PRIMARY", "AXIAL"}, "yes", "A", true},
      {kCt, {"ORIGINAL", "PRIMARY", "AXIAL"}, "Y", "A", true},
      {kCt, {"ORIGINAL", "PRIMARY", "AXIAL"}, "1", "A", true},
      {kCt, {"ORIGINAL", "PRIMARY", "AXIAL"}, "no", "B", false},
      {kCt, {"ORIGINAL", "PRIMARY", "VRT"}, "", "C", false},
      {kUltrasound, {"ORIGINAL", "PRIMARY"}, "no", "A", false},
      {kMultiFrameCapture, {"DERIVED", "PRIMARY"}, "", "A", true},
      {kUltrasound, {"ORIGINAL", "PRIMARY"}, "", "A", true},
      {kUltrasound, {"ORIGINAL", "PRIMARY"}, "NO", "A", false},
      {kUltrasound, {"DERIVED", "SECONDARY", "REPORT"}, "NO", "A", true},
      {kPhotograph, {"ORIGINAL", "PRIMARY"}, "NO", "A", false},
      {kSlide, {"ORIGINAL", "PRIMARY", "VOLUME", "NONE"}, "NO", "A", false},
      {kSlide, {"ORIGINAL", "PRIMARY", "LABEL", "NONE"}, "NO", "A", true},
      {kSlide, {"ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"}, "NO", "A", true},
      {kSlide, {"ORIGINAL", "PRIMARY", "Label", "NONE"}, "NO", "A", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(name(image_class(row.sop_class_uid, row.image_type, row.burned_in)), row.expected) << row.sop_class_uid;
    EXPECT_EQ(shows_text_by_kind(row.sop_class_uid, row.image_type, row.burned_in), row.shows_text)
        << row.sop_class_uid;
  }
}

TEST(ImageClass, KnowsRenderingsByImageType) {
  using Words = std::vector<std::string>;
  for (const char* const word : {"VRT", "CSA VRT", "volren", "VOLUME_RENDER", "SURFACE RENDERED", "SSD"}) {
    EXPECT_TRUE(names_a_rendering(Words{"DERIVED", "SECONDARY", word})) << word;
  }
  for (const char* const word : {"MIP", "MPR", "AXIAL", "SSDE", "PROJECTION IMAGE", ""}) {
    EXPECT_FALSE(names_a_rendering(Words{"DERIVED", "SECONDARY", word})) << word;
  }
}

TEST(ImageClass, SaysWhyAnImageShowsTextByItsKind) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(text_by_kind(kCt, Words{"ORIGINAL", "PRIMARY"}, ""), "");
  EXPECT_EQ(text_by_kind(kCt, Words{}, "yes"), "Burned In Annotation YES");
  EXPECT_EQ(text_by_kind(kCt, Words{}, "Y"), "Burned In Annotation that is not NO");
  EXPECT_EQ(text_by_kind(kCapture, Words{"DERIVED", "SECONDARY", "SCREEN SAVE"}, ""), "Image Type of a page of text");
  EXPECT_EQ(text_by_kind(kCapture, Words{}, "NO"), "secondary capture");
  EXPECT_EQ(text_by_kind(kMultiFrameCapture, Words{}, ""), "secondary capture");
  EXPECT_EQ(text_by_kind(kUltrasound, Words{}, ""), "ultrasound");
  EXPECT_EQ(text_by_kind(kPhotograph, Words{}, ""), "visible light");
  EXPECT_EQ(text_by_kind(kSlide, Words{"ORIGINAL", "PRIMARY", "LABEL"}, "NO"), "Image Type of a slide's label");
}

}  // namespace
}  // namespace naru::dicom
