#include "server/backup_check.h"

#include <gtest/gtest.h>

#include "server/backup.h"
#include "tests/server/delivery/delivery_world.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

namespace fs = std::filesystem;

class BackupCheck : public testing::TestWithParam<DatabaseCase> {
 protected:
  BackupCheck() {
    sha256_ = sha256_hex(kBytes);
    const fs::path file = world_.server.content.path_of(sha256_);
    fs::create_directories(file.parent_path());
    write_file(file, kBytes);
    world_.write([&](Transaction& t) {
      t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, $2, 0)",
                {sha256_, static_cast<std::int64_t>(kBytes.size())});
    });
    dataset_ = world_.publish(world_.grant(world_.proposal()));
    write_backup(world_.server.config, *world_.server.database, backup_, 0, {}, CancelToken());
  }
  std::vector<std::string> codes(bool reads_bytes) {
    std::vector<std::string> found;
    for (const FsckProblem& problem : check_backup(backup_, reads_bytes).problems) found.emplace_back(problem.code);
    return found;
  }
  /// A file of the backup is a link to the server's: replaced, not written to.
  void replace(const fs::path& name, const std::string& bytes) { write_file(backup_ / name, bytes); }

  const std::string kBytes = "some bytes";
  DeliveryWorld world_{GetParam()};
  std::string sha256_, dataset_;
  const naru::test::TempFolder elsewhere_;
  const fs::path backup_ = elsewhere_ / "backup";
};
NARU_FOR_EACH_DATABASE(BackupCheck);
using Codes = std::vector<std::string>;

TEST_P(BackupCheck, FindsAGoodBackupSound) {
  const FsckResult result = check_backup(backup_, true);
  EXPECT_TRUE(result.is_sound());
  EXPECT_EQ(result.counts.at("instances"), 1U);
  EXPECT_EQ(result.counts.at("datasets"), 1U);
}

TEST_P(BackupCheck, FindsAnInstanceThatIsGoneOrChanged) {
  const fs::path name = fs::path("content") / sha256_.substr(0, 2) / sha256_;
  replace(name, "same bytes");
  EXPECT_EQ(codes(false), Codes{}) << "its size alone tells nothing";
  EXPECT_EQ(codes(true), Codes{"content_differs"});
  fs::remove(backup_ / name);
  EXPECT_EQ(codes(false), Codes{"content_missing"});
}

TEST_P(BackupCheck, FindsADatasetThatIsGoneOrChanged) {
  const fs::path name = fs::path("datasets") / dataset_ / "images/1.nii.gz";
  replace(name, std::string(1000, 'j'));
  EXPECT_EQ(codes(true), Codes{"dataset_differs"});
  fs::remove_all(backup_ / "datasets" / dataset_);
  EXPECT_EQ(codes(false), Codes{"dataset_not_whole"});
}

TEST_P(BackupCheck, NeedsABackup) {
  EXPECT_EQ(code_of([&] { check_backup(elsewhere_.path(), false); }), ErrorCode::dataset_invalid);
}

}  // namespace
}  // namespace naru::server::test
