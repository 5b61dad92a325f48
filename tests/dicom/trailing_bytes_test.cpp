#include "dicom/trailing_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

bool has_rest(const std::string& file) {
  const auto header = header_of(file);
  EXPECT_EQ(header.planes.size(), 1U);
  const auto read = [&](std::uint64_t offset, std::span<std::byte> bytes) {
    const std::size_t count = std::min(bytes.size(), file.size() - static_cast<std::size_t>(offset));
    std::memcpy(bytes.data(), file.data() + offset, count);
    return count;
  };
  return dicom::has_trailing_bytes(read, header.planes.at(0).pixels, file.size());
}

TEST(TrailingBytes, AreWhatBelongsToNoElementBehindThePixels) {
  const std::string file = SliceBytes().bytes();
  EXPECT_FALSE(has_rest(file));
  const std::string padding = SliceBytes::element(0xFFFCFFFC, "OB", std::string(64, '\0'));
  EXPECT_FALSE(has_rest(file + padding));
  EXPECT_TRUE(has_rest(file + "extra"));
  EXPECT_TRUE(has_rest(file + std::string(64, '\0')));
  EXPECT_TRUE(has_rest(file + padding + "extra"));
  EXPECT_TRUE(has_rest(file + padding.substr(0, padding.size() - 1)));
}

}  // namespace

}  // namespace naru::test
