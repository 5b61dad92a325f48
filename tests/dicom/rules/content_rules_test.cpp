#include "dicom/rules/content_rules.h"

#include <gtest/gtest.h>

namespace naru::test {

namespace {

TEST(ContentRules, KnowConceptNamesOfTheSchemeDcmAlone) {
  ASSERT_NE(dicom::find_content_rule("DCM", "121030"), nullptr);
  EXPECT_EQ(dicom::find_content_rule("DCM", "121030")->header, dicom::Tag{0x00100020});
  EXPECT_EQ(dicom::find_content_rule("99LOCAL", "121030"), nullptr);
  EXPECT_EQ(dicom::find_content_rule("DCM", "121071"), nullptr);  // Finding
  EXPECT_EQ(dicom::find_content_rule("DCM", ""), nullptr);
}

}  // namespace

}  // namespace naru::test
