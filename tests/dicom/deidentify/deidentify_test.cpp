#include "dicom/deidentify/deidentify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>

#include "core/error.h"
#include "dicom/deidentify/data_set_writer.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;

const std::string kItemEnd("\xFE\xFF\x0D\xE0\0\0\0\0", 8);

std::string sequence(std::uint32_t tag, const std::string& items) { return SliceBytes::element(tag, "SQ", items); }

/// A CT slice as a hospital has it.
SliceBytes hospital_slice() {
  SliceBytes slice;
  slice.text(0x00080012, "DA", "20140322").text(0x00080020, "DA", "20140321").text(0x00080030, "TM", "101500");
  slice.text(0x00080050, "SH", "ACC998877").text(0x00080080, "LO", "Mercy General Hospital");
  slice.text(0x00080090, "PN", "Welby^Marcus").text(0x00081030, "LO", "CT CHEST for Douglas Davidson");
  slice.text(0x0008103E, "LO", "Axial 20140321").text(0x00100010, "PN", "Davidson^Douglas");
  slice.text(0x00100020, "LO", "MRN-443322").text(0x00100030, "DA", "19510704").text(0x00100040, "CS", "M");
  slice.text(0x00101010, "AS", "093Y").text(0x00181000, "LO", "SN-9911").text(0x00200010, "SH", "77123");
  return slice;
}

TEST(Deidentify, LeavesNothingThatNamesSomeone) {
  const Deidentified done(hospital_slice().bytes());
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  for (const char* word : {"Davidson", "Douglas", "MRN-443322", "ACC998877", "Mercy", "Welby", "19510704", "20140321",
                           "2.999.1", "SN-9911", "77123", "CT CHEST"}) {
    EXPECT_FALSE(done.holds(word)) << word;
  }
  EXPECT_EQ(done.value(0x00100020), done.result.patient);
  EXPECT_EQ(done.value(0x00100010), done.result.patient);
  EXPECT_EQ(done.value(0x00080018), done.result.sop_instance_uid);
  EXPECT_EQ(done.value(0x00120062), "YES");
  EXPECT_EQ(done.value(0x00280303), "REMOVED");
}

TEST(Deidentify, KeepsWhatTheStandardKeeps) {
  const Deidentified done(hospital_slice().bytes());
  EXPECT_EQ(done.value(0x00280030), "0.75\\0.5");
  EXPECT_EQ(done.value(0x00200032), "-10\\-20.5\\30");
  EXPECT_EQ(done.value(0x00080070), "GE MEDICAL SYSTEMS");
  EXPECT_EQ(done.value(0x00080060), "CT");
  EXPECT_EQ(done.value(0x00281052), "-1024");
  EXPECT_TRUE(done.result.pixels_are_kept);
}

TEST(Deidentify, StatesTheOptionsThatRan) {
  const Deidentified done(hospital_slice().bytes(),
                          policy_with({DeidOption::clean_descriptors, DeidOption::clean_pixel_data}));
  std::vector<std::string> codes;
  for (std::size_t n = 0; const auto code = done.value(0x00080100, n); ++n) codes.push_back(*code);
  // Clean Pixel Data was asked for, but there was nothing to clean.
  EXPECT_EQ(codes, (std::vector<std::string>{"113100", "113105"}));
}

TEST(Deidentify, ClaimsNoProfileThatASiteRuleWeakens) {
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{0x00081030, dicom::DeidAction::C}};
  const Deidentified done(hospital_slice().bytes(), policy);
  EXPECT_FALSE(done.holds("113100"));
  EXPECT_EQ(done.value(0x00081030), "CT CHEST for");
}

TEST(Deidentify, LeavesNothingInASequenceThatASiteRuleReplaces) {
  SliceBytes slice = hospital_slice();
  slice.raw(0x00400440, "SQ", item(SliceBytes::element(0x0040A160, "UT", "screw of plate 7")));
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{0x00400440, dicom::DeidAction::D}};
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_TRUE(done.has(0x00400440));
  EXPECT_FALSE(done.has(0x0040A160));
}

TEST(Deidentify, TakesTheDigitsOfAnIdOutOfNumbers) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00100020, "LO", "QF-773412").text(0x00200011, "IS", "773412").text(0x00200012, "IS", "5");
  slice.text(0x00181100, "DS", "773412.0").text(0x00281050, "DS", "40\\773412").text(0x00281051, "DS", "400\\1500");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00200011), "0");
  EXPECT_EQ(done.value(0x00200012), "5");
  EXPECT_FALSE(done.holds("773412"));
  EXPECT_EQ(done.value(0x00281051), "400\\1500");
}

TEST(Deidentify, TellsOtherPatientsApart) {
  SliceBytes slice = hospital_slice();
  const auto patient = [](const char* id) { return item(SliceBytes::element(0x00100020, "LO", id)); };
  slice.raw(0x00100027, "SQ", patient("MOUSE-12") + patient("MOUSE-34") + patient("MOUSE-12"));
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  const auto own = done.value(0x00100020), first = done.value(0x00100020, 1), second = done.value(0x00100020, 2);
  ASSERT_TRUE(own && first && second);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, done.value(0x00100020, 3));
  EXPECT_NE(own, first);
  EXPECT_NE(own, second);
  EXPECT_FALSE(done.holds("MOUSE"));
}

TEST(Deidentify, MakesNoTwoContainersOne) {
  const auto container_of = [](const char* id) {
    return Deidentified(hospital_slice().text(0x00400512, "LO", id).bytes()).value(0x00400512);
  };
  EXPECT_EQ(container_of("S14-88123"), container_of("S14-88123"));
  EXPECT_NE(container_of("S14-88123"), container_of("S14-88124"));
  const std::string key = container_of("S14-88123").value_or("");
  EXPECT_EQ(key.size(), 16U);
  EXPECT_EQ(key.find_first_not_of("0123456789abcdef"), std::string::npos) << key;
}

TEST(Deidentify, MovesDatesOfAPatientTogether) {
  const auto policy = policy_with({DeidOption::retain_longitudinal_modified_dates});
  const Deidentified first(hospital_slice().bytes(), policy);
  const Deidentified second(hospital_slice().text(0x00080020, "DA", "20140331").bytes(), policy);
  ASSERT_TRUE(first.value(0x00080020) && second.value(0x00080020));
  const int shift = test_key().date_shift_days(dicom::patient_identifier(first.result.source), 3650);
  EXPECT_NE(shift, 0);
  const std::chrono::sys_days study = std::chrono::year(2014) / 3 / 21;
  const std::chrono::year_month_day moved(study + std::chrono::days(shift));
  const std::string text = fmt::format("{:04}{:02}{:02}", static_cast<int>(moved.year()),
                                       static_cast<unsigned>(moved.month()), static_cast<unsigned>(moved.day()));
  EXPECT_EQ(first.value(0x00080020), text);
  EXPECT_EQ(first.value(0x00080030), "101500");
  EXPECT_EQ(first.value(0x00280303), "MODIFIED");
  EXPECT_NE(first.value(0x00080020), second.value(0x00080020));
}

TEST(Deidentify, ADateThatARuleKeepsIsNotSearchedFor) {
  auto policy = policy_with({DeidOption::clean_descriptors, DeidOption::retain_longitudinal_modified_dates});
  policy.attributes = {{0x00080020, dicom::DeidAction::K}};
  SliceBytes slice = hospital_slice();
  slice.text(0x00080021, "DA", "20140321").text(0x00080023, "DA", "20140321");
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00080020), "20140321");
  EXPECT_NE(done.value(0x00080021), "20140321");
  EXPECT_FALSE(done.holds("19510704"));
  // Other dates are.
  slice.raw(0x00281201, "OW", "..19510704..");
  EXPECT_EQ(Deidentified(slice.bytes(), policy).result.reason, Code::deid_incomplete);
}

TEST(Deidentify, SaysOfDatesWhatARuleOfTheHospitalDoesToThem) {
  const auto said = [](dicom::DeidAction action, std::initializer_list<DeidOption> options) {
    auto policy = policy_with(options);
    policy.attributes = {{0x00080020, action}};
    return Deidentified(hospital_slice().bytes(), policy).value(0x00280303);
  };
  EXPECT_EQ(said(dicom::DeidAction::K, {}), "UNMODIFIED");
  EXPECT_EQ(said(dicom::DeidAction::C, {}), "MODIFIED");
  EXPECT_EQ(said(dicom::DeidAction::X, {}), "REMOVED");
  EXPECT_EQ(said(dicom::DeidAction::K, {DeidOption::retain_longitudinal_modified_dates}), "UNMODIFIED");
}

TEST(Deidentify, RetainsDatesThatTheTableDoesNotListWithTheOthers) {
  constexpr dicom::Tag kSecondaryReviewDate = 0x00140102;
  SliceBytes slice = hospital_slice();
  slice.text(kSecondaryReviewDate, "DA", "20140519");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_longitudinal_full_dates}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kSecondaryReviewDate), "20140519");
}

TEST(Deidentify, CapsTheAgeThatItRetains) {
  const Deidentified done(hospital_slice().bytes(), policy_with({DeidOption::retain_patient_characteristics}));
  EXPECT_EQ(done.value(0x00101010), "090Y");
  EXPECT_EQ(done.value(0x00100040), "M");
}

TEST(Deidentify, GivesTheSamePseudonymsForTheSameKeyAlone) {
  const Deidentified a(hospital_slice().bytes()), b(hospital_slice().bytes());
  EXPECT_EQ(a.bytes, b.bytes);
  PseudonymKey::Bytes other{};
  const Deidentified c(hospital_slice().bytes(), {}, PseudonymKey(other));
  EXPECT_NE(a.result.patient, c.result.patient);
  EXPECT_NE(a.result.study_uid, c.result.study_uid);
}

TEST(Deidentify, MapsReferencesLikeTheirTargets) {
  // Image > Referenced Series > Referenced SOP: three deep, in a sequence that stays.
  const std::string reference = item(SliceBytes::element(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2\0") +
                                     SliceBytes::element(0x00081155, "UI", std::string("2.999.1.1.1\0", 12)));
  const std::string series =
      item(sequence(0x00081199, reference) + SliceBytes::element(0x0020000E, "UI", std::string("2.999.1.1\0", 10)));
  SliceBytes slice;
  slice.raw(0x00081115, "SQ", series);
  const Deidentified done(slice.bytes());
  EXPECT_EQ(done.value(0x00081155), done.result.sop_instance_uid);
  EXPECT_EQ(done.value(0x0020000E, 0), done.result.series_uid);
  EXPECT_EQ(done.value(0x0020000E, 1), done.result.series_uid);
}

TEST(Deidentify, RemovesPrivateUnknownAndMisplacedElements) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00090010, "LO", "ACME 1").text(0x00091001, "LO", "Secret^Name").text(0x00041500, "CS", "A\\B");
  slice.text(0x00080001, "UL", "    ").text(0x0008FFFE, "LO", "nobody knows");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  for (const std::uint32_t tag : {0x00090010, 0x00091001, 0x00041500, 0x0008FFFE}) EXPECT_FALSE(done.has(tag)) << tag;
  EXPECT_EQ(done.result.counts.by_action.at("private_removed"), 1U);
  EXPECT_EQ(done.result.counts.by_action.at("unknown_removed"), 1U);
}

TEST(Deidentify, KeepsNoPrivateElementWithoutItsCreator) {
  const std::string creator = SliceBytes::element(0x00190010, "LO", "SIEMENS MR HEADER "),
                    b_value = SliceBytes::element(0x0019100C, "IS", "1000"),
                    other = SliceBytes::element(0x00201208, "IS", "3 ");
  auto policy = policy_with({DeidOption::retain_safe_private});
  policy.attributes = {{0x00081140, dicom::DeidAction::K}};
  for (const std::string& elements : {b_value + creator, b_value + other + creator, creator + other + b_value}) {
    const Deidentified done(SliceBytes().insert(elements).bytes(), policy);
    ASSERT_FALSE(done.result.reason);
    EXPECT_EQ(done.value(0x00190010), "SIEMENS MR HEADER");
    EXPECT_EQ(done.value(0x0019100C), "1000");
    const Deidentified in_item(SliceBytes().raw(0x00081140, "SQ", item(elements)).bytes(), policy);
    ASSERT_FALSE(in_item.result.reason);
    EXPECT_EQ(in_item.has(0x00190010), in_item.has(0x0019100C));
  }
}

TEST(Deidentify, KeepsSafePrivateElementsByCreatorInAnyBlock) {
  // (0019,xx0C) of SIEMENS MR HEADER is the b-value, here in a relocated block beside another creator's.
  SliceBytes slice = hospital_slice();
  slice.text(0x00190010, "LO", "ACME 1").text(0x00190011, "LO", "SIEMENS MR HEADER");
  slice.text(0x0019100C, "IS", "111").text(0x0019110C, "IS", "1000");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
  EXPECT_EQ(done.value(0x0019110C), "1000");
  EXPECT_EQ(done.value(0x00190011), "SIEMENS MR HEADER");
  EXPECT_FALSE(done.has(0x0019100C));
  EXPECT_FALSE(done.has(0x00190010));
}

TEST(Deidentify, RemovesPrivateElementsThatRepeatWhatItRemoves) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00130010, "LO", "SIEMENS CM VA0  CMS").text(0x00131031, "DS", "71.5").text(0x00131035, "LO", "F");
  slice.text(0x00131044, "LO", "HFS");
  const Deidentified safe(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
  EXPECT_FALSE(safe.has(0x00131031));
  EXPECT_FALSE(safe.has(0x00131035));
  EXPECT_EQ(safe.value(0x00131044), "HFS");
  const Deidentified whole(slice.bytes(),
                           policy_with({DeidOption::retain_safe_private, DeidOption::retain_patient_characteristics}));
  EXPECT_EQ(whole.value(0x00131031), "71.5");
  EXPECT_EQ(whole.value(0x00131035), "F");
}

TEST(Deidentify, RemovesPrivateIdsOfDevicesOrdersAndTrialsUnlessTheStandardsOwnStay) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00090010, "LO", "SIEMENS CM VA0  LAB").text(0x00091010, "LO", "GEN-558812");
  slice.text(0x00091011, "LO", "GANTRY-88123").text(0x00091013, "LO", "DET-99312").text(0x00091015, "LO", "SMI-7731");
  slice.text(0x00090011, "LO", "SECTRA_Ident_01").text(0x00091102, "LO", "E2019-0031337");
  slice.text(0x00130010, "LO", "CTP").text(0x00131010, "LO", "Overnight").text(0x00131011, "LO", "OVERNIGHT-1");
  slice.text(0x00131013, "LO", "31415926").text(0x00131051, "LO", "2011");
  const Deidentified safe(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
  ASSERT_FALSE(safe.result.reason);
  for (const dicom::Tag tag :
       {0x00091010, 0x00091011, 0x00091013, 0x00091015, 0x00091102, 0x00131010, 0x00131011, 0x00131013, 0x00131051}) {
    EXPECT_FALSE(safe.has(tag)) << std::hex << tag;
  }
  const Deidentified device(slice.bytes(),
                            policy_with({DeidOption::retain_safe_private, DeidOption::retain_device_identity}));
  EXPECT_EQ(device.value(0x00091010), "GEN-558812");
  EXPECT_EQ(device.value(0x00091013), "DET-99312");
  EXPECT_FALSE(device.has(0x00091102));
  const Deidentified site(slice.bytes(),
                          policy_with({DeidOption::retain_safe_private, DeidOption::retain_institution_identity}));
  EXPECT_EQ(site.value(0x00131013), "31415926");
  EXPECT_FALSE(site.has(0x00131010));
}

TEST(Deidentify, RemovesDatesOfTheFilesOwnFromCodes) {
  const auto of = [](const std::string& code) {
    SliceBytes slice = hospital_slice();
    slice.text(0x00180015, "CS", "CHEST").text(0x00180022, "CS", code);
    const Deidentified done(slice.bytes());
    EXPECT_FALSE(done.result.reason) << code;
    EXPECT_EQ(done.value(0x00180015), "CHEST");
    return done.value(0x00180022).value_or("none");
  };
  EXPECT_EQ(of("04JUL1951"), "REMOVED");
  EXPECT_EQ(of("510704\\FS"), "REMOVED\\FS");
  EXPECT_EQ(of("04 07 1951"), "REMOVED");
  EXPECT_EQ(of("05JUL1951"), "05JUL1951") << "no date of the header";
  EXPECT_EQ(of("510705\\FS"), "510705\\FS");
}

TEST(Deidentify, WritesNoControlsIntoTexts) {
  using namespace std::string_literals;
  SliceBytes slice = hospital_slice();
  slice.text(0x00081030, "LO", "for Doug\x07las T1")
      .text(0x0008103E, "LO",
            "Ax\x1F"
            "ial\x7F");
  slice.text(0x00204000, "LT", "nor\x01mal\r\nno\tfindings");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00081030), "for T1");
  EXPECT_EQ(done.value(0x0008103E), "Axial");
  EXPECT_EQ(done.value(0x00204000), "normal\r\nno\tfindings");
  slice.text(0x00080005, "CS", "ISO_IR 192").text(0x0008103E, "LO", "M\u00FCl\xC2\x85ler Ax\xC2\x85ial");
  slice.text(0x00081048, "PN", "M\u00FCller^Eva");
  const Deidentified wide(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(wide.result.reason);
  EXPECT_EQ(wide.value(0x0008103E), "Axial");
}

TEST(Deidentify, TreatsPrivateTimesAsThoseOfTheStandard) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00130010, "LO", "SIEMENS CM VA0  CMS").text(0x00131012, "TM", "101112");
  const Deidentified safe(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
  EXPECT_EQ(safe.value(0x00131012), "");
  for (const DeidOption dates :
       {DeidOption::retain_longitudinal_full_dates, DeidOption::retain_longitudinal_modified_dates}) {
    const Deidentified kept(slice.bytes(), policy_with({DeidOption::retain_safe_private, dates}));
    EXPECT_EQ(kept.value(0x00131012), "101112");
  }
}

TEST(Deidentify, KeepsAnInstitutionThatOtherAttributesNameToo) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00080080, "LO", "Saint Wolfgang Medical Center").text(0x00100021, "LO", "Saint Wolfgang Medical Center");
  slice.text(0x00081040, "LO", "Wolfgang Radiology").text(0x00400243, "SH", "Wolfgang Medical");
  slice.text(0x00081030, "LO", "CT of Saint Wolfgang Medical Center");
  auto policy = policy_with({DeidOption::retain_institution_identity, DeidOption::clean_descriptors});
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00080080), "Saint Wolfgang Medical Center");
  EXPECT_EQ(done.value(0x00081040), "Wolfgang Radiology");
  EXPECT_FALSE(done.has(0x00100021));
  EXPECT_FALSE(done.has(0x00400243));
  // Called after a patient: the name goes.
  slice.text(0x00100010, "PN", "Wolfgang^Anna");
  const Deidentified patron(slice.bytes(), policy);
  ASSERT_FALSE(patron.result.reason);
  EXPECT_FALSE(patron.holds("Wolfgang"));
  // A rule of the hospital's own for its stations.
  slice.text(0x00081010, "SH", "KESTREL7").text(0x00400242, "SH", "KESTREL7");
  policy.attributes = {{0x00081010, dicom::DeidAction::K}};
  EXPECT_EQ(Deidentified(slice.bytes(), policy).value(0x00081010), "KESTREL7");
}

TEST(Deidentify, KeepsWhatASiteRuleKeepsWhateverElseHoldsIt) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00080050, "SH", "ACC5550123").text(0x00402017, "LO", "ACC5550123");
  slice.text(0x00080090, "PN", "Fitzwilliams^Prudence").text(0x00081070, "PN", "Fitzwilliams^Prudence");
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{0x00080050, dicom::DeidAction::K}, {0x00080090, dicom::DeidAction::K}};
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00080050), "ACC5550123");
  EXPECT_EQ(done.value(0x00080090), "Fitzwilliams^Prudence");
  EXPECT_EQ(done.value(0x00402017), "");
  EXPECT_FALSE(done.has(0x00081070));
  // But for the patient's own number.
  slice.text(0x00100020, "LO", "ACC5550123");
  EXPECT_FALSE(Deidentified(slice.bytes(), policy).holds("ACC5550123"));
}

TEST(Deidentify, DropsTheOldNameInOriginalAttributes) {
  SliceBytes slice = hospital_slice();
  slice.raw(0x04000561, "SQ", item(sequence(0x04000550, item(SliceBytes::element(0x00100010, "PN", "Oldname^Olga ")))));
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.holds("Oldname"));
}

TEST(Deidentify, DropsWhatAnEarlierDeidentificationEncrypted) {
  const std::string inside = SliceBytes::element(0x04000510, "UI", "1.2.840.10008.1.2") +
                             SliceBytes::element(0x04000520, "OB", "\x30\x82 envelope ");
  SliceBytes slice;
  slice.raw(0x04000500, "SQ", item(inside)).raw(0x04000520, "OB", "\x30\x82 envelope ");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.has(0x04000500));
  EXPECT_FALSE(done.holds("envelope"));
}

TEST(Deidentify, RemovesOverlaysWholeAndCurves) {
  SliceBytes slice = hospital_slice();
  slice.number(0x60000010, 2).number(0x60000011, 4).raw(0x60003000, "OW", "ab").text(0x60004000, "LT", "Davidson");
  slice.number(0x50000005, 1).text(0x50002500, "LO", "Douglas");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  for (const dicom::Node& node : done.table.nodes) EXPECT_TRUE((node.tag >> 24) != 0x60 && (node.tag >> 24) != 0x50);
}

TEST(Deidentify, MakesMetaAndPreambleAnew) {
  std::string file = hospital_slice().bytes();
  file.replace(0, 20, "Davidson was here!!!");
  file.insert(132, SliceBytes::element(0x00020016, "AE", "MERCY_PACS"));
  const Deidentified done(file);
  EXPECT_FALSE(done.holds("MERCY"));
  EXPECT_FALSE(done.holds("Davidson"));
  EXPECT_EQ(done.bytes.substr(0, 132), std::string(128, '\0') + "DICM");
}

TEST(Deidentify, DropsBytesBehindTheEnd) {
  const Deidentified done(hospital_slice().bytes() + "P.S. Douglas Davidson");
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.holds("Davidson"));
  EXPECT_EQ(done.result.counts.notes.at("trailing_bytes_dropped"), 21U);
}

TEST(Deidentify, ReadsKoreanNamesWhateverTheHeaderSaysOfTheirCharacterSet) {
  const std::string euc = "\xC8\xAB^\xB1\xE6\xB5\xBF";  // 홍^길동 in KS X 1001
  for (const char* set : {"", "\\ISO 2022 IR 149", "ISO_IR 100"}) {
    SliceBytes slice = hospital_slice();
    slice.text(0x00100010, "PN", euc).text(0x00081030, "LO", "MR \xC8\xAB\xB1\xE6\xB5\xBF brain");
    if (*set != '\0') slice.text(0x00080005, "CS", set);
    const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
    if (done.result.reason) continue;  // held back is safe too
    EXPECT_FALSE(done.holds("\xC8\xAB\xB1\xE6\xB5\xBF")) << set;
    EXPECT_FALSE(done.holds("홍길동")) << set;
  }
}

TEST(Deidentify, WritesUtf8WhereATextIsNotAscii) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00080005, "CS", "ISO_IR 100")
      .text(0x0008103E, "LO",
            "Sch\xE4"
            "del axial");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00080005), "ISO_IR 192");
  EXPECT_EQ(done.value(0x0008103E), "Schädel axial");
}

TEST(Deidentify, HoldsBackWhatSaysThatTextIsBurnedIn) {
  const Deidentified done(hospital_slice().text(0x00280301, "CS", "YES").bytes());
  EXPECT_EQ(done.result.reason, Code::text_suspected);
  EXPECT_TRUE(done.bytes.empty());
}

TEST(Deidentify, HoldsBackPicturesOfASlidesLabel) {
  for (const char* label : {"YES", "NO"}) {
    SliceBytes slice;
    slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.77.1.6").text(0x00280301, "CS", "NO");
    const std::string file = slice.text(0x00480010, "CS", label).bytes();
    const bool is_held = label == std::string_view("YES");
    EXPECT_EQ(Deidentified(file).result.reason == Code::text_suspected, is_held) << label;
    const auto source = dicom::read_deid_source(std::as_bytes(std::span(file)), file.size()).source;
    EXPECT_EQ(!source.text_by_kind.empty(), is_held) << label;
  }
}

TEST(Deidentify, RefusesWhatItCannotJudge) {
  EXPECT_EQ(Deidentified("no DICOM at all").result.reason, Code::not_dicom);
  EXPECT_EQ(Deidentified(hospital_slice().text(0x00080016, "UI", "1.3.12.2.1107.5.9.1").bytes()).result.reason,
            Code::unsupported_sop_class);
  // Of no patient: a hanging protocol, an inventory.
  for (const char* sop_class : {"1.2.840.10008.5.1.4.38.1", "1.2.840.10008.5.1.4.1.1.201.1"}) {
    SliceBytes of_nobody = hospital_slice();
    of_nobody.text(0x00080016, "UI", sop_class).remove(0x0020000D).remove(0x0020000E);
    EXPECT_EQ(Deidentified(of_nobody.bytes()).result.reason, Code::unsupported_sop_class) << sop_class;
  }
  // Of no patient but a traveller: a picture of baggage with a boarding pass.
  const std::string baggage = hospital_slice().text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.501.1").bytes();
  EXPECT_EQ(Deidentified(baggage).result.reason, Code::unsupported_sop_class);
  EXPECT_EQ(Deidentified(hospital_slice().transfer_syntax("1.2.840.10008.1.2.4.102").bytes()).result.reason,
            Code::unsupported_transfer_syntax);
  EXPECT_EQ(Deidentified(hospital_slice().text(0x0020000D, "UI", "").bytes()).result.reason, Code::corrupt);
  const std::string whole = hospital_slice().bytes();
  EXPECT_EQ(Deidentified(whole.substr(0, whole.size() - 5)).result.reason, Code::truncated);
}

TEST(Deidentify, RefusesADeflatedFileThatIsCutBetweenTwoElements) {
  const std::string uid = "1.2.840.10008.1.2.1.99";
  const std::string file = SliceBytes().transfer_syntax(uid).bytes();
  const std::size_t meta_bytes = 128 + 4 + 8 + uid.size(), size = file.size() - meta_bytes;
  for (const bool is_last : {true, false}) {
    // A block that holds its bytes as they are (RFC 1951 3.2.4), and says whether others follow.
    std::string deflated = file.substr(0, meta_bytes) + static_cast<char>(is_last ? 1 : 0);
    for (const std::size_t number : {size, ~size}) {
      deflated += {static_cast<char>(number & 0xFF), static_cast<char>(number >> 8 & 0xFF)};
    }
    const Deidentified done(deflated + file.substr(meta_bytes));
    EXPECT_EQ(done.result.reason, is_last ? std::nullopt : std::optional(Code::truncated));
  }
}

TEST(Deidentify, LetsNothingOutWhereAnyStageFails) {
  const std::string file = hospital_slice().bytes();
  std::set<std::string> stages;
  const auto listing = [&](std::string_view stage) { stages.emplace(stage); };
  dicom::Deidentifier({}, test_key(), "0.1", listing).run(std::as_bytes(std::span(file)));
  EXPECT_EQ(stages, (std::set<std::string>{"read", "pixels", "rewrite", "proof"}));
  for (const std::string& failing : stages) {
    const auto probe = [&](std::string_view stage) {
      if (stage == failing) throw std::runtime_error("Douglas Davidson");
    };
    const auto result = dicom::Deidentifier({}, test_key(), "0.1", probe).run(std::as_bytes(std::span(file)));
    EXPECT_EQ(result.reason, Code::deid_incomplete) << failing;
    EXPECT_EQ(result.stage, failing);
    EXPECT_TRUE(result.output.pieces.empty());
  }
}

TEST(Deidentify, HoldsBackWhatTheProofFinds) {
  // Numbers are not cleaned: who hides text among them is found by the search alone.
  SliceBytes slice = hospital_slice();
  slice.raw(0x00281201, "OW", "..Douglas Davidson..");
  const Deidentified done(slice.bytes());
  EXPECT_EQ(done.result.reason, Code::deid_incomplete);
  EXPECT_EQ(done.result.stage, "proof");
}

TEST(Deidentify, HoldsNobodyBackForWordsOfOurOwn) {
  for (const char* person : {"Basic^Profile", "Application^Anna", "Confidentiality^Anna", "Naru^Anna", "Table^Clean",
                             "Removed^Modified", "Profile^Dicom", "Descriptors^Option"}) {
    SliceBytes slice = hospital_slice();
    slice.text(0x00100010, "PN", person).text(0x00081030, "LO", "CT CHEST");
    const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
    EXPECT_FALSE(done.result.reason) << person << name(done.result.reason.value_or(Code::corrupt)) << done.result.stage;
    EXPECT_TRUE(done.holds("Basic Application Confidentiality Profile")) << person;
    // Anywhere else the words are a name.
    std::string words = std::string("..") + person + "..";
    std::ranges::replace(words, '^', ' ');
    slice.raw(0x00281201, "OW", words);
    EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::deid_incomplete) << person;
  }
}

TEST(Deidentify, WantsMoreOfPixelsThanAShortNumberHoweverFewTheyAre) {
  SliceBytes slice = hospital_slice();
  const auto with_pixels = [&](std::string_view text) {
    SliceBytes changed = slice;
    std::string pixels(16, '\1');
    pixels.replace(3, text.size(), text);
    return Deidentified(changed.raw(0x7FE00010, "OW", pixels).bytes()).result.reason;
  };
  slice.text(0x00100020, "LO", "12345");
  EXPECT_FALSE(with_pixels("12345"));
  EXPECT_EQ(with_pixels("Davidson"), Code::deid_incomplete);  // no pixels take these values by chance
}

TEST(Deidentify, CleansShortTextsThatTheTableDoesNotList) {
  SliceBytes slice = hospital_slice();
  const std::string told = "RRN 541107-1234567 call 010-9876-5432 kim.cs@snuh.org 2017-03-14 head";
  slice.text(0x00189423, "LO", told.substr(0, 64)).text(0x00400255, "LO", "head, call 010-9876-5432");
  slice.text(0x00181003, "LO", "Unit of Dr Abernathy").text(0x00181803, "SH", "ntp1.snuh.org");
  slice.text(0x00080070, "LO", "Hangang Medical Center Systems").text(0x00180024, "SH", "*tfl3d1_16ns");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  for (const std::string_view gone : {"541107", "9876", "snuh", "2017", "Abernathy"})
    EXPECT_FALSE(done.holds(gone)) << gone;
  EXPECT_EQ(done.value(0x00400255), "head, call");
  EXPECT_EQ(done.value(0x00080070), "Hangang Medical Center Systems");  // the maker: not cleaned
  EXPECT_EQ(done.value(0x00180024), "*tfl3d1_16ns");
}

TEST(Deidentify, WhatOneTextGivesAwayGoesFromTheOthersOfTheFile) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00081030, "LO", "CT per Dr. Hargreaves, MRN 8877665").text(0x0008103E, "LO", "Hargreaves protocol");
  slice.text(0x00204000, "LT", "prior 8877665, no change");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00081030), "CT per Dr., MRN");
  EXPECT_EQ(done.value(0x0008103E), "protocol");
  EXPECT_EQ(done.value(0x00204000), "prior, no change");
}

TEST(Deidentify, EmptiesATextThatIsNothingButAShortId) {
  const auto description_of = [](const char* id, const char* text) {
    SliceBytes slice;
    slice.text(0x00100020, "LO", id).text(0x00081030, "LO", text);
    return Deidentified(slice.bytes(), policy_with({DeidOption::clean_descriptors})).value(0x00081030);
  };
  EXPECT_EQ(description_of("4321", "4321"), "");
  EXPECT_EQ(description_of("K77", "k77"), "");
  EXPECT_EQ(description_of("4321", "CT 4321"), "CT 4321");
  for (const char* word : {"T2", "CT", "MR12", "77"}) EXPECT_EQ(description_of(word, word), word);
}

TEST(Deidentify, TakesCodesThatNameSomeoneOutAsAWhole) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\MRN-443322").text(0x00180015, "CS", "DAVIDSON");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00080008), "ORIGINAL\\PRIMARY\\REMOVED");
  EXPECT_EQ(done.value(0x00180015), "REMOVED");
}

TEST(Deidentify, KeepsGraphicLayersThatNameSomeoneApart) {
  constexpr std::uint32_t kLayer = 0x00700002, kAnnotations = 0x00700001, kLayers = 0x00700060;
  const auto items = [](std::initializer_list<const char*> names) {
    std::string all;
    for (const char* one : names) all += item(SliceBytes::element(kLayer, "CS", one));
    return all;
  };
  SliceBytes slice = hospital_slice();
  slice.raw(kAnnotations, "SQ", items({"DOUGLAS ", "LAYER1", "DAVIDSON", "DOUGLAS "}));
  slice.raw(kLayers, "SQ", items({"DAVIDSON", "DOUGLAS ", "REMOVED ", "LAYER1"}));
  const auto layers_of = [](const Deidentified& done) {
    std::vector<std::string> layers;
    for (std::size_t n = 0; const auto layer = done.value(kLayer, n); ++n) layers.push_back(*layer);
    return layers;
  };
  using Layers = std::vector<std::string>;
  const Deidentified cleaned(slice.bytes(), policy_with({DeidOption::clean_graphics}));
  ASSERT_FALSE(cleaned.result.reason);
  EXPECT_EQ(layers_of(cleaned), (Layers{"REMOVED", "LAYER1", "REMOVED 2", "REMOVED",  //
                                        "REMOVED 2", "REMOVED", "REMOVED 3", "LAYER1"}));
  // Without the option the annotations become one, on a layer of the profile's own.
  const Deidentified basic(slice.bytes());
  ASSERT_FALSE(basic.result.reason);
  EXPECT_EQ(layers_of(basic), (Layers{"REMOVED", "REMOVED", "REMOVED 2", "REMOVED 3", "LAYER1"}));
  dicom::DeidentifyPolicy site;
  site.attributes = {{kLayer, dicom::DeidAction::D}, {kAnnotations, dicom::DeidAction::K}};
  EXPECT_EQ(layers_of(Deidentified(slice.bytes(), site)), (Layers{"REMOVED", "REMOVED 2", "REMOVED 3", "REMOVED",  //
                                                                  "REMOVED 3", "REMOVED", "REMOVED 4", "REMOVED 2"}));
}

TEST(Deidentify, BodyMassIndexGoesWithSizeAndWeight) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00101020, "DS", "1.82").text(0x00101022, "DS", "24.1");
  EXPECT_FALSE(Deidentified(slice.bytes()).value(0x00101022));
  const auto keeps = policy_with({DeidOption::retain_patient_characteristics});
  EXPECT_EQ(Deidentified(slice.bytes(), keeps).value(0x00101022), "24.1");
}

TEST(Deidentify, LeavesUnlistedTextsByTheirType) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00420010, "ST", "Report of Davidson").text(0x0040E001, "ST", "2.999.5^77");
  slice.text(0x00281351, "ST", "Left half of Davidson");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00420010), "");         // type 2
  EXPECT_EQ(done.value(0x0040E001), "REMOVED");  // type 1C
  EXPECT_FALSE(done.has(0x00281351));            // type 3
  // An id of a document is one where texts are cleaned as well.
  EXPECT_EQ(Deidentified(slice.bytes(), policy_with({DeidOption::clean_descriptors})).value(0x0040E001), "REMOVED");
}

TEST(Deidentify, LeavesEveryCodeItemItsCode) {
  constexpr std::uint32_t kLong = 0x00080119, kUrn = 0x00080120, kRegions = 0x00082218;
  const std::string concept_urn = "urn:lex:us:federal:codified.regulation";
  SliceBytes slice = hospital_slice();
  slice.raw(kRegions, "SQ",
            item(SliceBytes::element(kLong, "UC", "621566751000087104-ABCD")) +
                item(SliceBytes::element(kUrn, "UR", concept_urn)) +
                item(SliceBytes::element(kUrn, "UR", "urn:oid:MRN-443322")) +
                item(SliceBytes::element(kUrn, "UR", "ftp://elsewhere")));
  for (const auto& policy : {policy_with({}), policy_with({DeidOption::clean_descriptors})}) {
    const Deidentified done(slice.bytes(), policy);
    ASSERT_FALSE(done.result.reason) << name(*done.result.reason) << done.result.stage;
    EXPECT_EQ(done.value(kLong), "621566751000087104-ABCD");
    EXPECT_EQ(done.value(kUrn, 0), concept_urn);
    EXPECT_EQ(done.value(kUrn, 1), "about:blank");
    EXPECT_EQ(done.value(kUrn, 2), "about:blank");
  }
}

TEST(Deidentify, RefusesContradictingOptions) {
  const auto both =
      policy_with({DeidOption::retain_longitudinal_full_dates, DeidOption::retain_longitudinal_modified_dates});
  EXPECT_THROW(dicom::Deidentifier(both, test_key(), "0.1"), Error);
}

TEST(Deidentify, SortsElementsThatStandInNoOrder) {
  std::string file = hospital_slice().bytes();
  const std::string late = SliceBytes::element(0x00080064, "CS", "WSD ");
  const std::size_t pixels = file.find(std::string("\xE0\x7F\x10\0OW", 6));
  ASSERT_NE(pixels, std::string::npos);
  file.insert(pixels, late);
  const Deidentified done(file);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00080064), "WSD");
  dicom::Tag last = 0;
  for (const dicom::Node& node : done.table.nodes) {
    if (node.parent == 0 && node.tag != dicom::kItem) {
      EXPECT_GT(node.tag, last);
      last = node.tag;
    }
  }
}

TEST(Deidentify, TakesDeepNestingApartWithoutRecursion) {
  constexpr int kDepth = 60000;
  std::string nested, ends;
  for (int n = 0; n < kDepth; ++n) nested += SliceBytes::open_sequence(0x00081115) + SliceBytes::open_item();
  nested += SliceBytes::element(0x00080050, "SH", "ACC998877 ");
  for (int n = 0; n < kDepth; ++n) ends += kItemEnd + kEndMark;
  std::string file = hospital_slice().bytes();
  const std::size_t before = file.find(SliceBytes::element(0x00100010, "PN", "Davidson^Douglas"));
  ASSERT_NE(before, std::string::npos);
  file.insert(before, nested + ends);
  const Deidentified done(file);
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.holds("ACC998877"));
}

TEST(Deidentify, ReplacesADocumentByOneThatSaysSo) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.104.1").text(0x00420012, "LO", "application/pdf");
  slice.raw(0x00420011, "OB", "%PDF-1.4 Douglas Davidson").remove(0x7FE00010);
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  const std::string pdf = done.value(0x00420011).value();
  EXPECT_TRUE(pdf.starts_with("%PDF-1.4\n"));
  EXPECT_TRUE(pdf.ends_with("%%EOF\n"));
  // Well-formed: the last lines lead to the table, and its rows to the objects.
  const std::string before_table = "startxref\n";
  const std::size_t table = std::stoul(pdf.substr(pdf.find(before_table) + before_table.size()));
  const std::string head = "xref\n0 6\n0000000000 65535 f \n";
  ASSERT_EQ(pdf.substr(table, head.size()), head);
  for (std::size_t n = 1; n < 6; ++n) {
    constexpr std::size_t kRowBytes = 20;
    const std::string row = pdf.substr(table + head.size() + (n - 1) * kRowBytes, kRowBytes);
    EXPECT_EQ(row.substr(10), " 00000 n \n");
    const std::string object = std::to_string(n) + " 0 obj<<";
    EXPECT_EQ(pdf.substr(std::stoul(row), object.size()), object);
  }
  const std::size_t stream = pdf.find("stream\n") + 7, length = std::stoul(pdf.substr(pdf.find("/Length ") + 8));
  EXPECT_EQ(pdf.substr(stream + length, 11), "\nendstream ");
  EXPECT_NE(pdf.find("trailer<</Size 6/Root 1 0 R>>\n"), std::string::npos);
  EXPECT_FALSE(done.holds("Davidson"));
  slice.text(0x00420012, "LO", "text/plain");
  EXPECT_EQ(Deidentified(slice.bytes()).result.reason, Code::deid_incomplete);
}

TEST(Deidentify, GivesACodeSequenceThatARuleReplacesACode) {
  SliceBytes slice = hospital_slice();
  const std::string code = SliceBytes::element(0x00080100, "SH", "121320") +
                           SliceBytes::element(0x00080102, "SH", "DCM ") +
                           SliceBytes::element(0x00080104, "LO", "Uncompressed predecessor");
  slice.raw(0x0040A170, "SQ", item(code));
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{0x0040A170, dicom::DeidAction::D}};
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  std::vector<std::string> values;
  for (const dicom::Node& node : done.table.nodes) {
    const bool is_of_item = node.parent == 0x0040A170 && node.kind == dicom::NodeKind::element;
    if (is_of_item) values.emplace_back(dicom::text_of(dicom::value_of(node, done.view())));
  }
  EXPECT_EQ(values, (std::vector<std::string>{"REMOVED", "99NARU", "Removed"}));
}

TEST(Deidentify, ReplacesAModelByAnEmptyOne) {
  SliceBytes slice = hospital_slice();
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.104.3").text(0x00420012, "LO", "model/stl");
  slice.raw(0x00420011, "OB", "solid Davidson").raw(0x00420015, "UL", std::string("\x0E\0\0\0", 4)).remove(0x7FE00010);
  const Deidentified stl(slice.bytes());
  ASSERT_FALSE(stl.result.reason);
  EXPECT_TRUE(stl.value(0x00420011)->starts_with("Removed"));
  EXPECT_EQ(stl.value(0x00420015), "T");  // 84 bytes: a comment and no triangle
  for (const char* type : {"model/obj", "model/mtl", "Model/OBJ"}) {
    const Deidentified done(slice.text(0x00420012, "LO", type).bytes());
    ASSERT_FALSE(done.result.reason) << type;
    EXPECT_EQ(done.value(0x00420011), "# Removed\n") << type;
  }
}

/// The same data set in Implicit VR Little Endian.
std::string implicit_copy(const std::string& file) {
  const dicom::Bytes bytes = std::as_bytes(std::span(file));
  const std::size_t begin = dicom::read_layout(bytes)->data_set_offset;
  dicom::DataSetWriter writer({false, false});
  for (const dicom::Node& node : dicom::read_elements(bytes, begin, {true, false}).nodes) {
    writer.element(node.tag, node.value_representation, dicom::value_of(node, bytes));
  }
  const std::string meta = std::string(128, 'x') + "DICM" + SliceBytes::element(0x00020010, "UI", "1.2.840.10008.1.2 ");
  const auto data_set = writer.finish().buffer;
  return meta + std::string(reinterpret_cast<const char*>(data_set.data()), data_set.size());
}

TEST(Deidentify, KnowsADataSetAgainThatWasWrittenInAnotherWay) {
  const auto hash = [](const std::string& file) { return dicom::data_set_sha256(std::as_bytes(std::span(file))); };
  const std::string file = hospital_slice().bytes();
  EXPECT_EQ(hash(implicit_copy(file)), hash(file));
  std::string other_preamble = file;
  other_preamble[5] = 'x';
  EXPECT_EQ(hash(other_preamble), hash(file));
  EXPECT_NE(hash(hospital_slice().text(0x0008103E, "LO", "Axial 20140322").bytes()), hash(file));
  EXPECT_NE(hash(hospital_slice().raw(0x7FE00010, "OW", std::string(16, '\1')).bytes()), hash(file));
  EXPECT_EQ(hash(file.substr(0, 200)), "");
  EXPECT_EQ(hash("no DICOM"), "");
}

TEST(Deidentify, ReadsTheSourceFromTheBeginningOfAFile) {
  const std::string file = hospital_slice().bytes();
  const auto whole = dicom::read_deid_source(std::as_bytes(std::span(file)), file.size());
  EXPECT_FALSE(whole.reason);
  EXPECT_EQ(whole.source.patient_id, "MRN-443322");
  EXPECT_EQ(whole.source.series_uid, "2.999.1.1");
  const auto part = dicom::read_deid_source(std::as_bytes(std::span(file)).first(300), file.size());
  EXPECT_TRUE(part.needs_more);
  // Pixels are not waited for: a header is enough.
  const auto header = dicom::read_deid_source(std::as_bytes(std::span(file)).first(file.size() - 1), file.size());
  EXPECT_FALSE(header.needs_more);
  EXPECT_FALSE(header.reason);
  EXPECT_EQ(header.source.patient_id, "MRN-443322");
}

TEST(Deidentify, GivesAnAnimalOfAGroupThePseudonymOfItsOwnFile) {
  const auto animal = [](const char* id, const std::string& more = "") {
    return item(SliceBytes::element(0x00100020, "LO", id) + more);
  };
  const std::string other_lab = SliceBytes::element(0x00100021, "LO", "LAB B ");
  SliceBytes slice = hospital_slice();
  slice.text(0x00100020, "LO", "CAGE-77").text(0x00100021, "LO", "LAB A");
  slice.raw(0x00100027, "SQ",
            animal("MOUSE-12") + animal("MOUSE-12", other_lab) + animal("CAGE-77") + animal("CAGE-77", other_lab));
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  const auto own = [](const char* id, const char* issuer) {
    return Deidentified(hospital_slice().text(0x00100020, "LO", id).text(0x00100021, "LO", issuer).bytes())
        .result.patient;
  };
  EXPECT_EQ(done.value(0x00100020, 1), own("MOUSE-12", "LAB A")) << "the issuer of the group";
  EXPECT_EQ(done.value(0x00100020, 2), own("MOUSE-12", "LAB B"));
  EXPECT_EQ(done.value(0x00100020, 3), done.result.patient);
  EXPECT_EQ(done.value(0x00100020, 4), own("CAGE-77", "LAB B"));
  EXPECT_NE(done.value(0x00100020, 1), done.value(0x00100020, 2));
}

/// Of a class without an image.
SliceBytes without_pixels(const char* sop_class) {
  SliceBytes object = hospital_slice();
  for (const std::uint32_t tag : {0x00280002U, 0x00280004U, 0x00280010U, 0x00280011U, 0x00280030U, 0x00280100U,
                                  0x00280101U, 0x00280102U, 0x00280103U, 0x00281052U, 0x00281053U, 0x7FE00010U}) {
    object.remove(tag);
  }
  return object.text(0x00080016, "UI", sop_class);
}

TEST(Deidentify, KeepsTheSamplesOfSpectraAndLosesWhatTheirTextsSay) {
  const std::string samples("\1\0\x80?Davi\0\0\0@", 12);
  SliceBytes spectrum = without_pixels("1.2.840.10008.5.1.4.1.1.4.2");
  spectrum.text(0x00181030, "LO", "SVS TE135 Davidson").raw(0x56000020, "OF", samples);
  const Deidentified done(spectrum.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x56000020), samples);
  EXPECT_EQ(done.value(0x00181030), "SVS TE135");
  EXPECT_FALSE(done.holds("Davidson"));
  EXPECT_FALSE(Deidentified(spectrum.bytes()).has(0x00181030)) << "optional, and without the option it goes";
}

TEST(Deidentify, KeepsTheSamplesOfWaveformsAndLosesWhatTheirTextsSay) {
  const std::string samples("\1\0\2\3", 4);
  SliceBytes ecg = without_pixels("1.2.840.10008.5.1.4.1.1.9.1.1");
  ecg.raw(0x0040B020, "SQ", item(SliceBytes::element(0x00700006, "ST", "PVC, Davidson  ")));
  ecg.raw(
      0x54000100, "SQ",
      item(SliceBytes::element(0x003A001A, "DS", "500 ") + SliceBytes::element(0x003A0020, "SH", "RHYTHM Davidson ") +
           SliceBytes::element(0x54001006, "CS", "SS") + SliceBytes::element(0x54001010, "OW", samples)));
  const Deidentified done(ecg.bytes(), policy_with({DeidOption::clean_descriptors, DeidOption::clean_graphics}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x54001010), samples);
  EXPECT_EQ(done.value(0x003A0020), "RHYTHM");
  EXPECT_FALSE(done.holds("Davidson"));
  const Deidentified basic(ecg.bytes());
  EXPECT_EQ(basic.value(0x54001010), samples);
  EXPECT_FALSE(basic.holds("PVC"));
}

}  // namespace

}  // namespace naru::test
