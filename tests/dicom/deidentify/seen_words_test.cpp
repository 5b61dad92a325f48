#include "dicom/deidentify/seen_words.h"

#include <gtest/gtest.h>

namespace naru::dicom {
namespace {

SeenWords words_of_a_patient() {
  return SeenWords({.person_names = {"Vermeulen^Tess", "Hong^Gildong=洪^吉洞=홍^길동", "Oh^Jo"},
                    .ids = {"PAT-00381", "7731"},
                    .places = {"Sint Willibrord Ziekenhuis"},
                    .dates = {"19610412"},
                    .uids = {"1.2.840.12345"},
                    .others = {"+82 2 1234 5678"}});
}

TEST(SeenWords, StandInAPageInAnyFormAndWithOneLetterWrong) {
  const SeenWords words = words_of_a_patient();
  for (const char* const page :
       {"VERMEULEN, T", "vermeu1en", "Tess Vermeulen", "x Ve rmeul en y", "ID: PAT 00381", "PAT-O0381 M", "1961-04-12",
        "12.04.1961", "04/12/1961", "DOB 1961.04.1Z", "Gi1dong", "환자명: 홍길동", "홍 길 둥", "길동홍",
        "SINT WILLIBRORD\nZIEKENHUIS", "vermeuulen", "ermeulen"}) {
    EXPECT_TRUE(words.stand_in(page)) << page;
  }
}

TEST(SeenWords, StandInAPageThatSpellsTheirLettersOut) {
  EXPECT_TRUE(SeenWords(Identifiers{.person_names = {"Æþœsen^Tess"}}).stand_in("AETHOESEN"));
  EXPECT_TRUE(SeenWords(Identifiers{.person_names = {"Aethoesen^Tess"}}).stand_in("Æþœsen"));
}

TEST(SeenWords, AreNotSeenInOtherTextsNorWhereTheyAreShort) {
  const SeenWords words = words_of_a_patient();
  for (const char* const page : {"", "Acq 7 Slice 15", "vermilion", "Tess", "Oh Jo", "7731", "1961", "PAT 00 9",
                                 "김민수", "Sint Jozef Ziekenhuis", "1.2.840.12345", "82 2 1234 5678", "19620513"}) {
    EXPECT_FALSE(words.stand_in(page)) << page;
  }
  EXPECT_TRUE(SeenWords(Identifiers{.person_names = {"^", "Li^A="}, .ids = {"12"}, .dates = {"1961"}}).empty());
}

}  // namespace
}  // namespace naru::dicom
