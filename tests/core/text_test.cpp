#include "core/text.h"

#include <gtest/gtest.h>

namespace naru {
namespace {

TEST(Text, ValidUtf8StaysAsItIs) {
  for (const char* text : {"", "plain", "가나다", "Müller", "\xF0\x9F\xA9\xBB", "a\\x", "line\n"}) {
    EXPECT_EQ(valid_utf8(text), text);
  }
}

TEST(Text, OtherBytesAreWrittenAsTheirNumbers) {
  EXPECT_EQ(valid_utf8("\xB0\xA1.dcm"), "\\xb0\\xa1.dcm");  // EUC-KR
  EXPECT_EQ(valid_utf8("M\xFCller"), "M\\xfcller");         // Latin-1
  EXPECT_EQ(valid_utf8("\xC0\xAF"), "\\xc0\\xaf");          // overlong
  EXPECT_EQ(valid_utf8("\xE0\x80\xAF"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(valid_utf8("\xE1\x80"), "\\xe1\\x80");                    // cut
}

TEST(Text, PrintableSteersNoTerminal) {
  EXPECT_EQ(printable("a\x1b[2J\r\n\x7f"), "a?[2J???");
  EXPECT_EQ(printable("\xC2\x9B"), "?");          // C1 control
  EXPECT_EQ(printable("x\xE2\x80\xAEy"), "x?y");  // right-to-left override
  EXPECT_EQ(printable("환자/IM1"), "환자/IM1");
  EXPECT_EQ(printable("\xB0"), "\\xb0");
}

}  // namespace
}  // namespace naru
