#include "pipeline/open_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

TEST(OpenFile, IsNotTakenForUnreadableWhereTooManyFilesAreOpen) {
  const test::TempFolder folder;
  test::spill(folder / "a", "x");
  EXPECT_TRUE(OpenFile(folder / "a").is_open());
  EXPECT_FALSE(OpenFile(folder / "absent").is_open());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::optional<ErrorCode> code;
  try {
    const OpenFile file(folder / "a");
  } catch (const Error& error) {
    code = error.code();
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(code, ErrorCode::input_unreadable);
}

}  // namespace
}  // namespace naru
