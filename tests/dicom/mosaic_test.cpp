// Mosaics written byte by byte; the places of their tiles follow from the formula alone.

#include "dicom/mosaic.h"

#include <gtest/gtest.h>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {
namespace {

std::string word(std::uint32_t value) {
  std::string bytes;
  for (int n = 0; n < 4; ++n) bytes += static_cast<char>(value >> (8 * n) & 0xFF);
  return bytes;
}

std::string csa_element(std::string name, const std::vector<std::string>& items, bool is_new) {
  name.resize(64, '\0');
  std::string bytes = name + word(1) + std::string("DS\0\0", 4) + word(3) +
                      word(static_cast<std::uint32_t>(items.size())) + word(is_new ? 77 : 205);
  for (const std::string& item : items) {
    std::string value = item + '\0';
    const auto length = static_cast<std::uint32_t>(value.size());
    value.resize((value.size() + 3) / 4 * 4, '\0');
    // In the older form the first length counts from the first element's number of items, here 1.
    bytes += word(is_new ? length : length + 1) + word(length) + word(77) + word(length) + value;
  }
  return bytes;
}

std::string csa(bool is_new, const std::string& count, const std::vector<std::string>& normal) {
  std::string bytes = is_new ? std::string("SV10\4\3\2\1") : "";
  bytes += word(3) + word(77);
  std::string first = csa_element("EchoLinePosition", {"32"}, is_new);
  if (!is_new) first.replace(64, 4, word(1));
  return bytes + first + csa_element("NumberOfImagesInMosaic", {count}, is_new) +
         csa_element("SliceNormalVector", normal, is_new);
}

SliceBytes mosaic(const std::string& header) {
  SliceBytes slice;
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4").text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\M\\MOSAIC");
  slice.number(0x00280010, 4).number(0x00280011, 8).raw(0x7FE00010, "OW", std::string(64, '\0'));
  slice.text(0x00200032, "DS", "100\\200\\300").text(0x00280030, "DS", "3\\2").text(0x00180088, "DS", "5");
  // A block other than the usual 10: names count, not numbers.
  return slice.text(0x00290011, "LO", "SIEMENS CSA HEADER").raw(0x00291110, "OB", header);
}

TEST(Mosaic, PlacesTilesByTheFormula) {
  for (const bool is_new : {true, false}) {
    const auto result = header_of(mosaic(csa(is_new, "3", {"0.0", "0.0", "1.0"})).bytes());
    EXPECT_FALSE(result.reason) << is_new;
    ASSERT_EQ(result.planes.size(), 3u) << is_new;
    for (std::size_t n = 0; n < 3; ++n) {
      const dicom::Instance& tile = result.planes[n];
      EXPECT_EQ(tile.source, dicom::PlaneSource::mosaic);
      EXPECT_EQ(tile.columns, 4);
      EXPECT_EQ(tile.rows, 2);
      EXPECT_EQ(tile.tile_i, n % 2 == 1 ? 4 : 0);
      EXPECT_EQ(tile.tile_j, n == 2 ? 2 : 0);
      // (8 - 4) / 2 columns of 2 mm; (4 - 2) / 2 rows of 3 mm.
      EXPECT_EQ(tile.position_mm, (Vec3{104, 203, 300 + 5.0 * static_cast<double>(n)}));
    }
  }
}

TEST(Mosaic, FollowsTheSenseOfSiemensNormal) {
  const auto result = header_of(mosaic(csa(true, "4", {"0", "0", "-1"})).bytes());
  ASSERT_EQ(result.planes.size(), 4u);
  EXPECT_EQ(result.planes[3].position_mm[2], 300 - 15);
}

TEST(Mosaic, IsRejectedWhereItsHeaderDoesNotSayHowTilesLie) {
  const std::vector<std::string> normal = {"0", "0", "1"};
  EXPECT_EQ(header_of(mosaic("").bytes()).reason, Code::mosaic);
  EXPECT_EQ(header_of(mosaic(csa(true, "0", normal)).bytes()).reason, Code::mosaic);
  EXPECT_EQ(header_of(mosaic(csa(true, "1e300", normal)).bytes()).reason, Code::mosaic);
  EXPECT_EQ(header_of(mosaic(csa(true, "5", normal)).bytes()).reason, Code::mosaic) << "8 columns in 3 tiles";
  EXPECT_EQ(header_of(mosaic(csa(true, "3", {"1", "0", "0"})).bytes()).reason, Code::mosaic) << "not this image's";
  EXPECT_EQ(header_of(mosaic(csa(true, "3", {"0", "0", "0"})).bytes()).reason, Code::mosaic);
  EXPECT_EQ(header_of(mosaic(csa(true, "3", normal)).remove(0x00180088).bytes()).reason, Code::mosaic);
}

TEST(Mosaic, SurvivesACsaHeaderCutOrChangedAnywhere) {
  for (const bool is_new : {true, false}) {
    const std::string header = csa(is_new, "3", {"0.0", "0.0", "1.0"});
    for (std::size_t size = 0; size < header.size(); ++size) {
      const std::string cut = header.substr(0, size);
      EXPECT_LE(dicom::csa_numbers(std::as_bytes(std::span(cut)), "SliceNormalVector").size(), 3u);
      std::string changed = header;
      changed[size] = static_cast<char>(changed[size] ^ 0xFF);
      EXPECT_LE(dicom::csa_numbers(std::as_bytes(std::span(changed)), "SliceNormalVector").size(), 3u);
    }
  }
}

/// As scanners write the older form: six items an element, of which as many are filled as it has values.
TEST(Mosaic, CountsLengthsOfTheOlderCsaHeaderFromTheItemsOfItsFirstElement) {
  constexpr std::uint32_t kItems = 6;
  const auto element = [](std::string name, const std::vector<std::string>& values) {
    name.resize(64, '\0');
    std::string bytes = name + word(static_cast<std::uint32_t>(values.size())) + std::string("DS\0\0", 4) + word(3) +
                        word(kItems) + word(205);
    for (std::size_t n = 0; n < kItems; ++n) {
      std::string value = n < values.size() ? values[n] + '\0' : std::string();
      const auto length = static_cast<std::uint32_t>(value.size());
      value.resize((value.size() + 3) / 4 * 4, '\0');
      bytes += word(length + kItems) + word(length) + word(77) + word(length) + value;
    }
    return bytes;
  };
  const std::string header = word(3) + word(77) + element("EchoLinePosition", {"32"}) +
                             element("NumberOfImagesInMosaic", {"3"}) +
                             element("SliceNormalVector", {"0.0", "0.0", "1.0"});
  const auto result = header_of(mosaic(header).bytes());
  EXPECT_FALSE(result.reason);
  EXPECT_EQ(result.planes.size(), 3u);
}

}  // namespace
}  // namespace naru::test
