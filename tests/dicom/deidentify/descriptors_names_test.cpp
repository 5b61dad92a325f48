// The header's names and addresses in parts: with apostrophes, endings and initials; towns, streets and postal codes.

#include <gtest/gtest.h>

#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

using Row = test::CleanedRow;

TEST(DescriptorNames, NamesOfTwoPartsInThePossessive) {
  constexpr Row kOBrien[] = {
      {"O'Brien's CT chest", "CT chest"},
      {"O’Brien’s CT", "CT"},
      {"OBrien's CT", "CT"},
      {"O'BRIEN'S CT", "CT"},
      {"O Brien's CT", "CT"},
      {"Sean O'Brien's CT", "CT"},
      {"Crohn's CT", "Crohn's CT"},
  };
  test::expect_cleaned_rows({.person_names = {"O'Brien^Sean"}}, kOBrien);
  test::expect_cleaned_rows({.person_names = {"O’Brien^Sean"}}, kOBrien);
  constexpr Row kDAngelo[] = {
      {"D'Angelo's CT", "CT"}, {"DAngelo's CT", "CT"},   {"D Angelo's CT", "CT"}, {"Leo D'Angelo's CT", "CT"},
      {"ld'angelo CT", "CT"},  {"ld'angelo's CT", "CT"}, {"DANGELO'S CT", "CT"},
  };
  test::expect_cleaned_rows({.person_names = {"D'Angelo^Leo"}}, kDAngelo);
  constexpr Row kMcAllister[] = {
      {"McAllister's CT", "CT"}, {"Mc Allister's CT", "CT"}, {"MacAllister's CT", "CT"},
      {"MCALLISTER'S CT", "CT"}, {"MacAllister CT", "CT"},   {"MACALLISTER CT", "CT"},
  };
  test::expect_cleaned_rows({.person_names = {"McAllister^Wini"}}, kMcAllister);
  test::expect_cleaned_rows({.person_names = {"MCALLISTER^WINI"}}, kMcAllister);
  constexpr Row kFitzGerald[] = {{"FitzGerald's CT", "CT"}, {"Fitz Gerald's CT", "CT"}};
  test::expect_cleaned_rows({.person_names = {"FitzGerald^Kim"}}, kFitzGerald);
  constexpr Row kDiMaggio[] = {{"DiMaggio's CT", "CT"}, {"Di Maggio's CT", "CT"}};
  test::expect_cleaned_rows({.person_names = {"DiMaggio^Kim"}}, kDiMaggio);
  constexpr Row kLaRue[] = {{"LaRue's CT", "CT"}, {"La Rue's CT", "CT"}};
  test::expect_cleaned_rows({.person_names = {"LaRue^Kim"}}, kLaRue);
  constexpr Row kPieces[] = {{"QuackenBush's CT", "CT"}};
  test::expect_cleaned_rows({.person_names = {"Quackenbush^Kim"}}, kPieces);
}

TEST(DescriptorNames, SidesBesideANameStay) {
  constexpr Row kRasmussen[] = {
      {"KNEE R Rasmussen", "KNEE R"}, {"Rasmussen R MLO", "R MLO"},  {"MAMMO K Rasmussen R MLO", "MAMMO R MLO"},
      {"Rasmussen K KNEE", "KNEE"},   {"KR Rasmussen KNEE", "KNEE"},
  };
  test::expect_cleaned_rows({.person_names = {"Rasmussen^Katarzyna"}}, kRasmussen);
  constexpr Row kRivera[] = {
      {"RIVERA LUIS R MLO", "R MLO"}, {"Rivera L MLO", "L MLO"},   {"L KNEE Rivera", "L KNEE"},
      {"Rivera L chest", "chest"},    {"Rivera, L. KNEE", "KNEE"},
  };
  test::expect_cleaned_rows({.person_names = {"Rivera^Luis"}}, kRivera);
}

TEST(DescriptorNames, AnInitialGoesWhereTheWholeNameStandsBeforeIt) {
  constexpr Row kBrown[] = {{"Grey Brown, BROWN G CT", "CT"}};
  test::expect_cleaned_rows({.person_names = {"Brown^Grey"}}, kBrown);
  constexpr Row kDavidson[] = {{"Douglas Davidson, DAVIDSON D CT", "CT"}};
  test::expect_cleaned_rows({.person_names = {"Davidson^Douglas", "Hughes^Tim"}}, kDavidson);
  constexpr Row kMoss[] = {{"Anna Moss, MOSS A CT", "CT"}};
  test::expect_cleaned_rows({.person_names = {"Moss^Anna"}}, kMoss);
}

TEST(DescriptorNames, WordsThatAreNamesByWhatStandsBesideThem) {
  constexpr Row kLee[] = {
      {"J Lee chest", "chest"},
      {"Lee J chest", "chest"},
      {"LEE JS chest", "chest"},
      {"CT for Lee", "CT for"},
      {"patient Lee", "patient"},
      {"per Lee", "per"},
      {"pt: LEE", "pt:"},
      {"Lee 62F", "62F"},
      {"Lee(62)", "(62)"},
      {"Lee/F/62", "F/62"},
      {"Lee's chest", "chest"},
      {"CT_LEE_chest", "CT_chest"},
      {"jslee", ""},
      {"xlee", "xlee"},
      {"jlee chest", "chest"},
      {"LEE CHEST", "LEE CHEST"},
      {"T Lee chest", "T Lee chest"},
      {"KNEE L LEE", "KNEE L LEE"},
  };
  test::expect_cleaned_rows({.person_names = {"Lee^Jisoo"}}, kLee);
  constexpr Row kBrown[] = {
      {"C Brown", ""},
      {"patient Brown", "patient"},
      {"Brown 62M", "62M"},
      {"Brown's chest", "chest"},
      {"cbrown", ""},
      {"brown fat", "brown fat"},
      {"C BROWN FAT", "C BROWN FAT"},
      {"imaging for Brown fat", "imaging for Brown fat"},
      {"Brown's tumor", "Brown's tumor"},
      {"BROWN TUMOR", "BROWN TUMOR"},
      {"CT_BROWN", "CT"},
      {"Brown_chest", "chest"},
      {"CT BROWN", "CT BROWN"},
      {"T1_BROWN_FAT", "T1_BROWN_FAT"},
      {"imaging for Brown adipose tissue", "imaging for Brown adipose tissue"},
  };
  test::expect_cleaned_rows({.person_names = {"Brown^Charles"}}, kBrown);
  constexpr Row kLong[] = {
      {"LONG J", ""},
      {"T2 long TR", "T2 long TR"},
      {"T2 LONG TR", "T2 LONG TR"},
      {"J LONG AXIS", "J LONG AXIS"},
      {"T2_LONG_AX", "T2_LONG_AX"},
      {"T2 LONG(3)", "T2 LONG(3)"},
      {"LONG 12", "LONG 12"},
  };
  test::expect_cleaned_rows({.person_names = {"Long^Jim"}}, kLong);
  constexpr Row kOthers[] = {
      {"Ward 5", "Ward 5"},
      {"ref Ward 5", "ref Ward 5"},
      {"WHITE MATTER", "WHITE MATTER"},
      {"ECHO", "ECHO"},
      {"CT FOR STONE", "CT FOR STONE"},
      {"STONE PROTOCOL", "STONE PROTOCOL"},
      {"HAND R", "HAND R"},
      {"Young's modulus", "Young's modulus"},
      {"HEAD P", "HEAD P"},
      {"Ward's triangle", "Ward's triangle"},
  };
  for (const char* person :
       {"Ward^Will", "White^Mary", "Cho^Eun", "Stone^Peter", "Hand^Rita", "Young^Ann", "Head^Phantom"}) {
    test::expect_cleaned_rows({.person_names = {person}}, kOthers);
  }
}

TEST(DescriptorNames, OfTwoLettersBesideAnInitial) {
  constexpr Row kLi[] = {
      {"X Li chest", "chest"}, {"Li X CT", "CT"},
      {"LI XM", ""},           {"T2 LI", "T2 LI"},
      {"AX LI", "AX LI"},      {"Y Li chest", "Y Li chest"},
      {"Li-ion", "Li-ion"},    {"x li chest", "x li chest"},
  };
  test::expect_cleaned_rows({.person_names = {"Li^Xiaoming"}}, kLi);
  constexpr Row kDe[] = {{"M DE 3", "M DE 3"}, {"M MA", "M MA"}};
  test::expect_cleaned_rows({.person_names = {"De La Cruz^Maria", "Ma^Ming"}}, kDe);
}

TEST(DescriptorNames, WordsThatAreNamesInANameOfSuchWordsAlone) {
  constexpr Row kDay[] = {
      {"W Day chest", "chest"},
      {"for Day", "for"},
      {"wday", ""},
      {"DAY 5", "DAY 5"},
  };
  test::expect_cleaned_rows({.person_names = {"Day^Will"}}, kDay);
  constexpr Row kPhantom[] = {{"HEAD P", "HEAD P"}, {"for Head", "for Head"}, {"WHITE M", "WHITE M"}};
  test::expect_cleaned_rows({.person_names = {"Head^Phantom", "White^Water^Mask"}}, kPhantom);
}

TEST(DescriptorNames, LoginsOfInitialsAndAName) {
  struct Login {
    const char *person, *text;
  };
  for (const auto& [person, text] : {Login{"Choi^Ji-woo", "jwchoi"},
                                     {"Kim^Sung-Hee", "shkim"},
                                     {"Kim^Sunghee", "kimsh"},
                                     {"WANG^XIAOMING", "wangxm"},
                                     {"Doe^Jane", "jdoe"},
                                     {"D'Angelo^Leo", "ld'angelo"},
                                     {"Silva e Souza^Maria do Carmo", "mcsouza"},
                                     {"Park^Soyeon", "parksy"},
                                     {"Nguyen^Thi Minh Khai", "nguyentmk"}}) {
    const Row row[] = {{text, ""}};
    test::expect_cleaned_rows({.person_names = {person}}, row);
  }
  constexpr Row kOthers[] = {{"tdoe", "tdoe"}, {"echo", "echo"}, {"doegj", "doegj"}};
  test::expect_cleaned_rows({.person_names = {"Doe^Jane", "Cho^Eun"}}, kOthers);
}

TEST(DescriptorNames, PartsOfTheHeadersAddresses) {
  constexpr Row kAkron[] = {
      {"lives at Thistledown near Akron", "lives at near"},
      {"Thistledown Court", ""},
      {"44321", ""},
      {"OH HEAD 1894", "OH HEAD 1894"},
  };
  for (const char* address : {"1894 Thistledown Court^Akron^OH^44321", "1894 Thistledown Court\r\nAkron OH 44321",
                              "1894 Thistledown Court Akron OH 44321", "1894 Thistledown Court, Akron, OH 44321"}) {
    test::expect_cleaned_rows({.others = {address}}, kAkron);
    if (std::string_view(address).find('^') == std::string_view::npos) {
      test::expect_cleaned_rows({.places = {address}}, kAkron);
    }
  }
  constexpr Row kQuarzdorf[] = {
      {"verlegt nach Quarzdorf", "verlegt nach"}, {"Hermeskeiler", ""}, {"50935", ""}, {"Platz", "Platz"}};
  test::expect_cleaned_rows({.places = {"Hermeskeiler Platz 7, 50935 Quarzdorf"}}, kQuarzdorf);
  constexpr Row kSuncheon[] = {{"순천시 해룡면 CT", "CT"}, {"상삼길 CT", "CT"}};
  test::expect_cleaned_rows({.places = {"전라남도 순천시 해룡면 상삼길 23"}}, kSuncheon);
  constexpr Row kHall[] = {{"from Akron", "from"}, {"Akron Hall", ""}, {"HALL", "HALL"}};
  test::expect_cleaned_rows({.places = {"Akron Hall"}}, kHall);
  constexpr Row kTown[] = {{"seen in Zundertown", "seen in"}};
  test::expect_cleaned_rows({.places = {"Zundertown, Ohio"}}, kTown);
  constexpr Row kWords[] = {
      {"HEAD CT", "HEAD CT"},
      {"T1 SPINE", "T1 SPINE"},
      {"LONG AXIS", "LONG AXIS"},
      {"Baker cyst", "Baker cyst"},
      {"12 slices", "12 slices"},
      {"Skyra 3T", "Skyra 3T"},
      {"Nuclear Medicine 4", "Nuclear Medicine 4"},
      {"bowel wall", "bowel wall"},
  };
  for (const char* address : {"12 Spine Road, Head, CT 06001", "12 Baker Street, Long Wall",
                              "MAGNETOM Skyra 3T, Room 5", "Department of Nuclear Medicine, Building 4, Level 2"}) {
    test::expect_cleaned_rows({.places = {address}}, kWords);
  }
  test::expect_cleaned_rows({.others = {"12 Spine Road^Head^CT^06001"}}, kWords);
}

TEST(DescriptorNames, PartsOfTheHeadersNumbers) {
  constexpr Row kPhone[] = {
      {"call (330)5550142", "call"}, {"call 330 - 555 - 0142", "call"},  {"call 555-0142", "call"},
      {"call 5550142", "call"},      {"TR 555 TE 142", "TR 555 TE 142"}, {"555 0142", "555 0142"},
      {"555/142", "555/142"},        {"1555-0142", "1555-0142"},
  };
  for (const char* number : {"330-555-0142", "(330) 555-0142", "3305550142"}) {
    test::expect_cleaned_rows({.others = {number}}, kPhone);
  }
  constexpr Row kMobile[] = {{"2048-3072", ""}, {"2048 x 3072", "2048 x 3072"}, {"2048/3072", "2048/3072"}};
  test::expect_cleaned_rows({.others = {"010-2048-3072"}}, kMobile);
  constexpr Row kIds[] = {
      {"id 1234567 CT", "id CT"}, {"12345678 CT", "CT"}, {"CT00731 chest", "chest"}, {"acc CT-00731", "acc"},
      {"2014 CT", "2014 CT"},     {"731 CT", "731 CT"},  {"8 slices", "8 slices"},
  };
  test::expect_cleaned_rows({.ids = {"1234567-8", "2014-CT-00731"}}, kIds);
}

}  // namespace
}  // namespace naru::dicom
