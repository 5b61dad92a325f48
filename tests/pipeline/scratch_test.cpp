#include "pipeline/scratch.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

TEST(ScratchFile, KeepsItsBytesWithoutAName) {
  const test::TempFolder folder;
  const ScratchFile scratch(folder.path(), 1 << 20);
  scratch.bytes()[12345] = std::byte{7};
  scratch.release_pages();
  EXPECT_EQ(scratch.bytes()[12345], std::byte{7});
  EXPECT_EQ(scratch.bytes()[0], std::byte{0});
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ScratchFile, SaysWhereItsSpaceCannotBeHad) {
  EXPECT_THROW(ScratchFile("/nonexistent-folder", 100), Error);
  const test::TempFolder folder;
  EXPECT_THROW(ScratchFile(folder.path(), std::uint64_t{1} << 50), Error);
}

}  // namespace
}  // namespace naru
