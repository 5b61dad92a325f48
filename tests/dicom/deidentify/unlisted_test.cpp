#include "dicom/deidentify/unlisted.h"

#include <gtest/gtest.h>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;

std::string attribute(std::uint32_t tag, std::string_view vr, std::string_view value) {
  return SliceBytes::element(tag, vr, value);
}

std::string coded(std::string_view value, std::string_view scheme, std::string_view meaning,
                  const std::string& more = "") {
  return item(attribute(0x00080100, "SH", value) + attribute(0x00080102, "SH", scheme) +
              attribute(0x00080104, "LO", meaning) + more);
}

const auto kBasicAndCleaned = {policy_with({}), policy_with({DeidOption::clean_descriptors})};

TEST(Unlisted, GoesWhereItNamesSomebodyByNature) {
  SliceBytes slice;
  slice.text(0x00201070, "IS", "55443322").text(0x002000AA, "IS", "99112233").text(0x00880130, "SH", "ZWICKEL_A1");
  slice.text(0x0074100C, "LO", "Zwickelbauer, Anna")
      .text(0x21000160, "SH", "AZWICKEL")
      .text(0x21100030, "LO", "HP-ZQ7");
  slice.text(0x0044000A, "LO", "LOT8812").text(0x00189423, "LO", "Thorax Zwickelbauer");
  for (const auto& policy : kBasicAndCleaned) {
    const Deidentified done(slice.bytes(), policy);
    ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
    for (const std::uint32_t tag : {0x00201070, 0x002000AA, 0x00880130, 0x0074100C, 0x21000160, 0x21100030, 0x0044000A})
      EXPECT_FALSE(done.has(tag)) << std::hex << tag;
    EXPECT_FALSE(done.holds("Zwickelbauer"));  // nor elsewhere
  }
}

TEST(Unlisted, LeavesADummyWhereTheAttributeIsNeverMissing) {
  SliceBytes slice;
  slice.raw(0x00102294, "SQ", item(attribute(0x00102295, "LO", "KC-REG-88123")));
  slice.text(0x00187062, "LT", "by Zwickelbauer");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00102295), "REMOVED");
  EXPECT_EQ(done.value(0x00187062), "REMOVED");
}

TEST(Unlisted, GoesWhereItsCodesAreThoseOfPersonsAndPlaces) {
  SliceBytes slice;
  slice.raw(0x00080220, "SQ", coded("G1", "99ZQ", "Pfifferling lab"));
  slice.raw(0x0040A028, "SQ", coded("77127", "99ZQ", "Zundertown Clinic"));
  slice.raw(0x0040A068, "SQ", coded("77125", "99ZQ", "Hempelhuber, Otto"));
  slice.raw(0x0040A076, "SQ", coded("77126", "99ZQ", "Grubenwald, Eva"));
  slice.raw(0x00100024, "SQ",
            item(attribute(0x00400035, "CS", "MR") + attribute(0x00400039, "SQ", coded("US-OH", "ISO3166_2", "Ohio")) +
                 attribute(0x0040003A, "SQ", coded("ZQH77", "99ZQH", "Zundertown Cancer Center"))));
  slice.text(0x00189423, "LO", "Head, Hempelhuber");
  for (const auto& policy : kBasicAndCleaned) {
    const Deidentified done(slice.bytes(), policy);
    ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
    for (const std::string_view gone :
         {"Zundertown", "Hempelhuber", "Grubenwald", "Pfifferling", "Ohio", "US-OH", "77127", "ZQH77"})
      EXPECT_FALSE(done.holds(gone)) << gone;
    EXPECT_EQ(done.value(0x00400035), "MR");
  }
}

TEST(Unlisted, GoesAndStaysWithTheListedAttributeThatSaysTheSame) {
  SliceBytes slice;
  slice.text(0x00081030, "LO", "On QUILL_LINAC_2, axial").text(0x30020020, "SH", "QUILL_LINAC_2");
  slice.text(0x00440012, "LO", "PUMP-SN-778123").text(0x00101020, "DS", "1.82").text(0x00101022, "DS", "24.1");
  slice.raw(0x00101021, "SQ", coded("S1", "99ZQ", "Obese"));
  const Deidentified basic(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(basic.result.reason) << name(*basic.result.reason);
  EXPECT_EQ(basic.value(0x30020020), "");  // type 2
  EXPECT_FALSE(basic.has(0x00440012) || basic.has(0x00101021) || basic.has(0x00101022));
  EXPECT_FALSE(basic.holds("QUILL"));
  const Deidentified device(slice.bytes(),
                            policy_with({DeidOption::clean_descriptors, DeidOption::retain_device_identity}));
  ASSERT_FALSE(device.result.reason) << name(*device.result.reason);
  EXPECT_EQ(device.value(0x30020020), "QUILL_LINAC_2");
  EXPECT_EQ(device.value(0x00440012), "PUMP-SN-778123");
  const Deidentified patient(slice.bytes(), policy_with({DeidOption::retain_patient_characteristics}));
  ASSERT_FALSE(patient.result.reason);
  EXPECT_TRUE(patient.has(0x00101021) && patient.has(0x00101022));
}

TEST(Unlisted, KeepsOfAHospitalsOwnCodingSchemeItsCodesAlone) {
  const std::string own_root = "1.2.276.0.76.3.1.4711.", snomed = "2.16.840.1.113883.6.96",
                    cid = "1.2.840.10008.6.1.19";
  SliceBytes slice;
  slice.raw(0x00080110, "SQ",
            item(attribute(0x00080102, "SH", "99ZQH ") + attribute(0x0008010C, "UI", own_root + "55") +
                 attribute(0x00080115, "ST", "Zundertown codes") + attribute(0x00080116, "ST", "Zundertown Center ")) +
                item(attribute(0x00080102, "SH", "SCT ") + attribute(0x0008010C, "UI", snomed) +
                     attribute(0x00080115, "ST", "SNOMED CT ")));
  slice.raw(0x00081032, "SQ",
            coded("CTCH", "99ZQH ", "CT chest", attribute(0x00080117, "UI", own_root + "77")) +
                coded("1234", "SCT ", "CT chest", attribute(0x00080117, "UI", cid)));
  for (const auto& policy : kBasicAndCleaned) {
    const Deidentified done(slice.bytes(), policy);
    ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
    EXPECT_FALSE(done.holds("Zundertown"));
    EXPECT_FALSE(done.holds("4711"));
    EXPECT_EQ(done.value(0x0008010C, 1), snomed);
    EXPECT_EQ(done.value(0x00080117, 1), cid);
    EXPECT_EQ(done.value(0x00080100, 0), "CTCH");
  }
  const Deidentified kept(slice.bytes(), policy_with({DeidOption::retain_uids}));
  EXPECT_EQ(kept.value(0x00080117, 0), own_root + "77");
}

TEST(Unlisted, KeepsOrCleansAttributesThatAreNewerThanDcmtk) {
  SliceBytes slice;
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.9.1.4").text(0x00100010, "PN", "Davidson^Douglas");
  slice.raw(0x003A0326, "SQ",
            item(attribute(0x003A0327, "IS", "4 ") + attribute(0x003A0329, "ST", "notch 50 Hz for Davidson")));
  slice.text(0x00189828, "CS", "NO");
  const Deidentified cleaned(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(cleaned.result.reason) << name(*cleaned.result.reason);
  EXPECT_EQ(cleaned.value(0x003A0327), "4");
  EXPECT_EQ(cleaned.value(0x003A0329), "notch 50 Hz for");
  EXPECT_EQ(cleaned.value(0x00189828), "NO");
  EXPECT_FALSE(Deidentified(slice.bytes()).has(0x003A0329));  // X of the table
}

TEST(Unlisted, TakesTheLocalSchemeForAHospitalsOwn) {
  SliceBytes slice;
  slice.raw(0x00080110, "SQ",
            item(attribute(0x00080102, "SH", "L ") + attribute(0x0008010C, "UI", "1.2.276.0.76.3.1.4711.55") +
                 attribute(0x00080115, "ST", "Zundertown codes") + attribute(0x00080116, "ST", "Zundertown Center ")) +
                item(attribute(0x00080102, "SH", "LN") + attribute(0x00080115, "ST", "CT protocol ")));
  for (const auto& policy : kBasicAndCleaned) {
    const Deidentified done(slice.bytes(), policy);
    ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
    EXPECT_FALSE(done.holds("Zundertown"));
    EXPECT_FALSE(done.holds("4711"));
  }
  EXPECT_TRUE(Deidentified(slice.bytes(), policy_with({DeidOption::clean_descriptors})).holds("CT protocol"));
}

}  // namespace

}  // namespace naru::test
