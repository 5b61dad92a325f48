#include "server/private_file.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {
namespace {

namespace fs = std::filesystem;

TEST(PrivateFile, IsForItsOwnerAndAtMostReadByItsGroup) {
  const naru::test::TempFolder folder;
  const fs::path file = folder / "tls.key", link = folder / "link";
  naru::test::spill(file, "x");
  fs::create_symlink(file, link);
  for (const unsigned mode : {0400U, 0440U, 0600U, 0640U}) {
    fs::permissions(file, fs::perms{mode});
    EXPECT_NO_THROW(require_private(link, "[listen] tls_key")) << mode;
  }
  for (const unsigned mode : {0644U, 0604U, 0660U, 0602U, 0444U}) {
    fs::permissions(file, fs::perms{mode});
    try {
      require_private(link, "[listen] tls_key");
      ADD_FAILURE() << mode;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::config_invalid);
      EXPECT_THAT(error.what(), testing::StartsWith("[listen] tls_key " + link.string() + " is open to others"));
    }
  }
  EXPECT_NO_THROW(require_private(folder / "absent", "[listen] tls_key")) << "who reads it says so";
}

}  // namespace
}  // namespace naru::server::test
