#include "dicom/fragment_check.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace naru {
namespace {

std::string item(std::uint16_t element, std::uint32_t length, std::size_t bytes) {
  std::string text = "\xFE\xFF";
  for (int shift : {0, 8}) text += static_cast<char>(element >> shift & 0xFF);
  for (int shift : {0, 8, 16, 24}) text += static_cast<char>(length >> shift & 0xFF);
  return text + std::string(bytes, 'f');
}
const std::string kTable = item(0xE000, 0, 0), kEnd = item(0xE0DD, 0, 0);

dicom::FragmentCheck check(const std::string& file) {
  const auto read = [&](std::uint64_t offset, std::span<std::byte> bytes) -> std::size_t {
    const std::string_view rest = offset < file.size() ? std::string_view(file).substr(offset) : "";
    const std::size_t count = std::min(rest.size(), bytes.size());
    std::copy_n(std::as_bytes(std::span(rest)).begin(), count, bytes.begin());
    return count;
  };
  return dicom::check_fragments_of_file(read, 0, file.size());
}

TEST(FragmentCheck, PassesWholeFragments) {
  const auto found = check(kTable + item(0xE000, 100, 100) + item(0xE000, 2, 2) + kEnd + "trailing bytes");
  EXPECT_FALSE(found.problem);
  EXPECT_TRUE(found.has_end_mark);
}

TEST(FragmentCheck, FindsAFileThatEndsWithinAFragment) {
  EXPECT_EQ(check(kTable + item(0xE000, 100, 99)).problem, Code::truncated);
  EXPECT_EQ(check(kTable + item(0xE000, 100, 100) + "\xFE\xFF").problem, Code::truncated);
  EXPECT_EQ(check(kTable + item(0xE000, 0xFFFFFFFE, 10)).problem, Code::truncated);
  EXPECT_EQ(check(kTable).problem, Code::truncated);
  EXPECT_EQ(check("").problem, Code::truncated);
}

TEST(FragmentCheck, SaysThatTheEndMarkIsMissing) {
  const auto found = check(kTable + item(0xE000, 100, 100));
  EXPECT_FALSE(found.problem);
  EXPECT_FALSE(found.has_end_mark);
}

TEST(FragmentCheck, RefusesWhatIsNoFragment) {
  EXPECT_EQ(check(kTable + "0123456789abcdef").problem, Code::corrupt);
  EXPECT_EQ(check(kTable + item(0xE000, 0xFFFFFFFF, 10)).problem, Code::corrupt);
  EXPECT_EQ(check(kTable + kEnd).problem, Code::corrupt);
}

}  // namespace
}  // namespace naru
