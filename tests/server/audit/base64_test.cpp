#include "server/audit/base64.h"

#include <gtest/gtest.h>

namespace naru::server {
namespace {

TEST(Base64, OneTextForEachSequenceOfBytes) {
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");  // RFC 4648 section 10
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(from_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(from_base64(""), "");
  for (const char* const wrong :
       {"Zm9vYg=", "Zm9vYg", "Zm9vYh==", "Zm9v Yg==", "Zm9vYg==\n", "Zm9vYg==Zm9v", "Zm9-Yg==",
        "Zm9vYm\xaf"
        "5"}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
}

TEST(Base64, ForUrlsItHasAnAlphabetOfItsOwnAndNoPadding) {
  EXPECT_EQ(to_base64url("foob"), "Zm9vYg");
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(from_base64url(""), "");
  for (const char* const wrong : {"Zm9vYg==", "Zm9vYh", "Zm9v Yg", "Zm9vYg\n", "+/8",
                                  "-\xaf"
                                  "8",
                                  "-_8=", "A"}) {
    EXPECT_FALSE(from_base64url(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace naru::server
