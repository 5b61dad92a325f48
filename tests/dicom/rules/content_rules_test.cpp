#include "dicom/rules/content_rules.h"

#include <gtest/gtest.h>

namespace naru::test {

namespace {

TEST(ContentRules, KnowConceptNamesInTheirOwnSchemeAlone) {
  ASSERT_NE(dicom::find_content_rule("DCM", "121030"), nullptr);
  EXPECT_EQ(dicom::find_content_rule("DCM", "121030")->header, dicom::Tag{0x00100020});
  EXPECT_EQ(dicom::find_content_rule("99LOCAL", "121030"), nullptr);
  EXPECT_EQ(dicom::find_content_rule("DCM", "121071"), nullptr);  // Finding
  EXPECT_EQ(dicom::find_content_rule("DCM", ""), nullptr);
}

TEST(ContentRules, KnowPlacesDevicesAndPartiesBesideThoseOfTheHeader) {
  struct Row {
    const char* code;
    dicom::Tag header;
    dicom::ContentKind kind;
  };
  using enum dicom::ContentKind;
  constexpr Row kRows[] = {{"113512", 0x00402016, id},           // Radiopharmaceutical Lot Identifier
                           {"113514", 0x00402016, id},           // Radionuclide Vial Identifier
                           {"113724", 0x00080080, device_name},  // Calibration Responsible Party
                           {"121121", 0x00081010, device_name},  // Room identification
                           {"121122", 0x00181000, device_id},    // Equipment Identification
                           {"121149", 0x00181000, id},           // Lot Identifier
                           {"121354", 0x00400512, id},           // Imaged container label
                           {"122128", 0x00380300, place},        // Patient Transferred From
                           {"122143", 0x00181000, device_id},    // Acquisition Device ID
                           {"125010", 0x00402016, mark}};        // Identifier
  for (const Row& row : kRows) {
    const auto* found = dicom::find_content_rule("DCM", row.code);
    ASSERT_NE(found, nullptr) << row.code;
    EXPECT_EQ(found->header, row.header) << row.code;
    EXPECT_EQ(found->kind, row.kind) << row.code;
  }
  EXPECT_EQ(dicom::find_content_rule("DCM", "121151"), nullptr);  // Lesion Identifier
}

TEST(ContentRules, GiveLoincAndSnomedTheRuleOfTheSameMeaning) {
  struct Row {
    const char *scheme, *code, *dcm;
  };
  constexpr Row kRows[] = {
      {"LN", "54125-0", "121029"},    {"SCT", "371484003", "121029"}, {"LN", "21112-8", "121031"},
      {"SCT", "184099003", "121031"}, {"LN", "46098-0", "121032"},    {"SCT", "184100006", "121032"},
      {"LN", "30525-0", "121033"},    {"SCT", "397669002", "121033"}, {"SCT", "398225001", "121030"}};
  for (const Row& row : kRows) {
    const auto* found = dicom::find_content_rule(row.scheme, row.code);
    const auto* meant = dicom::find_content_rule("DCM", row.dcm);
    ASSERT_TRUE(found != nullptr && meant != nullptr) << row.code;
    EXPECT_EQ(found->header, meant->header) << row.code;
    EXPECT_EQ(found->kind, meant->kind) << row.code;
  }
  EXPECT_EQ(dicom::find_content_rule("SCT", "54125-0"), nullptr);
  EXPECT_EQ(dicom::find_content_rule("LN", "8302-2"), nullptr);      // Body height
  EXPECT_EQ(dicom::find_content_rule("LN", "29463-7"), nullptr);     // Body weight
  EXPECT_EQ(dicom::find_content_rule("SCT", "128601007"), nullptr);  // a finding
}

}  // namespace

}  // namespace naru::test
