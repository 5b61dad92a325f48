#include "server/serve.h"

#include <gtest/gtest.h>

#include "tests/server/support/error_code.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {
namespace {

using naru::test::TempFolder;

TEST(Serve, RefusesAnAddressThatIsNone) {
  const TempFolder folder;
  CancelToken at_once;
  at_once.cancel();
  for (const char* listen : {"127.0.0.1", ":8600", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:86x"}) {
    ServeOptions options;
    options.data = folder / "data";
    options.listen = listen;
    EXPECT_EQ(code_if_thrown([&] { serve(options, at_once); }), ErrorCode::usage) << listen;
  }
}

TEST(Admin, MakesNoDataFolderToLookAfter) {
  const TempFolder folder;
  ServeOptions options;
  options.data = folder / "mistyped";
  EXPECT_EQ(code_if_thrown([&] { admin_fsck(options, false, false); }), ErrorCode::input_missing);
  EXPECT_EQ(code_if_thrown([&] { admin_backup(options, folder / "backup"); }), ErrorCode::input_missing);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  init(options, "admin", "correct horse battery");
  EXPECT_EQ(admin_fsck(options, true, false).at("is_sound"), true);
  EXPECT_EQ(admin_backup(options, folder / "backup").at("missing_count"), 0);
}

}  // namespace
}  // namespace naru::server::test
