#include "core/units.h"

#include <gtest/gtest.h>

namespace naru::test {
namespace {

constexpr std::uint64_t kKibi = 1024;

TEST(ParseSizeBytes, TakesBinaryUnitsInAllSpellings) {
  EXPECT_EQ(parse_size_bytes("4096"), 4096u);
  EXPECT_EQ(parse_size_bytes("0"), 0u);
  EXPECT_EQ(parse_size_bytes("37 B"), 37u);
  for (const char* text : {"512M", "512MB", "512MiB", "512 mib", "512m"}) {
    EXPECT_EQ(parse_size_bytes(text), 512 * kKibi * kKibi) << text;
  }
  EXPECT_EQ(parse_size_bytes("1.5 GB"), 3 * kKibi * kKibi * kKibi / 2);
  EXPECT_EQ(parse_size_bytes("2T"), 2 * kKibi * kKibi * kKibi * kKibi);
}

TEST(ParseSizeBytes, RefusesWhatIsNoSize) {
  for (const char* text : {"", "G", "-1", "1GG", "nan", "1e99", "12MiBs"}) {
    EXPECT_FALSE(parse_size_bytes(text).has_value()) << text;
  }
}

TEST(ParseSizeBytes, RefusesAUnitThatItDoesNotKnow) {
  for (const char* text : {"12X", "5 E", "1 2"}) EXPECT_FALSE(parse_size_bytes(text).has_value()) << text;
}

TEST(FormatSizeBytes, ShowsThreeDigits) {
  EXPECT_EQ(format_size_bytes(0), "0 B");
  EXPECT_EQ(format_size_bytes(37), "37 B");
  EXPECT_EQ(format_size_bytes(1536 * kKibi * kKibi), "1.50 GiB");
  EXPECT_EQ(format_size_bytes(612 * kKibi * kKibi), "612 MiB");
  EXPECT_EQ(format_size_bytes(20 * kKibi), "20.0 KiB");
}

}  // namespace
}  // namespace naru::test
