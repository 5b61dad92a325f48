// Names as initials, joined to other words or behind what no space parts from them; clinics and paths.

#include <gtest/gtest.h>

#include "tests/dicom/deidentify/cleaned_row.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::dicom {
namespace {

void expect_unchanged(std::initializer_list<const char*> texts) {
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : texts) EXPECT_EQ(cleaner.clean(text).text, text);
}

TEST(DescriptorJoined, InitialsOfThreeNamesOrSyllables) {
  constexpr test::CleanedRow kOfSyllables[] = {
      {"CHEST HJY 2024", "CHEST 2024"}, {"JYH_BRAIN", "BRAIN"},       {"CHEST HJX", "CHEST HJX"},
      {"CHEST HJ", "CHEST HJ"},         {"CHEST HJY2", "CHEST HJY2"}, {"chest hjy", "chest hjy"},
  };
  for (const char* name : {"HAN^JI YEONG", "HAN^JIYEONG", "HAN^JI^YEONG", "JI YEONG HAN", "한지영"}) {
    test::expect_cleaned_rows({.person_names = {name}}, kOfSyllables);
  }
  constexpr test::CleanedRow kOfWords[] = {
      {"KNEE HPV 3/4", "KNEE HPV 3/4"}, {"KNEE PQH 3/4", "KNEE 3/4"}, {"KNEE HPQ", "KNEE"}, {"KNEE QPH", "KNEE QPH"}};
  test::expect_cleaned_rows({.person_names = {"Hargreaves^Petra^Q"}}, kOfWords);
  // Words of protocols stay, whoever has such initials.
  constexpr test::CleanedRow kWords[] = {{"CT MPR", "CT MPR"}, {"DWI ADC", "DWI ADC"}};
  test::expect_cleaned_rows({.person_names = {"Meyer^Petra^R", "Adler^Doris^C"}}, kWords);
}

TEST(DescriptorJoined, InitialsOfFourAndNicknames) {
  constexpr test::CleanedRow kRows[] = {{"GLJL 2 fases", "2 fases"}, {"JLGL", ""}, {"GL 2 fases", "GL 2 fases"}};
  test::expect_cleaned_rows({.person_names = {"GARCIA LOPEZ^JOSE LUIS"}}, kRows);
  constexpr test::CleanedRow kNicknames[] = {
      {"Bob Quackenbush hip", "hip"}, {"Crohn Quackenbush", "Crohn"}, {"Bobby hip", "Bobby hip"}};
  test::expect_cleaned_rows({.person_names = {"Quackenbush^Robert"}}, kNicknames);
}

TEST(DescriptorJoined, InitialsApartAndWithPoints) {
  constexpr test::CleanedRow kRows[] = {
      {"R J W CT", "CT"},       {"R.W. CT", "CT"},      {"Pt W.R., abdomen", "Pt, abdomen"},
      {"R. J. W. CT", "CT"},    {"R W CT", "R W CT"},   {"RW CT", "RW CT"},
      {"R L W CT", "R L W CT"}, {"L.R. CT", "L.R. CT"}, {"R J WX", "R J WX"}};
  test::expect_cleaned_rows({.person_names = {"Whitgift^Rosalind^J", "Whitgift^Rosalind"}}, kRows);
  constexpr test::CleanedRow kWords[] = {
      {"A.P. view", "A.P. view"}, {"I.V. 20 mL", "I.V. 20 mL"}, {"P A LAT", "P A LAT"}};
  test::expect_cleaned_rows({.person_names = {"Petersen^Astrid", "Ingram^Vera", "Petersen^Astrid^L"}}, kWords);
}

TEST(DescriptorJoined, ANameOfShortWordsInOne) {
  constexpr test::CleanedRow kRows[] = {{"DWI longbo b1000", "DWI b1000"}, {"bolong", ""}, {"longct", "longct"}};
  test::expect_cleaned_rows({.person_names = {"Long^Bo"}}, kRows);
}

TEST(DescriptorJoined, BariumAndStainsAreNobody) {
  constexpr test::CleanedRow kBa[] = {{"C Ba swallow", "C Ba swallow"}, {"C Ba knee", "knee"}};
  test::expect_cleaned_rows({.person_names = {"Ba^Chen"}}, kBa);
  constexpr test::CleanedRow kBrown[] = {{"Golden_Brown_stain", "Golden_Brown_stain"}, {"knee_Brown_ap", "knee_ap"}};
  test::expect_cleaned_rows({.person_names = {"Brown^Ann^C"}}, kBrown);
}

TEST(DescriptorJoined, DoctorsBehindSigns) {
  constexpr test::CleanedRow kRows[] = {
      {"LIVER_DR_PAPADIMITRIOU_3PH", "LIVER_DR_3PH"},
      {"HEAD^DR_OKONKWO", "HEAD^DR"},
      {"HEAD_DR OKONKWO", "HEAD_DR"},
      {"Emergency contact: husband Terrence 514-555-0133", "Emergency contact: husband"},
  };
  test::expect_cleaned_rows({}, kRows);
  expect_unchanged({"CHEST_DR_PORTABLE", "CHEST_DR_LATERAL_STANDING", "DR_THORAX_PA", "KNEE_DR_DXPQR",
                    "CHEST_DR_LATDECUB", "ORTHO_DR_LONGLEG", "Mother Declined gadolinium", "Nurse Notified of reaction",
                    "CHEST DR XYLOID", "Emergency contact: husband"});
}

TEST(DescriptorJoined, ShortMaria) {
  constexpr test::CleanedRow kOwn[] = {{"CONTROL M\u00AA CARMEN", "CONTROL"}};
  test::expect_cleaned_rows({.person_names = {"RUIZ^MARIA CARMEN"}}, kOwn);
  test::expect_cleaned_rows({.person_names = {"RUIZ^M\u00AA CARMEN"}}, kOwn);
  constexpr test::CleanedRow kForeign[] = {{"M\u00AA CARMEN RODRIGUEZ control", "control"}};
  test::expect_cleaned_rows({}, kForeign);
  expect_unchanged({"1\u00AA fase", "80 mA"});
}

TEST(DescriptorJoined, PatientsInChineseWithoutASpace) {
  constexpr test::CleanedRow kRows[] = {
      {"患者王小明", "患者"},    {"患者王小明胸部CT", "患者 胸部CT"}, {"担当医山田太郎", "担当医"},
      {"患者王伟", "患者"},      {"患者王伟胸部CT", "患者 胸部CT"},   {"医生李娜", "医生"},
      {"患者刘静女", "患者 女"},
  };
  test::expect_cleaned_rows({}, kRows);
  expect_unchanged({"患者张力性气胸", "患者高血压", "患者陈述头痛", "患者头部外伤", "医生建议", "患者张口", "患者韩国",
                    "患者林格", "患者张力", "患者陈旧", "患者高大", "患者孙女", "患者苏醒后", "患者徐缓"});
}

TEST(DescriptorJoined, ClinicsCalledByAWordAndADepartment) {
  constexpr test::CleanedRow kRows[] = {
      {"밝은안과 의뢰", "의뢰"},
      {"누리정형외과에서 촬영", "에서 촬영"},
      {"해솔영상의학과의원 CT", "CT"},
  };
  test::expect_cleaned_rows({}, kRows);
  expect_unchanged({"소화기내과 협진", "순환기내과", "일반외과", "간담췌외과", "혈액종양내과", "소아안과", "본원안과",
                    "치료방안과 예후", "우안과 좌안", "시신경과 안구", "위치과 크기", "병변제외과정"});
}

TEST(DescriptorJoined, TheKindOfANamedHospitalInPart) {
  constexpr test::CleanedRow kRows[] = {
      {"films of Mercy General", "films of"}, {"Mercy CT", "CT"}, {"General radiography", "General radiography"}};
  test::expect_cleaned_rows({.places = {"Mercy General Hospital"}}, kRows);
  constexpr test::CleanedRow kJoined[] = {{"zundertownquimby.jpg", ".jpg"}, {"zundertown", "zundertown"}};
  test::expect_cleaned_rows({.places = {"Zundertown Quimby Medical Center"}}, kJoined);
}

TEST(DescriptorJoined, PersonsBehindKinNursesAndCalls) {
  constexpr test::CleanedRow kRows[] = {
      {"husband Zebulon consented", "husband consented"},
      {"RN Whitgift gave contrast", "RN gave contrast"},
      {"spoke with Nurse Ratchgift", "spoke with Nurse"},
      {"Called results to Quenby in ER", "Called results to in ER"},
      {"tech initials KPL", "tech initials"},
      {"initials: K-P, visit 3", "initials:, visit 3"},
      {"performed by kpl on GE750", "performed by on GE750"},
  };
  test::expect_cleaned_rows({}, kRows);
  expect_unchanged({"performed by ct tech", "mother present", "Wife Present", "Called to Radiology", "read by cxr",
                    "eval for Schmorl node", "for Osgood-Schlatter disease", "done by pt"});
}

TEST(DescriptorJoined, NumbersBehindMoreLabels) {
  constexpr test::CleanedRow kRows[] = {
      {"Badge 55213 scanned", "Badge scanned"},
      {"Ticket INC0012345 opened", "Ticket opened"},
      {"SSN:xxx-xx-0193", "SSN:"},
      {"last 4 SSN 0193", "last 4 SSN"},
      {"Pt# 881234", "Pt#"},
      {"HAR 600012345", "HAR"},
      {"BCBS member XQH998120041", "BCBS member"},
      {"CT scanner SN CT66192", "CT scanner SN"},
      {"inmate 0044123", "inmate"},
      {"SUBJ-0042 baseline", "SUBJ-baseline"},
      {"GUID 6f9619ff-8b86-d011-b42d-00c04fc964ff", "GUID"},
      {"host pacs01.zorn.local", "host"},
  };
  test::expect_cleaned_rows({}, kRows);
  expect_unchanged({"Pt: 45 yo", "a lot of motion", "subject 12 of 40", "CT room 3", "SN ratio 12", "local.t2.map"});
}

TEST(DescriptorJoined, PlacesBehindTransfersSaintsAndStates) {
  constexpr test::CleanedRow kRows[] = {
      {"transferred from Zorn Quimby", "transferred from"},
      {"OSH CT St. David's", "OSH CT"},
      {"St. John's Memorial CT", "CT"},
      {"from Zundertown, Texas", "from"},
      {"lives in Zundertown, New York 10001", "lives in"},
      {"Zundertown, Rhode Island", ""},
      {"Zundertown, New Jersey, knee", "knee"},
  };
  test::expect_cleaned_rows({}, kRows);
  expect_unchanged({"transferred from OSH", "transferred from ICU", "St. Anthony's fire", "T1, axial",
                    "Head, Rhode Island", "Chest, Rhode Island", "Chest, New Hampshire", "Head, New York"});
}

TEST(DescriptorJoined, ADayAndAMonthOfTheHeaderBehindAnEvent) {
  constexpr test::CleanedRow kRows[] = {{"seen 3/12 in clinic", "seen in clinic"},
                                        {"compared to 12/3", "compared to"},
                                        {"seen 3/13", "seen 3/13"},
                                        {"seen 3/12/5", "seen 3/12/5"},
                                        {"KNEE 3/12", "KNEE 3/12"},
                                        {"slice 3/12", "slice 3/12"}};
  test::expect_cleaned_rows({.dates = {"20190312"}}, kRows);
}

TEST(DescriptorJoined, OldAgesBesideComplaintsAndInWords) {
  constexpr test::CleanedRow kRows[] = {{"91F chest pain", "F chest pain"},
                                        {"92M cough", "M cough"},
                                        {"ninety-three year old with cough", "year old with cough"}};
  test::expect_cleaned_rows({}, kRows);
  expect_unchanged({"91F recon", "T91F pain", "ninety degrees", "92F, 0.5 mm"});
}

TEST(DescriptorJoined, APathGoesThoughItsSignsPartValues) {
  test::SliceBytes slice;
  slice.text(0x00081030, "LO", "C:\\Users\\bcarter\\Desktop\\scan1").text(0x00181030, "LO", "HEAD\\NECK");
  slice.text(0x0008103E, "LO", "saved in D:\\export\\minsu.park");
  const test::Deidentified done(slice.bytes(), test::policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_FALSE(done.holds("bcarter"));
  EXPECT_FALSE(done.holds("Desktop"));
  EXPECT_EQ(done.value(0x00181030), "HEAD\\NECK");
  EXPECT_EQ(done.value(0x0008103E), "saved in");
  slice.text(0x00081030, "LO", "\\\\radfs01\\users\\bcarter").text(0x00181030, "LO", "\\\\0\\0\\100");
  const test::Deidentified other(slice.bytes(), test::policy_with({DeidOption::clean_descriptors}));
  EXPECT_FALSE(other.holds("bcarter"));
  EXPECT_EQ(other.value(0x00181030), "\\\\0\\0\\100");
}

/// Each stays in a text of somebody who has these initials.
TEST(DescriptorJoined, ShortFormsAreNoInitials) {
  constexpr const char* kForms[] = {
      "ICA", "ECA", "CCA", "MCA",  "ACA", "PCA", "SCA", "LAD",  "LCX", "RCA", "SVG",  "SFA",  "CFA",  "PTA",  "LAA",
      "MPA", "RPA", "LPA", "PDA",  "AAA", "TAA", "ASD", "VSD",  "PFO", "EIA", "IIA",  "PSV",  "EDV",  "GSV",  "IJV",
      "RAO", "LAO", "RPO", "LPO",  "LLD", "RLD", "SID", "SOD",  "LCC", "LML", "RML",  "GTV",  "PTV",  "CTV",  "ITV",
      "OAR", "DRR", "SRT", "DVH",  "MLC", "PRV", "HBP", "PVP",  "HAP", "EAP", "PAP",  "NCCT", "DECT", "CEMR", "VMAT",
      "EGE", "APT", "MTR", "MTC",  "UTE", "ZTE", "CNR", "SAR",  "VFA", "MRU", "IGRT", "MTV",  "TLG",  "TNM",  "MPI",
      "SUL", "CFI", "PDI", "CEUS", "FHR", "TVS", "CTO", "FFR",  "IFR", "MWA", "PVI",  "DCB",  "BMS",  "UAE",  "PAE",
      "VOI", "LUT", "QCA", "ACL",  "PCL", "MCL", "LCL", "TFCC", "ITB", "DBS", "WMH",  "FCD",  "DVA",  "PNS",  "LLI",
  };
  const auto named = [](std::string_view initials) {
    std::string name = std::string(1, initials.back()) + "wexby";
    for (const char letter : initials.substr(0, initials.size() - 1)) name += std::string("^") + letter + "ornik";
    return name;
  };
  for (const std::string form : kForms) {
    const std::string name = named(form);
    const DescriptorCleaner cleaner({.person_names = {name}}, {}, {});
    EXPECT_EQ(cleaner.clean("TOF " + form).text, "TOF " + form);
    EXPECT_EQ(cleaner.clean(form + " 2 mm").text, form + " 2 mm");
  }
  for (const std::string initials : {"QXW", "QZW"}) {
    EXPECT_EQ(DescriptorCleaner({.person_names = {named(initials)}}, {}, {}).clean("TOF " + initials).text, "TOF");
  }
  // Some people are called so.
  constexpr test::CleanedRow kNames[] = {{"RAO 30 LAO 20", "30 LAO 20"}, {"angio Rao", "angio"}};
  test::expect_cleaned_rows({.person_names = {"Rao^Lakshmi^O"}}, kNames);
}

TEST(DescriptorJoined, ViewsThatAreCalledByAName) {
  expect_unchanged({"SKULL_DR_CALDWELL", "KNEE_DR_ROSENBERG", "SHOULDER_DR_STRYKER", "CHEST_DR_BUCKY", "HIP_DR_JUDET",
                    "SKULL_DR_TOWNE", "KNEE_DR_MERCHANT", "HEEL_DR_HARRIS", "HAND_DR_NORGAARD"});
  constexpr test::CleanedRow kRows[] = {{"CHEST_DR_ROSENBERG", "CHEST_DR"}, {"KNEE_Dr. Rosenberg", "KNEE_Dr."}};
  test::expect_cleaned_rows({}, kRows);
  constexpr test::CleanedRow kOwn[] = {{"KNEE_DR_ROSENBERG", "KNEE_DR"}};
  test::expect_cleaned_rows({.person_names = {"Rosenberg^Ada"}}, kOwn);
}

}  // namespace
}  // namespace naru::dicom
