// What signs, titles and labels of other people give away, and settings that look alike and stay.

#include <gtest/gtest.h>

#include "dicom/deidentify/descriptor_phrases.h"
#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

using test::CleanedRow;
using test::expect_cleaned_rows;

TEST(DescriptorSigns, NumbersBesideOthers) {
  constexpr CleanedRow kRows[] = {
      {"620814-1234567/62", "62"},
      {"12/620814-1234567", "12"},
      {"620814-1234567/620815-2234567", ""},
      {"010-2048-3072/02-512-1024", ""},
      {"330-555-0142/330-555-0143", ""},
      {"330-555-0142/4455", "4455"},
      {"423-55-0199/03", "03"},
      {"423-55-0199/423-55-0188", ""},
      {"192.168.10.44/24", "24"},
      {"010-2048-3072-1", "1"},
      {"T2/330-555-0142", "T2"},
      {"2014-03-22/620814-1234567", ""},
      {"2014-03-22-330-555-0142", ""},
      {"2014-03-22-2014-03-23", ""},
      {"03/22/2014/1", "1"},
      {"MR# 88776655", "MR#"},
      {"Med Rec No: 8877665", "Med Rec No:"},
      {"Hosp # 8877665", "Hosp #"},
      {"Acct# 8877665", "Acct#"},
      {"Order 8877665", "Order"},
      {"Group # 8877665", "Group #"},
      {"policy W123456789", "policy"},
      {"NPI 1234567893", "NPI"},
      {"DEA AB1234563", "DEA"},
      {"Lic. 1234567", "Lic."},
      {"Path# 12-34567", "Path#"},
      {"SS# 423550199", "SS#"},
      {"DL# K1234567", "DL#"},
      {"면허 12345", "면허"},
      {"건강보험번호 1234567890", "건강보험번호"},
      {"02-5121024", ""},
      {"(02)5121024", ""},
      {"031-7778888", ""},
      {"010 20483072", ""},
      {"(330)5550142", ""},
      {"330-5550142", ""},
      {"330_555_0142", ""},
      {"330 - 555 - 0142", ""},
      {"423 55 0199", ""},
      {"lives 1894 Thistledown Ct", "lives"},
      {"1894 Thistledown Ct Apt 4", ""},
      {"1894 Thistledown Cir, Akron, OH", ""},
      {"22 Marrow Ter", ""},
      {"1180 Marrow Pl", ""},
      {"118 Marrow Pl", ""},
      {"12 Thistledown Pl, prior CT", "prior CT"},
      {"118 Marrow Trl", ""},
      {"118 Marrow Sq Apt 4", ""},
  };
  expect_cleaned_rows({}, kRows);
}

TEST(DescriptorSigns, PersonsInSmallLettersAndCapitals) {
  constexpr CleanedRow kRows[] = {
      {"dr. smith", "dr."},
      {"dr. hargreaves", "dr."},
      {"ref by dr hargreaves", "ref by dr"},
      {"read by hargreaves", "read by"},
      {"physician: hargreaves", "physician:"},
      {"mrs hargreaves", "mrs"},
      {"CT HEAD FOR DR HARGREAVES", "CT HEAD FOR DR"},
      {"REF BY DR HARGREAVES", "REF BY DR"},
      {"DOCTOR HARGREAVES", "DOCTOR"},
      {"PROF HARGREAVES", "PROF"},
      {"Dr. Hargreaves saw pt; Hargreaves agrees", "Dr. saw pt; Hargreaves agrees"},
      {"K. Hargreaves, M.D.", "M.D."},
      {"J. Pomeroy PA-C", "PA-C"},
      {"Lena Pomeroy, RT(R)(CT)", "RT(R)(CT)"},
      {"Pomeroy, NP", "NP"},
      {"Hargreaves, Kim (MD)", "(MD)"},
      {"K. HARGREAVES, MD", "MD"},
      {"Drs. Hargreaves and Pomeroy", "Drs. and"},
      {"Drs Hargreaves/Pomeroy", "Drs"},
      {"performed by Hargreaves and Pomeroy", "performed by and"},
      {"Interpreted by Hargreaves/Bellweather", "Interpreted by"},
      {"reviewed with Hargreaves", "reviewed with"},
      {"d/w Hargreaves", "d/w"},
      {"c/o Hargreaves", "c/o"},
      {"mail c/o Lena Hargreaves", "mail c/o"},
      {"C/O SMITH", "C/O"},
      {"PCP: Hargreaves", "PCP:"},
      {"RN: Hargreaves", "RN:"},
      {"Contact: Hargreaves", "Contact:"},
      {"next of kin: Hargreaves", "next of kin:"},
      {"LastName: Hargreaves", "LastName:"},
      {"surname=Hargreaves", "surname="},
      {"née Hargreaves", "née"},
      {"보호자(남편) 김철수 내원", "보호자(남편) 내원"},
  };
  expect_cleaned_rows({}, kRows);
}

TEST(DescriptorSigns, DatesBehindWordsOfEvents) {
  constexpr CleanedRow kRows[] = {
      {"prior 7/11/15", "prior"},     {"seen 7/11/15", "seen"}, {"compared to 8/9/10", "compared to"},
      {"compare 7-11-15", "compare"}, {"seen Jul 11", "seen"},  {"seen May 5", "seen"},
      {"prior Dec. 25", "prior"},     {"exam071115", "exam"},
  };
  expect_cleaned_rows({}, kRows);
}

TEST(DescriptorSigns, SettingsAndTermsStay) {
  constexpr const char* kTexts[] = {
      "read by comparing to prior",
      "dr chest pa",
      "technologist: none",
      "ct head for stroke",
      "reviewed with contrast",
      "DR THORAX AP",
      "MR ENTEROGRAFIA",
      "verified by ultrasound",
      "contact: none",
      "injected by hand",
      "CTA FOR PE",
      "FOR DR RECON",
      "physician: unknown",
      "operator: default",
      "read by radiology",
      "discussed with radiology",
      "DR KOLANO AP",
      "HR T2 coronal",
      "MR FISTULOGRAFIA",
      "TR 423 55 0199 ms",
      "512 384 4003",
      "T2 TSE 512/384/4003",
      "b0/500/1000/2000",
      "0-50-400-800",
      "10/20/2000/30",
      "5/10/15",
      "windows on 5/10/15",
      "TE 8/9/10",
      "flip 7-11-15",
      "exam 3",
      "study 12",
      "prior 5 scans",
      "since 2 days",
      "group 1: 12345",
      "MR: 1.5T",
      "Mr 3",
      "path: lung",
      "card 3",
      "ss 2",
      "SS-FSE",
      "SS TSE 123456",
      "DL recon 64",
      "Order 2",
      "member 3",
      "RT planning, RT(R)",
      "Thorax, RT",
      "PA chest",
      "Abdomen, NP",
      "Lymphoma, NP",
      "CT of nasopharynx, NP",
      "CONTACT LENS",
      "Skin Contact: dry",
      "W/O contrast",
      "3D W/ contrast",
      "c/o pain",
      "c/o dizziness",
      "c/o Fatigue, Numbness",
      "C/O ZYPHALGOS",
      "c/o Epistaxis and Lethargy",
      "ref: T1",
      "REQ: AXIAL",
      "Patient Position: HFS",
      "prof fem art",
      "1.2.840.620814-1234567",
      "02-512",
      "031 777 8888",
      "lot 12-34",
      "0.5x0.5x1.0/2",
      "exam 100 of 200",
      "visit 2",
      "seen in 3 slices",
      "compare with 3 mm",
      "date 2014",
      "T1/T2/PD",
      "kV 100/120/140",
      "100/50/25",
      "64/32/16",
      "CT 64 Slice Ct",
      "300 Post Ct",
      "120 Kranial Ct",
      "118 Marrow Sq",
      "3 Marrow Pl",
      "118 MARROW PL",
      "120 Lateral Pl",
      "12 Phase Pl",
      "120 kV Head Ct",
      "3 Plane Loc Sq",
      "prof fem art",
      "128 Slice Ct",
      "40 Phase Pl",
  };
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : kTexts) EXPECT_EQ(cleaner.clean(text).text, text);
}

TEST(DescriptorSigns, SecondsSince1970OnADateOfTheHeader) {
  const DescriptorCleaner cleaner({.dates = {"20140321"}}, {}, {});
  constexpr CleanedRow kRows[] = {
      {"acq 1395396900 head", "acq head"},
      {"CT_1395396900123", "CT"},
      {"CT_1395396900123456", "CT"},
      {"13953969001234 CT", "13953969001234 CT"},
      {"1395396900.25 CT", "CT"},
      {"1395310500 CT", "CT"},  // the day before, in another time zone
      {"1395137700 CT", "1395137700 CT"},
      {"13953969 CT", "13953969 CT"},
      {"139539690012 CT", "139539690012 CT"},
  };
  for (const CleanedRow& row : kRows) EXPECT_EQ(cleaner.remove_identifiers(row.text).text, row.expected) << row.text;
  EXPECT_EQ(cleaner.clean("acq 1395396900 head").text, "acq head");
}

TEST(DescriptorSigns, WhatOneTextGivesAwayGoesFromOthers) {
  const DescriptorCleaner cleaner({}, {}, {});
  const CleanedText first = cleaner.clean("CT per Dr. Hargreaves, MRN 8877665, Dr. Brown");
  EXPECT_EQ(first.told_words, (std::vector<std::string>{"Hargreaves", "8877665"}));  // "Brown" is a colour as well
  PhraseList told;
  for (const std::string& word : first.told_words) told.add(word);
  EXPECT_EQ(cleaner.clean("hargreaves protocol, prior 8877665", &told).text, "protocol, prior");
  EXPECT_EQ(cleaner.clean("brown fat", &told).text, "brown fat");
}

TEST(DescriptorSigns, OneWordThatMayBeAComplaintGoesFromItsTextAlone) {
  const DescriptorCleaner cleaner({}, {}, {});
  const CleanedText complaint = cleaner.clean("61F c/o Zyphalgos");
  EXPECT_EQ(complaint.text, "61F c/o");
  EXPECT_TRUE(complaint.told_words.empty());
  EXPECT_TRUE(cleaner.clean("c/o Zyphalgos X 3 days").told_words.empty());
  EXPECT_TRUE(cleaner.clean("c/o Zyphalgos, Wobblyfoot").told_words.empty());
  EXPECT_EQ(cleaner.clean("c/o Lena Hargreaves").told_words, (std::vector<std::string>{"Lena", "Hargreaves"}));
}

TEST(DescriptorSigns, HospitalsOfSaintsAndTitlesBeforeAnUnderscore) {
  constexpr CleanedRow kRows[] = {
      {"from H\u00F4pital Saint-Louis CT thorax", "from CT thorax"},
      {"Klinik Sankt Georg Thorax", "Thorax"},
      {"Klinik St. Georg", ""},
      {"Clinique Sainte-Anne IRM", "IRM"},
      {"Hospital San Juan CT", "CT"},
      {"St. Mary's Hospital chest", "chest"},
      {"Dr_hargreaves_knee", "Dr_knee"},
      {"Prof_lindqvist_mprage", "Prof_mprage"},
  };
  expect_cleaned_rows({}, kRows);
  constexpr const char* kTexts[] = {"HOSPITAL ST ELEVATION", "Hospital St 3", "Dr_chest_pa", "dr_thorax_ap",
                                    "DR_kolano_ap",          "Mr_brain_t2",   "Dr_t2_tse",   "ST elevation"};
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : kTexts) EXPECT_EQ(cleaner.clean(text).text, text);
}

}  // namespace
}  // namespace naru::dicom
