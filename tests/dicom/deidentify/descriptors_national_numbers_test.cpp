// National numbers that check themselves, and numbers that look alike and stay.

#include <gtest/gtest.h>

#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

TEST(DescriptorNationalNumbers, ThoseThatCheckThemselvesGo) {
  constexpr test::CleanedRow kRows[] = {
      {"756.9217.0769.85 Knie", "Knie"},
      {"AHV-Nr. 756 9217 0769 85", "AHV-Nr."},
      {"AHV-Nr. 7569217076985 Knie", "AHV-Nr. Knie"},
      {"CPF: 529.982.247-25 joelho", "CPF: joelho"},
      {"529.982.247-25", ""},
      {"CPF 52998224725", "CPF"},
      {"DNI 12345678Z control", "DNI control"},
      {"rodilla 12345678Z", "rodilla"},
      {"12.345.678-Z", ""},
      {"NIE X1234567L rodilla", "NIE rodilla"},
      {"Y-1234567-X", ""},
      {"NHS No 401 023 2137", "NHS No"},
      {"NHS number: 401-023-2137 knee", "NHS number: knee"},
      {"RSSMRA80A01H501U torace", "torace"},
      {"RSS MRA 80A01 H501U", ""},
      {"mrtmtt25d09f205z", ""},
      {"2 62 08 75 115 001 50", ""},
      {"s\u00E9curit\u00E9 sociale 262087511500142", "s\u00E9curit\u00E9 sociale"},
      {"번호12345678Z 무릎", "번호 무릎"},
  };
  test::expect_cleaned_rows({}, kRows);
}

TEST(DescriptorNationalNumbers, WhatChecksNotOrHasNoLabelStays) {
  constexpr const char* kTexts[] = {
      "756.9217.0769.86", "756 512 1024", "529.982.247-26",   "111.111.111-11", "12345678A",
      "12345678z",        "T12345678Z",   "12345678ZX",       "X1234567M",      "T1234567L",
      "TR 401 023 2137",  "401-023-2137", "RSSMRA80A01H501A", "nie 1234567",    "DNI, comfort care",
      "b 756.1234 mm2",   "AHV 3",        "CPF 12 mm",        "avs 2",          "NHS protocol 3",
  };
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : kTexts) EXPECT_EQ(cleaner.clean(text).text, text);
}

}  // namespace
}  // namespace naru::dicom
