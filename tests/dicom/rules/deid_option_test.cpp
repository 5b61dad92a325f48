#include "dicom/rules/deid_option.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace naru::test {
namespace {

using dicom::DeidOption;
using dicom::DeidOptions;

/// Names as recipes spell them; codes and meanings of PS3.16 CID 7050; clauses of PS3.15 E.3.
constexpr dicom::DeidOptionInfo kExpected[] = {
    {DeidOption::clean_pixel_data, "clean-pixel-data", "113101", "Clean Pixel Data Option", "E.3.1"},
    {DeidOption::clean_recognizable_visual_features, "clean-recognizable-visual-features", "113102",
     "Clean Recognizable Visual Features Option", "E.3.2"},
    {DeidOption::clean_graphics, "clean-graphics", "113103", "Clean Graphics Option", "E.3.3"},
    {DeidOption::clean_structured_content, "clean-structured-content", "113104", "Clean Structured Content Option",
     "E.3.4"},
    {DeidOption::clean_descriptors, "clean-descriptors", "113105", "Clean Descriptors Option", "E.3.5"},
    {DeidOption::retain_longitudinal_full_dates, "retain-longitudinal-full-dates", "113106",
     "Retain Longitudinal Temporal Information Full Dates Option", "E.3.6"},
    {DeidOption::retain_longitudinal_modified_dates, "retain-longitudinal-modified-dates", "113107",
     "Retain Longitudinal Temporal Information Modified Dates Option", "E.3.6"},
    {DeidOption::retain_patient_characteristics, "retain-patient-characteristics", "113108",
     "Retain Patient Characteristics Option", "E.3.7"},
    {DeidOption::retain_device_identity, "retain-device-identity", "113109", "Retain Device Identity Option", "E.3.8"},
    {DeidOption::retain_uids, "retain-uids", "113110", "Retain UIDs Option", "E.3.9"},
    {DeidOption::retain_safe_private, "retain-safe-private", "113111", "Retain Safe Private Option", "E.3.10"},
    {DeidOption::retain_institution_identity, "retain-institution-identity", "113112",
     "Retain Institution Identity Option", "E.3.11"},
};

TEST(DeidOption, HasTheCodesOfContextGroup7050) {
  ASSERT_EQ(std::size(kExpected), dicom::kDeidOptions);
  for (const auto& expected : kExpected) {
    const auto& info = dicom::deid_options()[static_cast<std::size_t>(expected.option)];
    EXPECT_EQ(info.option, expected.option);
    EXPECT_EQ(info.name, expected.name);
    EXPECT_EQ(info.code, expected.code);
    EXPECT_EQ(info.meaning, expected.meaning);
    EXPECT_EQ(info.clause, expected.clause);
    EXPECT_LE(info.meaning.size(), 64U) << "Code Meaning is LO";
  }
}

TEST(DeidOption, IsFoundByItsExactName) {
  for (const auto& expected : kExpected) EXPECT_EQ(dicom::deid_option_from_name(expected.name), expected.option);
  for (const std::string_view name : {"", "Clean-Descriptors", "clean_descriptors", "clean-descriptors ", "retain"}) {
    EXPECT_EQ(dicom::deid_option_from_name(name), std::nullopt) << name;
  }
}

TEST(DeidOptions, IsASetOfIndependentOptions) {
  DeidOptions options;
  EXPECT_EQ(options.bits(), 0U);
  std::set<std::uint32_t> seen{0};
  for (const auto& info : dicom::deid_options()) {
    EXPECT_FALSE(options.has(info.option)) << info.name;
    options.add(info.option);
    options.add(info.option);
    EXPECT_TRUE(options.has(info.option)) << info.name;
    EXPECT_TRUE(seen.insert(options.bits()).second) << info.name;
  }
  EXPECT_EQ(options.bits(), (1U << dicom::kDeidOptions) - 1);
}

}  // namespace
}  // namespace naru::test
