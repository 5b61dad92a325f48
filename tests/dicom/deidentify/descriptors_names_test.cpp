// The header's names with particles, apostrophes and endings.

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

}  // namespace
}  // namespace naru::dicom
