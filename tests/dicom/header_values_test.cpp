#include "dicom/header_values.h"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {
namespace {

using dicom::HeaderValues;

/// Thousands of frames ask for one value of the data set: its padding is looked at once.
TEST(HeaderValues, HandOutNoPaddingThatIsLongerThanAnyValue) {
  const std::string blanks(5000, ' ');
  const std::string bytes = SliceBytes::element(0x00080070, "UT", blanks + "Acme" + blanks) +
                            SliceBytes::element(0x00180050, "UT", "2.5" + blanks) +
                            SliceBytes::element(0x00200037, "UT", std::string(5000, 'x'));
  const HeaderValues header(std::as_bytes(std::span(bytes)), 0, {});
  EXPECT_EQ(header[0x00080070].size(), 4U);
  EXPECT_EQ(header.text(0x00080070), "Acme");
  EXPECT_EQ(header.real(0x00180050, dicom::vr("DS")), 2.5);
  EXPECT_EQ(header.find(0x00180050).bounded.size(), 3U);
  EXPECT_TRUE(header[0x00200037].empty());
  HeaderValues frame(&header);
  EXPECT_EQ(frame[0x00080070].data(), header[0x00080070].data());
}

/// As pydicom and DCMTK have it. Of several items the first one that has an attribute counts.
TEST(HeaderValues, TakeTheLastOfElementsWrittenTwiceInItemsToo) {
  const std::string twice = SliceBytes::element(0x00180050, "DS", "1 ") + SliceBytes::element(0x00180050, "DS", "2 ");
  const std::string other = SliceBytes::element(0x00180050, "DS", "3 ");
  const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
  EXPECT_EQ(HeaderValues(bytes(twice), 0, {}).text(0x00180050), "2");
  HeaderValues item(nullptr);
  item.add_item(bytes(twice), {});
  EXPECT_EQ(item.text(0x00180050), "2");
  item.add_item(bytes(other), {});
  EXPECT_EQ(item.text(0x00180050), "2");
}

TEST(HeaderValues, LookInTheParentAndThenInWhatComesNext) {
  const auto item = [](HeaderValues& values, const std::string& bytes, std::span<const dicom::Tag> except = {}) {
    values.add_item(std::as_bytes(std::span(bytes)), {}, except);
  };
  const std::string own = SliceBytes::element(0x00180050, "DS", "1 ");
  const std::string parents = own + SliceBytes::element(0x00080070, "LO", "Acme");
  const std::string others = SliceBytes::element(0x00080070, "LO", "No") + SliceBytes::element(0x00180088, "DS", "3 ") +
                             SliceBytes::element(0x00281053, "DS", "4 ");
  HeaderValues parent(nullptr), next(nullptr);
  item(parent, parents);
  item(next, others, std::array{dicom::kRescaleSlope});
  const HeaderValues values(&parent, &next);
  EXPECT_EQ(values.text(0x00180050), "1");
  EXPECT_EQ(values.text(0x00080070), "Acme");
  EXPECT_EQ(values.text(0x00180088), "3");
  EXPECT_EQ(values.text(dicom::kRescaleSlope), "");
  EXPECT_FALSE(values.has_own(0x00180050));
}

}  // namespace
}  // namespace naru::test
