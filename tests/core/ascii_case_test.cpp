#include "core/ascii_case.h"

#include <gtest/gtest.h>

namespace naru {
namespace {

TEST(AsciiCase, LettersOfAsciiAloneBecomeSmall) {
  EXPECT_EQ(in_small_letters("@AZ[`az{ 09"), "@az[`az{ 09");
  EXPECT_EQ(in_small_letters("\xC4\xC0\xFF"), "\xC4\xC0\xFF") << "bytes of other letters stay, whatever the locale";
  EXPECT_EQ(in_small_letters("가Ä"), "가Ä");
}

TEST(AsciiCase, TextsThatDifferInCaseAloneAreEqual) {
  EXPECT_TRUE(is_equal_but_for_case("DICOMDIR", "DicomDir"));
  EXPECT_FALSE(is_equal_but_for_case("DICOMDIR", "DICOMDIR "));
  EXPECT_FALSE(is_equal_but_for_case("[", "{"));
  static_assert(is_equal_but_for_case("Bytes", "bytes"));
}

}  // namespace
}  // namespace naru
