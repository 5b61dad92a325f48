#include "dicom/deidentify/content_items.h"

#include <gtest/gtest.h>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;

std::string element(std::uint32_t tag, std::string_view vr, std::string_view value) {
  return SliceBytes::element(tag, vr, value);
}

std::string sequence_of(std::uint32_t tag, const std::string& items) { return element(tag, "SQ", items); }

std::string code(std::string_view value, std::string_view scheme) {
  return item(element(0x00080100, "SH", value) + element(0x00080102, "SH", scheme) +
              element(0x00080104, "LO", "Meaning"));
}

std::string content(std::string_view type, std::string_view concept_code, const std::string& value,
                    std::string_view scheme = "DCM") {
  return item(element(0x0040A010, "CS", "CONTAINS") + element(0x0040A040, "CS", type) +
              sequence_of(0x0040A043, code(concept_code, scheme)) + value);
}

std::string text(std::string_view concept_code, std::string_view value) {
  return content("TEXT", concept_code, element(0x0040A160, "UT", value));
}

std::string number(std::string_view concept_code, std::string_view value, std::string_view unit) {
  const std::string units = sequence_of(0x004008EA, code(unit, "UCUM"));
  return content("NUM", concept_code, sequence_of(0x0040A300, item(units + element(0x0040A30A, "DS", value))));
}

/// The code that the first content item of type CODE has.
std::string concept_of(const Deidentified& done) {
  for (const dicom::Node& node : done.table.nodes) {
    if (node.tag == 0x00080100 && node.parent == 0x0040A168) {
      return std::string(dicom::text_of(dicom::value_of(node, done.view())));
    }
  }
  return "";
}

/// A report, as far as these rules look at it.
std::string report(const std::string& items) {
  SliceBytes slice;
  slice.text(0x00100010, "PN", "Davidson^Douglas").text(0x00100020, "LO", "MRN-443322");
  slice.raw(0x0040A730, "SQ", items);
  return slice.bytes();
}

const auto kCleaned = {DeidOption::clean_structured_content, DeidOption::clean_descriptors,
                       DeidOption::retain_longitudinal_modified_dates};

TEST(ContentItems, AreTreatedAsTheHeaderThatTheyRepeat) {
  const std::string items = text("121030", "OTHER77") + text("121016", "SN5577") + text("121022", "AC55501") +
                            text("121009", "North Clinic") + text("121071", "Nodule of 12 mm") +
                            content("PNAME", "121029", element(0x0040A123, "PN", "Other^Otto")) +
                            content("DATE", "121031", element(0x0040A121, "DA", "19541107"));
  const Deidentified done(report(items), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x0040A160, 0), done.result.patient);
  EXPECT_EQ(done.value(0x0040A160, 1), "REMOVED");
  EXPECT_EQ(done.value(0x0040A160, 2), "REMOVED");
  EXPECT_EQ(done.value(0x0040A160, 3), "REMOVED");
  EXPECT_EQ(done.value(0x0040A160, 4), "Nodule of 12 mm");
  EXPECT_EQ(done.value(0x0040A123), done.result.patient);
  EXPECT_EQ(done.value(0x0040A121), "19000101");
}

TEST(ContentItems, NamePlacesDevicesPartiesAndThings) {
  const std::string items = text("113724", "Zundertown Physics Group") + text("121121", "ZQ-CATH-2") +
                            text("121122", "AXIOM-ZQ-778812") + text("113514", "V-881239") +
                            text("121354", "S14-88123-Z") + text("126070", "left") +
                            text("121071", "Cyst of the left lobe, ZQ-CATH-2") +
                            content("CODE", "122128", sequence_of(0x0040A168, code("ZUND", "99ZQ")));
  const Deidentified done(report(items), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  for (std::size_t n = 0; n < 6; ++n) EXPECT_EQ(done.value(0x0040A160, n), "REMOVED") << n;
  EXPECT_EQ(done.value(0x0040A160, 6), "Cyst of the left lobe");  // a label is looked for nowhere else
  EXPECT_EQ(concept_of(done), "REMOVED");
}

TEST(ContentItems, KeepWhatTheOptionsRetainOfTheHeader) {
  auto policy = policy_with(kCleaned);
  policy.options.add(DeidOption::retain_device_identity);
  const Deidentified device(report(text("121016", "SN5577") + text("121009", "North Clinic")), policy);
  EXPECT_EQ(device.value(0x0040A160, 0), "SN5577");
  EXPECT_EQ(device.value(0x0040A160, 1), "REMOVED");
  policy.options.add(DeidOption::retain_institution_identity);
  const Deidentified both(report(text("121016", "SN5577") + text("121009", "North Clinic")), policy);
  EXPECT_EQ(both.value(0x0040A160, 1), "North Clinic");
}

TEST(ContentItems, AreFoundAtAnyDepth) {
  const std::string inner = sequence_of(0x0040A730, text("121020", "PL55502"));
  const std::string middle = sequence_of(0x0040A730, content("CONTAINER", "121070", inner));
  const Deidentified done(report(content("CONTAINER", "121070", middle)), policy_with(kCleaned));
  EXPECT_EQ(done.value(0x0040A160), "REMOVED");
}

TEST(ContentItems, GoFromOtherTextsToo) {
  const std::string items = text("121030", "OTHER7766") + text("121071", "Compare OTHER7766 of last year");
  const Deidentified done(report(items), policy_with(kCleaned));
  EXPECT_FALSE(done.holds("OTHER7766"));
}

/// An item must have a value, and a report a date.
TEST(ContentItems, HaveADummyForADateThatIsNone) {
  SliceBytes slice;
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.88.33").text(0x00080020, "DA", "00000000");
  slice.text(0x00080023, "DA", "00000000");
  slice.raw(0x0040A730, "SQ", content("DATE", "111060", element(0x0040A121, "DA", "2014-13-45")));
  const Deidentified done(slice.bytes(), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x0040A121), "19000101");
  EXPECT_EQ(done.value(0x00080023), "19000101");
  EXPECT_EQ(done.value(0x00080020), "");
  EXPECT_EQ(done.result.counts.notes.at("value_not_legal"), 3U);
}

TEST(ContentItems, AreCleanedWithoutCleanDescriptorsToo) {
  const Deidentified done(report(text("121071", "Nodule of 12 mm, as Dr. Abernathy saw on 2013-02-28")),
                          policy_with({DeidOption::clean_structured_content}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x0040A160), "Nodule of 12 mm, as Dr. saw on");
}

TEST(ContentItems, HaveCodesAndNumbersThatMayBeMissing) {
  const std::string sex = content("CODE", "121032", sequence_of(0x0040A168, code("M", "DCM")));
  const Deidentified done(report(sex + number("121033", "64", "a")), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(concept_of(done), "REMOVED");
  EXPECT_TRUE(done.has(0x0040A300));
  EXPECT_FALSE(done.has(0x0040A30A));
}

TEST(ContentItems, KeepCharacteristicsButNoAgeAbove89) {
  auto policy = policy_with(kCleaned);
  policy.options.add(DeidOption::retain_patient_characteristics);
  const std::string sex = content("CODE", "121032", sequence_of(0x0040A168, code("M", "DCM")));
  const std::string ages = number("121033", "64", "a") + number("121033", "97", "a") + number("121033", "400", "mo") +
                           number("121033", "1100", "mo") + text("121033", "97 years");
  const Deidentified done(report(sex + ages), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(concept_of(done), "M");
  EXPECT_EQ(done.value(0x0040A30A, 0), "64");
  EXPECT_EQ(done.value(0x0040A30A, 1), "90");
  EXPECT_EQ(done.value(0x0040A30A, 2), "400");
  EXPECT_EQ(done.value(0x0040A30A, 3), "90");
  EXPECT_EQ(done.value(0x0040A160), "REMOVED");
}

TEST(ContentItems, AreTreatedSoByTheirNamesInOtherSchemesToo) {
  const std::string items =
      content("PNAME", "54125-0", element(0x0040A123, "PN", "Other^Otto"), "LN") +
      content("DATE", "184099003", element(0x0040A121, "DA", "19541107"), "SCT") +
      content("TEXT", "398225001", element(0x0040A160, "UT", "OTHER77"), "SCT") +
      content("TEXT", "184097001", element(0x0040A160, "UT", "somewhere"), "SCT") +
      content("TEXT", "8302-2", element(0x0040A160, "UT", "172 cm"), "LN") +          // Body height
      content("TEXT", "54125-0", element(0x0040A160, "UT", "a finding"), "99LOCAL");  // of nobody's scheme
  const Deidentified done(report(items), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x0040A123), done.result.patient);
  EXPECT_EQ(done.value(0x0040A121), "19000101");
  EXPECT_EQ(done.value(0x0040A160, 0), done.result.patient);
  EXPECT_EQ(done.value(0x0040A160, 1), "REMOVED");
  EXPECT_EQ(done.value(0x0040A160, 2), "172 cm");
  EXPECT_EQ(done.value(0x0040A160, 3), "a finding");
}

TEST(ContentItems, MayCallADeviceByItsModel) {
  SliceBytes slice;
  slice.text(0x00081090, "LO", "Sensation 16");
  slice.raw(0x0040A730, "SQ", text("121013", "Sensation 16"));
  const Deidentified done(slice.bytes(), policy_with(kCleaned));
  EXPECT_EQ(done.value(0x00081090), "Sensation 16");
  EXPECT_EQ(done.value(0x0040A160), "REMOVED");
}

/// For hours where the item's concept name is sought for each of them.
TEST(ContentItems, MayHoldOneValueAnyNumberOfTimes) {
  constexpr int kValues = 300'000;
  std::string values;
  for (int n = 0; n < kValues; ++n) values += element(0x0040A160, "UT", "");
  const Deidentified done(report(item(values + sequence_of(0x0040A043, code("121071", "DCM")))), policy_with(kCleaned));
  EXPECT_FALSE(done.result.reason);
}

/// "GE MEDICAL SYSTEMS" calibrated it; a room or a device is called by its model.
TEST(ContentItems, MayCallARoomADeviceOrWhoCalibratedByItsMakerOrModel) {
  for (const char* concept_code : {"113724", "121121", "121122", "122143"}) {
    for (const char* name : {"GE MEDICAL SYSTEMS", "Innova 3100"}) {
      SliceBytes slice;
      slice.text(0x00080070, "LO", "GE MEDICAL SYSTEMS").text(0x00081090, "LO", "Innova 3100");
      slice.raw(0x0040A730, "SQ", text(concept_code, name));
      const Deidentified done(slice.bytes(), policy_with(kCleaned));
      ASSERT_FALSE(done.result.reason) << concept_code;
      EXPECT_EQ(done.value(0x00080070), "GE MEDICAL SYSTEMS") << concept_code;
      EXPECT_EQ(done.value(0x00081090), "Innova 3100") << concept_code;
      EXPECT_EQ(done.value(0x0040A160), "REMOVED") << concept_code;
      EXPECT_TRUE(done.result.identifiers.ids.size() <= 1 && done.result.identifiers.places.empty()) << concept_code;
    }
  }
}

TEST(ContentItems, OfDevicesAreIdsOrPlacesWhereTheyAreNoModel) {
  const std::string items =
      text("113724", "Zundertown Physics Group") + text("121122", "Innova 778812") + text("122143", "AX 881239");
  SliceBytes slice;
  slice.text(0x00081090, "LO", "Innova 3100")
      .text(0x0008103E, "LO", "Angio 778812, AX 881239")
      .raw(0x0040A730, "SQ", items);
  const Deidentified done(slice.bytes(), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  for (const char* gone : {"Zundertown", "778812", "881239"}) EXPECT_FALSE(done.holds(gone)) << gone;
  EXPECT_EQ(done.value(0x0008103E), "Angio");
  EXPECT_EQ(done.value(0x00081090), "Innova 3100");
}

/// "Identifier" of TID 5013 tells one follicle from another.
TEST(ContentItems, KeepTheMarksOfFolliclesButNoNumbersOfPersons) {
  const std::string items = text("125010", "1") + text("125010", "left 2") + text("125010", "Davidson") +
                            text("125010", "8877665") +
                            content("CODE", "125010", sequence_of(0x0040A168, code("55", "99ZQ")));
  const Deidentified done(report(items), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x0040A160, 0), "1");
  EXPECT_EQ(done.value(0x0040A160, 1), "left 2");
  EXPECT_EQ(done.value(0x0040A160, 2), "REMOVED");
  EXPECT_EQ(done.value(0x0040A160, 3), "REMOVED");
  EXPECT_EQ(concept_of(done), "REMOVED");
}

/// Twins are no patients, and none of them is their mother.
TEST(ContentItems, OfAFetusDoNotGetItsMothersPseudonym) {
  const auto subject = [](std::string_view subject_class, std::string_view id) {
    return content("CODE", "121024", sequence_of(0x0040A168, code(subject_class, "DCM"))) + text("121030", id) +
           content("PNAME", "121029", element(0x0040A123, "PN", "Davidson^Twin"));
  };
  const std::string groups = content("CONTAINER", "125002", sequence_of(0x0040A730, subject("121026", "FET77A"))) +
                             content("CONTAINER", "125002", sequence_of(0x0040A730, subject("121025", "MRN-443322")));
  const Deidentified done(report(groups), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x0040A160, 0), "REMOVED");
  EXPECT_EQ(done.value(0x0040A123, 0), "REMOVED");
  EXPECT_EQ(done.value(0x0040A160, 1), done.result.patient);
  EXPECT_EQ(done.value(0x0040A123, 1), done.result.patient);
}

TEST(ContentItems, OfAFetusAreSoInContainersWithinItsOwn) {
  const std::string inner = content("CONTAINER", "125003", sequence_of(0x0040A730, text("121030", "FET77A")));
  const std::string fetus = content("CODE", "121024", sequence_of(0x0040A168, code("121026", "DCM")));
  const std::string groups = content("CONTAINER", "125002", sequence_of(0x0040A730, fetus + inner)) +
                             content("CONTAINER", "125002", sequence_of(0x0040A730, text("121030", "MRN-443322")));
  const Deidentified done(report(groups), policy_with(kCleaned));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x0040A160, 0), "REMOVED");
  EXPECT_EQ(done.value(0x0040A160, 1), done.result.patient);
}

}  // namespace

}  // namespace naru::test
