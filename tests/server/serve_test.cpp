#include "server/serve.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"
#include "server/store/database_hold.h"
#include "tests/server/support/databases.h"
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

TEST(Serve, SaysWhereItListensWhateverClientsCallIt) {
  const TempFolder folder;
  naru::test::spill(folder / "naru.toml", "[listen]\npublic_url = \"https://naru.hospital.example\"\n");
  ServeOptions options;
  options.config = folder / "naru.toml";
  options.data = folder / "data";
  options.listen = "127.0.0.1:0";
  init(options, "admin", "correct horse battery");
  CancelToken at_once;
  at_once.cancel();
  testing::internal::CaptureStderr();
  serve(options, at_once);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::ContainsRegex("listening on http://127.0.0.1:[1-9]"));
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

TEST(Admin, RestoresNothingBesideAServerThatRuns) {
  const TempFolder folder;
  ServeOptions options;
  options.data = folder / "data";
  init(options, "admin", "correct horse battery");
  admin_backup(options, folder / "backup");
  options.data = folder / "new";
  std::filesystem::create_directory(options.data);
  {
    const FileDescriptor server(::open((options.data / "serve.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::flock(server.number(), LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(code_if_thrown([&] { admin_restore(options, folder / "backup"); }), ErrorCode::output_busy);
  }
  EXPECT_FALSE(code_if_thrown([&] { admin_restore(options, folder / "backup"); }));
  options.data = folder / "another";
  EXPECT_EQ(code_if_thrown([&] { admin_restore(options, folder / "no-backup"); }), ErrorCode::dataset_invalid);
  EXPECT_FALSE(std::filesystem::exists(options.data));
}

TEST(Admin, AndServerLeaveAloneWhatARestoreThatWasKilledBegan) {
  const TempFolder folder;
  ServeOptions options;
  options.data = folder / "data";
  init(options, "admin", "correct horse battery");
  admin_backup(options, folder / "backup");
  options.data = folder / "new";
  std::filesystem::create_directory(options.data);
  std::filesystem::copy_file(folder / "data/master.key", options.data / "master.key");
  std::filesystem::create_directory(options.data / "restore.unfinished");
  CancelToken at_once;
  at_once.cancel();
  EXPECT_EQ(code_if_thrown([&] { serve(options, at_once); }), ErrorCode::store_unavailable);
  EXPECT_EQ(code_if_thrown([&] { admin_fsck(options, false, true); }), ErrorCode::store_unavailable);
  EXPECT_FALSE(code_if_thrown([&] { admin_restore(options, folder / "backup"); }));
  EXPECT_EQ(admin_fsck(options, true, false).at("is_sound"), true);
}

/// Who lost naru.db and has the record of what was delivered, or the exported ledger, has lost a server.
TEST(Admin, AndServerMakeNoNewDatabaseBesideWhatIsLeftOfAnOldOne) {
  for (const char* left : {"reports/job-1/record.json", "ledger/checkpoint", "receipts/dataset-1/receipt.tlog-proof"}) {
    const TempFolder folder;
    ServeOptions options;
    options.data = folder / "data";
    std::filesystem::create_directories((options.data / left).parent_path());
    write_file(options.data / left, "x");
    CancelToken at_once;
    at_once.cancel();
    EXPECT_EQ(code_if_thrown([&] { serve(options, at_once); }), ErrorCode::store_unavailable) << left;
    EXPECT_EQ(code_if_thrown([&] { init(options, "admin", "correct horse battery"); }), ErrorCode::store_unavailable);
    EXPECT_FALSE(std::filesystem::exists(options.data / "naru.db"));
  }
}

class ServeData : public testing::TestWithParam<DatabaseCase> {};
NARU_FOR_EACH_DATABASE(ServeData);

/// A database that lost all it knew, as after a crash of its disk or with the url of a new one: what was received would
/// belong to nothing, and be removed.
TEST_P(ServeData, DoesNotTakeAnEmptyDatabaseForANewOneWhereThereAreData) {
  const TempFolder folder;
  ServeOptions options;
  options.data = folder / "data";
  options.config = folder / "naru.toml";
  const std::string url = GetParam().make_url();
  write_file(options.config, "database = \"" + url + "\"\n");
  const auto received = options.data / "content" / "2d" / ("2d" + std::string(62, '1'));
  std::filesystem::create_directories(received.parent_path());
  write_file(received, "x");
  CancelToken at_once;
  at_once.cancel();
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(code_if_thrown([&] { serve(options, at_once); }), ErrorCode::store_unavailable);
    EXPECT_EQ(code_if_thrown([&] { init(options, "admin", "correct horse battery"); }), ErrorCode::store_unavailable);
    EXPECT_EQ(code_if_thrown([&] { admin_fsck(options, false, true); }), ErrorCode::store_unavailable);
  }
  EXPECT_TRUE(std::filesystem::exists(received));
  std::filesystem::remove(received);
  EXPECT_FALSE(code_if_thrown([&] { init(options, "admin", "correct horse battery"); })) << "nothing to lose";
  write_file(received, "x");
  EXPECT_FALSE(code_if_thrown([&] { admin_fsck(options, false, false); })) << "a database that knows of others";
}

TEST_P(ServeData, OneDatabaseHasOneServer) {
  if (GetParam().name != "postgresql") GTEST_SKIP() << "SQLite's file lies in the data folder, which is locked";
  const TempFolder folder;
  ServeOptions options;
  options.data = folder / "data";
  options.config = folder / "naru.toml";
  const std::string url = GetParam().make_url();
  write_file(options.config, "database = \"" + url + "\"\n");
  init(options, "admin", "correct horse battery");
  const DatabaseHold other(url);
  CancelToken at_once;
  at_once.cancel();
  EXPECT_EQ(code_if_thrown([&] { serve(options, at_once); }), ErrorCode::output_busy);
}

}  // namespace
}  // namespace naru::server::test
