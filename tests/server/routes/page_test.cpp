#include "server/routes/page.h"

#include <gtest/gtest.h>

#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

TEST(Page, HasBounds) {
  const auto limit = [](const std::string& query) {
    return page_of(request_for(Method::get, "/?" + query), "study").limit;
  };
  EXPECT_EQ(limit(""), 100);
  EXPECT_EQ(limit("limit=1"), 1);
  EXPECT_EQ(limit("limit=1000"), 1000);
  for (const char* bad : {"limit=0", "limit=1001", "limit=-1", "limit=1x", "limit=", "limit=99999999999",
                          "page_token=", "page_token=study-a%27", "page_token=study-a/b", "page_token=study-a;b"}) {
    EXPECT_EQ(code_of([&] { limit(bad); }), ErrorCode::request_invalid) << bad;
  }
}

TEST(Page, TakesTheIdsOfFilesAndBackupsAsTokens) {
  for (const auto& [kind, token] : {std::pair("dataset", "dataset-14b5807d598b58fe7f3bbb2d302e927f.03d978a7ff82c77b"),
                                    std::pair("backup", "backup-20261126T164500Z-14b5807d")}) {
    EXPECT_EQ(page_of(request_for(Method::get, std::string("/?page_token=") + token), kind).after, token);
  }
}

TEST(Page, RefusesATokenThatItsListNeverGave) {
  for (const char* token : {"zzz", "study", "studyx-1", "job-14b5807d", "1795701520914.job-14b5807d"}) {
    EXPECT_EQ(code_of([&] { page_of(request_for(Method::get, std::string("/?page_token=") + token), "study"); }),
              ErrorCode::request_invalid)
        << token;
  }
}

}  // namespace
}  // namespace naru::server::test
