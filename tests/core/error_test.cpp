#include "core/error.h"

#include <gtest/gtest.h>

#include <set>

namespace naru::test {
namespace {

TEST(Error, CarriesItsCodeAndItsMessage) {
  try {
    throw Error(ErrorCode::disk_full, "no space left; free 2 GiB and run again with --resume");
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no space left; free 2 GiB and run again with --resume");
    EXPECT_EQ(dynamic_cast<const Error&>(error).code(), ErrorCode::disk_full);
  }
}

TEST(ErrorCode, HasAUniqueName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    EXPECT_TRUE(names.insert(name(static_cast<ErrorCode>(code))).second) << code;
  }
  EXPECT_EQ(name(ErrorCode::usage), "usage");
  EXPECT_EQ(name(ErrorCode::device_unavailable), "device_unavailable");
  EXPECT_EQ(name(ErrorCode::internal), "internal");
}

}  // namespace
}  // namespace naru::test
