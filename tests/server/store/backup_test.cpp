#include "server/store/backup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/server/support/databases.h"
#include "tests/server/support/error_code.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using test::code_of;

class Backup : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  static void add(Database& database, std::int64_t size) {
    in_transaction(database, Access::write, [&](Transaction& transaction) {
      transaction.execute("INSERT INTO ledger_leaves (number, leaf) VALUES ($1, $2)", {size, std::string(3000, 'x')});
      transaction.execute("UPDATE ledger_head SET size = $1", {size + 1});
    });
  }
  /// Leaves and the head's size, which every transaction keeps the same.
  static std::pair<std::int64_t, std::int64_t> sizes(Database& database) {
    const auto transaction = database.begin(Access::read);
    return {transaction->query("SELECT COUNT(*) FROM ledger_leaves").at(0).integer(0),
            transaction->query("SELECT size FROM ledger_head").at(0).integer(0)};
  }
  const naru::test::TempFolder folder_;
  const fs::path copy_ = folder_ / "copy";
};
NARU_FOR_EACH_DATABASE(Backup);

TEST_P(Backup, IsAStateOfTheWholeWhileOthersWrite) {
  const auto database = GetParam().make();
  std::int64_t size = 0;
  for (; size < 600; ++size) add(*database, size);
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    while (!is_done) add(*database, size++);
  });
  database->backup(copy_);
  is_done = true;
  writer.join();
  EXPECT_EQ(fs::status(copy_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const std::string url = GetParam().make_url();
  restore_database(url, copy_, false);
  EXPECT_EQ(check_database(url), Problems{});
  const auto restored = open_database(url);
  const auto [leaves, head] = sizes(*restored);
  EXPECT_EQ(leaves, head);
  EXPECT_GE(leaves, 600);
  EXPECT_LE(leaves, size);
  add(*restored, leaves);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);  // nothing is left beside it
}

TEST_P(Backup, ReplacesOnlyWhenTold) {
  const std::string url = GetParam().make_url();
  {
    const auto database = open_database(url);
    add(*database, 0);
    database->backup(copy_);
    add(*database, 1);
  }
  EXPECT_EQ(code_of([&] { restore_database(url, copy_, false); }), ErrorCode::output_exists);
  EXPECT_EQ(sizes(*open_database(url)).first, 2);
  restore_database(url, copy_, true);
  EXPECT_EQ(sizes(*open_database(url)).first, 1);
}

TEST_P(Backup, RefusesADamagedCopyAndLeavesWhatIsThere) {
  const std::string url = GetParam().make_url();
  {
    const auto database = open_database(url);
    for (int n = 0; n < 100; ++n) add(*database, n);
    database->backup(copy_);
  }
  EXPECT_EQ(code_of([&] { restore_database(url, folder_ / "none", true); }), ErrorCode::input_missing);
  fs::resize_file(copy_, fs::file_size(copy_) / 2);
  EXPECT_THROW(restore_database(url, copy_, true), Error);
  EXPECT_EQ(sizes(*open_database(url)).first, 100);
}

TEST_P(Backup, LeavesNothingWhereItCannotBeWritten) {
  const auto database = GetParam().make();
  EXPECT_EQ(code_of([&] { database->backup(folder_ / "none/copy"); }), ErrorCode::output_unwritable);
  fs::create_directory(copy_);
  EXPECT_EQ(code_of([&] { database->backup(copy_); }), ErrorCode::output_unwritable);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
  add(*database, 0);
}

TEST(CheckDatabase, FindsDamageInAFile) {
  const test::DatabaseCase sqlite{"sqlite"};
  const std::string url = sqlite.make_url();
  {
    const auto database = open_database(url);
    in_transaction(*database, Access::write, [](Transaction& transaction) {
      for (std::int64_t n = 0; n < 200; ++n) {
        transaction.execute("INSERT INTO ledger_leaves (number, leaf) VALUES ($1, $2)", {n, std::string(3000, 'x')});
      }
    });
  }
  EXPECT_EQ(check_database(url), Problems{});
  std::fstream file(url.substr(7), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(url.substr(7)) - 4096));
  file << std::string(2000, '\1');
  file.close();
  EXPECT_NE(check_database(url), Problems{});
}

}  // namespace
}  // namespace naru::server
