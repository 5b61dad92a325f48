// Plates of vehicles, and counts and settings that look alike and stay.

#include <gtest/gtest.h>

#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

TEST(DescriptorPlates, KoreanPlatesGo) {
  constexpr test::CleanedRow kRows[] = {
      {"차량번호 12가 3456 교통사고", "차량번호 교통사고"},
      {"차량 123가4567 탑승 중 사고", "차량 탑승 중 사고"},
      {"12가3456 무릎", "무릎"},
      {"교통사고 123허 4567", "교통사고"},
      {"서울12가3456 경추", "경추"},
      {"서울 12가 3456 사고", "사고"},
      {"경기3가1234", ""},
      {"차량: 12주 3456", "차량:"},
      {"12가3456은 사고 차량", "은 사고 차량"},
  };
  test::expect_cleaned_rows({}, kRows);
}

TEST(DescriptorPlates, CountsAndSettingsStay) {
  constexpr const char* kTexts[] = {
      "12주 3456",    "임신 12주 2024", "20도 1500", "12가 2024년", "3가 1234",   "120가 1500 mm",
      "12가 345",     "12갑3456",       "T12가3456", "1.12가3456",  "12가3456mm", "320로 1500",
      "서울 12 3456", "10가 3456%",     "50대 1234", "12배 3456",
  };
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : kTexts) EXPECT_EQ(cleaner.clean(text).text, text);
}

}  // namespace
}  // namespace naru::dicom
