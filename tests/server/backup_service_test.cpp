#include "server/backup_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server/auth/accounts.h"
#include "server/backup.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

class BackupServices : public testing::TestWithParam<DatabaseCase> {
 protected:
  BackupServices() { server_.config.backup.folder = elsewhere_.path() / "backups"; }

  BackupRow ask() {
    return in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
      return request_backup(server_.services, transaction, "user-1");
    });
  }
  std::vector<BackupRow> all() {
    return in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
      return list_backups(transaction, {"", 100});
    });
  }
  std::vector<std::string> states() {
    std::vector<std::string> found;
    for (const BackupRow& backup : all()) found.push_back(backup.state);
    return found;
  }
  void set_state(const std::string& id, const std::string& state) {
    in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
      transaction.execute("UPDATE backups SET state = $1 WHERE id = $2", {state, id});
    });
  }
  fs::path folder_of(const BackupRow& backup) const { return server_.config.backup.folder / backup.id; }

  TestServer server_{GetParam()};
  const naru::test::TempFolder elsewhere_;
};
NARU_FOR_EACH_DATABASE(BackupServices);

TEST_P(BackupServices, MakeWhatWasAskedForOnce) {
  BackupService service(server_.services);
  EXPECT_FALSE(service.work_once());
  const BackupRow asked = ask();
  EXPECT_EQ(asked.state, "waiting");
  EXPECT_EQ(code_of([&] { ask(); }), ErrorCode::conflict) << "one at a time";
  EXPECT_TRUE(service.work_once());
  EXPECT_FALSE(service.work_once());
  EXPECT_THAT(states(), ElementsAre("complete"));
  EXPECT_TRUE(fs::exists(folder_of(asked) / "database"));
  EXPECT_THAT(server_.ledger_kinds(), IsSupersetOf({"backup.requested", "backup.completed"}));
}

TEST_P(BackupServices, WithoutAFolderRefuse) {
  server_.config.backup.folder.clear();
  EXPECT_EQ(code_of([&] { ask(); }), ErrorCode::conflict);
}

TEST_P(BackupServices, KeepTheScheduleAndSoManyGoodOnes) {
  server_.config.backup.every_hours = 24;
  server_.config.backup.keep = 2;
  BackupService service(server_.services);
  for (int day = 0; day < 4; ++day) {
    EXPECT_TRUE(service.work_once()) << day;
    EXPECT_FALSE(service.work_once()) << day;
    server_.clock.advance(24 * 3600'000);
  }
  EXPECT_THAT(states(), ElementsAre("removed", "removed", "complete", "complete"));
  for (const BackupRow& backup : all()) EXPECT_EQ(fs::exists(folder_of(backup)), backup.state == "complete");
}

TEST_P(BackupServices, GoOnWhereTheClockWasSetBack) {
  server_.config.backup.every_hours = 24;
  server_.config.backup.keep = 1;
  BackupService service(server_.services);
  server_.clock.advance(365 * 24 * 3600'000LL);
  EXPECT_TRUE(service.work_once());
  server_.clock.advance(-365 * 24 * 3600'000LL);
  EXPECT_TRUE(service.work_once()) << "nothing was made yet as far as this clock knows";
  EXPECT_THAT(states(), ElementsAre("complete", "removed")) << "the one of a time to come gives way";
  EXPECT_FALSE(service.work_once());
}

TEST_P(BackupServices, TryAgainAnHourAfterAFailure) {
  server_.config.backup.every_hours = 24;
  fs::create_directories(elsewhere_.path());
  std::ofstream(server_.config.backup.folder) << "a file stands where the folder should";
  BackupService service(server_.services);
  EXPECT_TRUE(service.work_once());
  EXPECT_FALSE(service.work_once());
  EXPECT_THAT(states(), ElementsAre("failed"));
  EXPECT_TRUE(all().front().error_code);
  fs::remove(server_.config.backup.folder);
  server_.clock.advance(3600'000);
  EXPECT_TRUE(service.work_once());
  EXPECT_THAT(states(), ElementsAre("failed", "complete"));
}

TEST_P(BackupServices, AfterAKillCountOnlyWhatWasPublished) {
  const BackupRow published = ask();
  BackupService(server_.services).work_once();
  server_.clock.advance(1000);
  const BackupRow cut_off = ask();
  set_state(published.id, "running");  // the kill came between the rename and its row
  set_state(cut_off.id, "running");
  fs::create_directories(folder_of(cut_off).string() + ".partial");
  fs::create_directories(server_.config.data / "backup-hold/content");
  const BackupService service(server_.services);
  EXPECT_THAT(states(), ElementsAre("complete", "failed"));
  EXPECT_EQ(all().back().error_code, "canceled");
  EXPECT_FALSE(fs::exists(folder_of(cut_off).string() + ".partial"));
  EXPECT_FALSE(fs::exists(server_.config.data / "backup-hold"));
}

TEST_P(BackupServices, AreForAdminsOfTheOperator) {
  const std::string admin = server_.token_of(server_.add_user(server_.operator_id, "boss", {Role::admin}));
  const std::string other = server_.token_of(server_.add_user(server_.hospital_id, "other", {Role::admin}));
  const Response asked = server_.ask(Method::post, "/api/v1/backups", admin);
  ASSERT_EQ(asked.status, 202);
  const std::string path(asked.headers.find("Location").value());
  BackupService(server_.services).work_once();
  EXPECT_EQ(json_of(server_.ask(Method::get, path, admin))["state"], "complete");
  EXPECT_EQ(json_of(server_.ask(Method::get, "/api/v1/backups", admin))["items"].size(), 1U);
  EXPECT_EQ(server_.ask(Method::get, path, other).status, 404);
  EXPECT_EQ(server_.ask(Method::get, "/api/v1/backups", other).status, 403);
  EXPECT_EQ(server_.ask(Method::post, "/api/v1/backups", other).status, 403);
}

}  // namespace
}  // namespace naru::server::test
