#include "server/private_file.h"

#include <gmock/gmock.h>

#include "tests/support/temp_folder.h"

namespace naru::server::test {
namespace {

namespace fs = std::filesystem;

std::string said_of(const fs::path& file) {
  testing::internal::CaptureStderr();
  warn_if_open(file, "[listen] tls_key");
  return testing::internal::GetCapturedStderr();
}

TEST(PrivateFile, IsForItsOwnerAndAtMostReadByItsGroup) {
  const naru::test::TempFolder folder;
  const fs::path file = folder / "tls.key", link = folder / "link";
  naru::test::spill(file, "x");
  fs::create_symlink(file, link);
  for (const unsigned mode : {0400U, 0440U, 0600U, 0640U}) {
    fs::permissions(file, fs::perms{mode});
    EXPECT_EQ(said_of(link), "") << mode;
  }
  for (const unsigned mode : {0644U, 0604U, 0660U, 0602U, 0444U}) {
    fs::permissions(file, fs::perms{mode});
    EXPECT_THAT(said_of(link), testing::HasSubstr("[listen] tls_key " + link.string() + " is open to others")) << mode;
  }
  EXPECT_EQ(said_of(folder / "absent"), "") << "who reads it says so";
}

}  // namespace
}  // namespace naru::server::test
