#include "server/store/copied_rows.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/server/support/databases.h"
#include "tests/server/support/error_code.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;

class CopiedRows : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  const naru::test::TempFolder folder_;
  const fs::path copy_ = folder_ / "copy";
};
NARU_FOR_EACH_DATABASE(CopiedRows);

TEST_P(CopiedRows, AreThoseOfTheInstantOfTheCopy) {
  const auto database = GetParam().make();
  const std::string odd = "a\tb\\c\nd\r\\N";
  constexpr int kCount = 10'003;  // more than a page
  in_transaction(*database, Access::write, [&](Transaction& transaction) {
    for (int i = 0; i < kCount; ++i) {
      transaction.execute("INSERT INTO organisations (id, name, kind, created_ms) VALUES ($1, $2, 'hospital', $3)",
                          {"org-" + std::to_string(i), std::to_string(i) + odd, std::int64_t{i}});
    }
  });
  database->backup(copy_);
  in_transaction(*database, Access::write,
                 [](Transaction& transaction) { transaction.execute("DELETE FROM organisations"); });
  std::map<std::string, std::vector<std::string>> found;
  each_copied_row(database->engine(), copy_, "organisations", {"id", "created_ms", "name", "disabled_ms"},
                  [&](CopiedRow row) {
                    found[row[0]] = {row.begin(), row.end()};
                  });
  ASSERT_EQ(found.size(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(found["org-7777"], (std::vector<std::string>{"org-7777", "7777", "7777" + odd, ""}));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1) << "nothing is left beside the copy";
}

TEST_P(CopiedRows, AnEmptyTableHasNone) {
  const auto database = GetParam().make();
  database->backup(copy_);
  each_copied_row(database->engine(), copy_, "blobs", {"sha256"}, [](CopiedRow) { ADD_FAILURE(); });
}

TEST_P(CopiedRows, OfSomethingElseAreAnError) {
  const auto database = GetParam().make();
  database->backup(copy_);
  fs::resize_file(copy_, 100);
  EXPECT_EQ(test::code_of([&] { each_copied_row(database->engine(), copy_, "blobs", {"sha256"}, [](CopiedRow) {}); }),
            ErrorCode::store_unavailable);
}

}  // namespace
}  // namespace naru::server
