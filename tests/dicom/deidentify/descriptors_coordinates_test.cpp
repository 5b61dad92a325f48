// Coordinates of places on Earth, and pairs of settings that look alike and stay.

#include <gtest/gtest.h>

#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

TEST(DescriptorCoordinates, PlacesOnEarthGo) {
  constexpr test::CleanedRow kRows[] = {
      {"GPS 37.5796, 126.9990 촬영", "GPS 촬영"},
      {"GPS: 37°34'46.6\"N 126°59'56.4\"E", "GPS:"},
      {"37.5796 N, 126.9770 E knee", "knee"},
      {"knee 37.5796, 126.9770", "knee"},
      {"(37.5796, 126.9770) knee", "knee"},
      {"lat 37.5796 lon 126.9770", "lat"},
      {"51.5074,-0.1278", ""},
      {"N37.5796 E126.9770", ""},
      {"37.57°N 126.98°E", ""},
      {"37º34'46\"N 126º58'37\"E", ""},
      {"40.7128° N, 74.0060° W", ""},
      {"북위 37도 34분 46초, 동경 126도 58분 37초", ""},
      {"위치: -33.8688, 151.2093", "위치:"},
  };
  test::expect_cleaned_rows({}, kRows);
}

TEST(DescriptorCoordinates, PairsOfSettingsStay) {
  constexpr const char* kTexts[] = {
      "1.5, 3.0",
      "FOV 37.5, 26.9",
      "0.9766, 0.9766",
      "0.9998, -0.0175",
      "origin 12.3456, 45.6789",
      "12.3456, 45.6789, 78.9012",
      "37.5000, 126.5000",
      "TE 12.3456, 45.6789",
      "12.3456, 45.6789 mm",
      "200.1234, 300.1234",
      "37.57, 126.98",
      "flexion 30°, 10°",
      "45° S",
      "N 3.5, E 2.5",
      "S1 3.1234, 12.3456",
      "T2 N0 M0 30°",
  };
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : kTexts) EXPECT_EQ(cleaner.clean(text).text, text);
}

}  // namespace
}  // namespace naru::dicom
