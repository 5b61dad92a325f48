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

}  // namespace
}  // namespace naru::server::test
