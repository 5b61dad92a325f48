#include "pipeline/html.h"

#include <gtest/gtest.h>

namespace naru {
namespace {

TEST(Html, WritesWhatMeansSomethingAsEntities) {
  EXPECT_EQ(escaped("<a href=\"x\">R&D</a>"), "&lt;a href=&quot;x&quot;&gt;R&amp;D&lt;/a&gt;");
  EXPECT_EQ(escaped("홍길동 ^ =\n"), "홍길동 ^ =\n");
}

}  // namespace
}  // namespace naru
