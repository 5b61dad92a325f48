#include "dicom/deidentify/file_facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;
using Strings = std::vector<std::string>;

dicom::Identifiers identifiers_of(const SliceBytes& slice, const dicom::DeidentifyPolicy& policy = {}) {
  const std::string file = slice.bytes();
  const auto found = dicom::collect_identifiers(std::as_bytes(std::span(file)), policy);
  return found.value_or(dicom::Identifiers{});
}

TEST(FileFacts, CollectsWhatIdentifiesAtAnyDepth) {
  SliceBytes slice;
  slice.text(0x00100010, "PN", "Davidson^Douglas").text(0x00080050, "SH", "ACC1").text(0x00101000, "LO", "X1\\X2");
  slice.text(0x00080080, "LO", "Mercy Hospital").text(0x00080020, "DA", "20140321");
  slice.text(0x00102152, "LO", "Akron");
  slice.text(0x0008002A, "DT", "20140322101500").text(0x00090010, "LO", "ACME").text(0x00091001, "PN", "Private^Name");
  slice.raw(
      0x00400275, "SQ",
      item(SliceBytes::element(0x00401001, "SH", "REQ7") + SliceBytes::element(0x00081050, "PN", "Nested^Nora ")));
  const auto found = identifiers_of(slice);
  EXPECT_EQ(found.person_names, (Strings{"Davidson^Douglas", "Nested^Nora", "Private^Name"}));
  EXPECT_EQ(found.ids, (Strings{"ACC1", "P1", "REQ7", "X1", "X2"}));
  EXPECT_EQ(found.places, Strings{"Mercy Hospital"});
  EXPECT_EQ(found.others, Strings{"Akron"});
  EXPECT_EQ(found.dates, (Strings{"20140321", "20140322"}));
  EXPECT_EQ(found.uids, (Strings{"2.999.1", "2.999.1.1", "2.999.1.1.1"}));
}

TEST(FileFacts, KnowsPersonsAndInstitutionsOfCodes) {
  const auto code = [](const char* value, const char* scheme, const char* meaning) {
    return item(SliceBytes::element(0x00080100, "SH", value) + SliceBytes::element(0x00080102, "SH", scheme) +
                SliceBytes::element(0x00080104, "LO", meaning));
  };
  const std::string physician = item(
      SliceBytes::element(0x00401101, "SQ", code("EMP556", "99HOSP", "Verifier^Gottlieb ")) +
      SliceBytes::element(0x00401102, "ST", "Hinterhof 7 ") + SliceBytes::element(0x00401103, "LO", "0199 22 333 "));
  SliceBytes slice;
  slice.raw(0x00080082, "SQ", code("HT0123", "99HOSP", "Spital Hintertupfing"));
  slice.raw(0x00080096, "SQ", physician);
  slice.raw(0x0040A073, "SQ", item(SliceBytes::element(0x0040A088, "SQ", code("121081", "DCM ", "Physician "))));
  const auto found = identifiers_of(slice);
  EXPECT_EQ(found.person_names, Strings{"Verifier^Gottlieb"});
  EXPECT_EQ(found.ids, (Strings{"EMP556", "HT0123", "P1"}));
  EXPECT_EQ(found.places, Strings{"Spital Hintertupfing"});
  EXPECT_EQ(found.others, (Strings{"0199 22 333", "Hinterhof 7"}));
  const auto kept = identifiers_of(slice, policy_with({DeidOption::retain_institution_identity}));
  EXPECT_TRUE(kept.places.empty());
  EXPECT_EQ(kept.ids, (Strings{"EMP556", "P1"}));
}

TEST(FileFacts, TakesAMachineCalledByItsModelForNoPlace) {
  const auto places_of = [](const char* machine) {
    SliceBytes slice;
    slice.text(0x00081090, "LO", "TrueBeam").text(0x300A00B2, "SH", machine).text(0x00401005, "LO", "Haus Nord");
    return identifiers_of(slice).places;
  };
  EXPECT_EQ(places_of("TrueBeam"), Strings{"Haus Nord"});
  EXPECT_EQ(places_of("Kellerlinac"), (Strings{"Haus Nord", "Kellerlinac"}));
}

TEST(FileFacts, TakesAStationCalledByAPartOfItsModelForNoPlace) {
  const auto places_of = [](const char* model, const char* station) {
    SliceBytes slice;
    slice.text(0x00081090, "LO", model).text(0x00081010, "SH", station).text(0x00080055, "AE", "NORDCT");
    return identifiers_of(slice).places;
  };
  EXPECT_EQ(places_of("iCT 256", "ICT256"), Strings{"NORDCT"});
  EXPECT_EQ(places_of("Discovery CT750 HD", "CT750"), Strings{"NORDCT"});
  EXPECT_EQ(places_of("Discovery CT750 HD", "CT750-2"), (Strings{"CT750-2", "NORDCT"}));
  EXPECT_EQ(places_of("Philips Medical Systems", "MEDICAL"), Strings{"NORDCT"});
  EXPECT_EQ(places_of("Philips Medical Systems", "SMED"), (Strings{"NORDCT", "SMED"}));
}

TEST(FileFacts, TakesANameWithDigitsForAnId) {
  const auto ids_of = [](const char* name) {
    SliceBytes slice;
    slice.text(0x00100010, "PN", name);
    return identifiers_of(slice).ids;
  };
  EXPECT_EQ(ids_of("KR8812345"), (Strings{"KR8812345", "P1"}));
  EXPECT_EQ(ids_of("TRAUMA^X77123"), (Strings{"P1", "TRAUMA^X77123", "X77123"}));
  EXPECT_EQ(ids_of("ANON_77123"), (Strings{"77123", "ANON_77123", "P1"}));
  EXPECT_EQ(ids_of("Davidson^Douglas"), Strings{"P1"});
}

TEST(FileFacts, TakesANewbornForItsMotherAsWell) {
  const auto names_of = [](const std::string& name) {
    SliceBytes slice;
    slice.text(0x00080005, "CS", "ISO_IR 192").text(0x00100010, "PN", name);
    return identifiers_of(slice).person_names;
  };
  const auto has = [&](const std::string& name, const std::string& mother) {
    const auto names = names_of(name);
    return std::ranges::find(names, name) != names.end() && std::ranges::find(names, mother) != names.end();
  };
  EXPECT_TRUE(has("김영희아기", "김영희"));
  EXPECT_TRUE(has("김^영희의 아기2", "김^영희"));
  EXPECT_TRUE(has("Kim^Baby=金^英姬=김^영희애기", "김^영희"));
  EXPECT_TRUE(has("张丽之女", "张丽"));
  EXPECT_TRUE(has("山田^花子ベビー", "山田^花子"));
  EXPECT_EQ(names_of("이^아기").size(), 1U) << "a name of its own";
  EXPECT_EQ(names_of("김^영희").size(), 1U);
}

TEST(FileFacts, TakesWhatIsRetainedForNoIdentifier) {
  SliceBytes slice;
  slice.text(0x00080080, "LO", "Mercy Hospital").text(0x00181000, "LO", "SN1").text(0x00080020, "DA", "20140321");
  const auto found =
      identifiers_of(slice, policy_with({DeidOption::retain_institution_identity, DeidOption::retain_device_identity,
                                         DeidOption::retain_uids, DeidOption::retain_longitudinal_full_dates}));
  EXPECT_TRUE(found.places.empty());
  EXPECT_TRUE(found.dates.empty());
  EXPECT_TRUE(found.uids.empty());
  EXPECT_EQ(found.ids, Strings{"P1"});
}

TEST(FileFacts, DecodesAnItemInItsOwnCharacterSet) {
  SliceBytes slice;
  slice.text(0x00080005, "CS", "ISO_IR 100").text(0x00100010, "PN", "M\xFCller^A");
  slice.raw(
      0x00400275, "SQ",
      item(SliceBytes::element(0x00080005, "CS", "ISO_IR 192") + SliceBytes::element(0x00081050, "PN", "홍^길동 ")));
  EXPECT_EQ(identifiers_of(slice).person_names, (Strings{"Müller^A", "홍^길동"}));
}

TEST(FileFacts, TellsPatientsApartByNameAndBirthDate) {
  const auto of = [](const char* name) {
    const std::string file = SliceBytes().text(0x00100010, "PN", name).text(0x00100030, "DA", "19510704").bytes();
    return dicom::read_deid_source(std::as_bytes(std::span(file)), file.size()).source.patient_name_birth;
  };
  EXPECT_EQ(of("Hong^Gildong"), of("HONG^GILDONG=\xC8\xAB"));
  EXPECT_NE(of("Hong^Gildong"), of("Kim^Gildong"));
  EXPECT_EQ(of("ANONYMOUS"), "|19510704");
  EXPECT_EQ(of("No^Name"), "|19510704");
  EXPECT_NE(of("ANONYMOUS^7"), of("ANONYMOUS^8"));
}

TEST(FileFacts, TakesACountryForNoPlaceToRemove) {
  const auto places_of = [](const char* scheme) {
    const std::string jurisdiction =
        item(SliceBytes::element(0x00080100, "SH", "KR") + SliceBytes::element(0x00080102, "SH", scheme) +
             SliceBytes::element(0x00080104, "LO", "Korea "));
    SliceBytes slice;
    slice.raw(0x00100024, "SQ", item(SliceBytes::element(0x00400039, "SQ", jurisdiction)));
    return identifiers_of(slice).places;
  };
  EXPECT_TRUE(places_of("ISO3166_1 ").empty());
  EXPECT_TRUE(places_of("ISO3166_2 ").empty());
  EXPECT_EQ(places_of("99ZQ"), Strings{"Korea"});
}

TEST(FileFacts, TakesAWordForNoId) {
  const auto ids_of = [](const char* grid) {
    SliceBytes slice;
    slice.text(0x00181006, "LO", grid).text(0x00200010, "SH", "ABDOMEN");
    return identifiers_of(slice).ids;
  };
  EXPECT_EQ(ids_of("FOCUSED"), Strings{"P1"});
  EXPECT_EQ(ids_of("GRID 8812"), (Strings{"GRID 8812", "P1"}));
  EXPECT_EQ(ids_of("ZWICKEL"), (Strings{"P1", "ZWICKEL"}));
  SliceBytes patient;
  EXPECT_EQ(identifiers_of(patient.text(0x00100020, "LO", "ABDOMEN")).ids, Strings{"ABDOMEN"});
}

TEST(FileFacts, LeavesCodesThatAGridOrAMediumIsCalledBy) {
  SliceBytes slice;
  slice.text(0x00181006, "LO", "FOCUSED").text(0x00880130, "SH", "ABDOMEN").text(0x00181166, "CS", "FIXED\\FOCUSED");
  const Deidentified done(slice.text(0x00180015, "CS", "ABDOMEN").text(0x00081030, "LO", "ABDOMEN AP").bytes(),
                          policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00181166), "FIXED\\FOCUSED");
  EXPECT_EQ(done.value(0x00180015), "ABDOMEN");
  EXPECT_EQ(done.value(0x00081030), "ABDOMEN AP");
  EXPECT_FALSE(done.has(0x00181006) || done.has(0x00880130));
}

TEST(FileFacts, CountsTheFramesThatAreStated) {
  for (const auto& [stated, count] : {std::pair{"12", 12}, {"1", 1}, {"0", 1}, {"-3", 1}, {"some", 1}, {"", 1}}) {
    const std::string file = SliceBytes().text(0x00280008, "IS", stated).bytes();
    const auto source = dicom::read_deid_source(std::as_bytes(std::span(file)), file.size()).source;
    EXPECT_EQ(source.frame_count, count) << stated;
  }
}

}  // namespace

}  // namespace naru::test
