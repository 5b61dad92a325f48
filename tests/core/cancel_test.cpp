#include "core/cancel.h"

#include <gtest/gtest.h>

namespace naru::test {
namespace {

TEST(CancelToken, ThrowsOnlyOnceItWasCanceled) {
  CancelToken token;
  EXPECT_FALSE(token.is_canceled());
  EXPECT_NO_THROW(token.throw_if_canceled());
  token.cancel();
  EXPECT_TRUE(token.is_canceled());
  try {
    token.throw_if_canceled();
    FAIL() << "it was canceled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::canceled);
  }
}

}  // namespace
}  // namespace naru::test
