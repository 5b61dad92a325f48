#include "server/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "server/store/backup.h"
#include "tests/server/delivery/delivery_world.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

namespace fs = std::filesystem;

/// The database, with something done just before and just after it is copied.
class Meddler final : public Database {
 public:
  explicit Meddler(Database& database) : database_(database) {}
  std::unique_ptr<Transaction> begin(Access access, Company company) override {
    return database_.begin(access, company);
  }
  std::string_view engine() const override { return database_.engine(); }
  void exclusively(const std::function<void()>& work) override { database_.exclusively(work); }
  void backup(const std::string& file) override {
    before();
    database_.backup(file);
    after();
    ++run_count;
  }

  std::function<void()> before = [] {}, after = [] {};
  int run_count = 0;

 private:
  Database& database_;
};

class Backups : public testing::TestWithParam<DatabaseCase> {
 protected:
  Backups() {
    for (const char* folder : {"content/incoming", "receipts", "reports/job-1"}) {
      fs::create_directories(world_.server.config.data / folder);
    }
    write_file(world_.server.config.data / "reports/job-1/report.json", "{}");
    write_file(world_.server.config.data / "content/incoming/upload", "not acknowledged");
    sha256_ = keep("some bytes");
    dataset_ = world_.publish(world_.grant(world_.proposal()));
  }

  /// The hash of a received file with its row.
  std::string keep(const std::string& bytes) {
    StagedWriter writer = world_.server.content.stage();
    writer.append(std::as_bytes(std::span(bytes)));
    StagedFile file = writer.finish();
    file.sync();
    StagedFile* const files[] = {&file};
    const auto hold = world_.server.content.keep(files);
    world_.write([&](Transaction& t) {
      t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, $2, 0)",
                {file.sha256, static_cast<std::int64_t>(bytes.size())});
    });
    return file.sha256;
  }
  void forget(const std::string& sha256) {
    fs::remove(world_.server.content.path_of(sha256));
    world_.write([&](Transaction& t) { t.execute("DELETE FROM blobs WHERE sha256 = $1", {sha256}); });
  }
  void destroy_dataset() {
    world_.write([&](Transaction& t) {
      server::destroy_dataset(world_.server.services, t, find_dataset(t, dataset_).value(), "user-1");
    });
  }
  BackupFacts back_up(Database& database, const BackupOptions& options = {}) {
    return write_backup(world_.server.config, database, out_, 0, options, CancelToken());
  }
  fs::path content(const std::string& sha256) const { return out_ / "content" / sha256.substr(0, 2) / sha256; }

  DeliveryWorld world_{GetParam()};
  Meddler database_{*world_.server.database};
  std::string sha256_, dataset_;
  const naru::test::TempFolder elsewhere_;
  const fs::path out_ = elsewhere_ / "backup";
};
NARU_FOR_EACH_DATABASE(Backups);

TEST_P(Backups, HoldExactlyWhatTheDatabaseNames) {
  fs::create_directories(world_.server.content.path_of(std::string(64, 'a')).parent_path());
  write_file(world_.server.content.path_of(std::string(64, 'a')), "of no row");
  fs::create_directories(dataset_folder(world_.server.services, "dataset-unpublished"));
  write_file(dataset_folder(world_.server.services, "dataset-unpublished") / "image", "of no row");
  const BackupFacts facts = back_up(database_);
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(out_)) {
    if (entry.is_regular_file()) files.insert(entry.path().lexically_relative(out_).string());
  }
  EXPECT_EQ(files, (std::set<std::string>{"backup.json", "database", "content/" + sha256_.substr(0, 2) + "/" + sha256_,
                                          "datasets/" + dataset_ + "/SHA256SUMS",
                                          "datasets/" + dataset_ + "/images/1.nii.gz", "reports/job-1/report.json"}));
  EXPECT_EQ(facts.file_count, 4U);
  EXPECT_EQ(facts.missing_count, 0U);
  EXPECT_FALSE(fs::exists(world_.server.config.data / "backup-hold"));
  const BackupFacts told = read_backup_facts(out_);
  EXPECT_EQ(told.file_count, 4U);
  EXPECT_EQ(told.size_bytes, facts.size_bytes);
}

TEST_P(Backups, KeepWhatIsDestroyedWhileTheyAreMade) {
  database_.after = [&] {
    if (database_.run_count > 0) return;
    forget(sha256_);
    destroy_dataset();
  };
  EXPECT_EQ(back_up(database_).missing_count, 0U);
  EXPECT_EQ(database_.run_count, 1);
  EXPECT_EQ(read_file(content(sha256_), 100).value_or(""), "some bytes");
  EXPECT_TRUE(fs::exists(out_ / "datasets" / dataset_ / "images/1.nii.gz"));
}

TEST_P(Backups, LeaveOutWhatWasDestroyedBeforeTheDatabaseWasCopied) {
  database_.before = [&] {
    forget(sha256_);
    destroy_dataset();
  };
  EXPECT_EQ(back_up(database_).missing_count, 0U);
  EXPECT_FALSE(fs::exists(content(sha256_)));
  EXPECT_FALSE(fs::exists(out_ / "datasets" / dataset_));
}

TEST_P(Backups, BeginAnewWhereAFileCameAndWent) {
  std::string brief;
  database_.before = [&] {
    if (database_.run_count == 0) brief = keep("came after the hold");
  };
  database_.after = [&] {
    if (database_.run_count == 0) forget(brief);
  };
  EXPECT_EQ(back_up(database_).missing_count, 0U);
  EXPECT_EQ(database_.run_count, 2);
  EXPECT_FALSE(fs::exists(content(brief)));
  EXPECT_TRUE(fs::exists(content(sha256_)));
}

TEST_P(Backups, SayWhatTheDatabaseNamesAndNobodyHas) {
  fs::remove(world_.server.content.path_of(sha256_));
  EXPECT_EQ(back_up(database_).missing_count, 1U);
  EXPECT_EQ(read_backup_facts(out_).missing_count, 1U);
}

TEST_P(Backups, LeaveNothingWhereTheyFail) {
  database_.after = [] { throw Error(ErrorCode::disk_full, "full"); };
  EXPECT_EQ(code_of([&] { back_up(database_); }), ErrorCode::disk_full);
  EXPECT_TRUE(fs::is_empty(elsewhere_.path()));
  EXPECT_FALSE(fs::exists(world_.server.config.data / "backup-hold"));
  CancelToken canceled;
  canceled.cancel();
  EXPECT_EQ(code_of([&] { write_backup(world_.server.config, database_, out_, 0, {}, canceled); }),
            ErrorCode::canceled);
  EXPECT_TRUE(fs::is_empty(elsewhere_.path()));
}

TEST_P(Backups, OnAnotherDiskLinkToTheEarlierOne) {
  const fs::path other = "/dev/shm";
  struct stat here {
  }, there{};
  if (::stat(other.c_str(), &there) != 0 || ::stat(elsewhere_.path().c_str(), &here) != 0 ||
      here.st_dev == there.st_dev) {
    GTEST_SKIP() << "there is no second file system";
  }
  const fs::path folder = other / fs::path("naru-backup-test-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  for (const char* name : {"one", "two"}) {
    write_backup(world_.server.config, database_, folder / name, 0,
                 {.earlier = name == std::string("two") ? folder / "one" : fs::path()}, CancelToken());
  }
  const fs::path file = fs::path("content") / sha256_.substr(0, 2) / sha256_;
  EXPECT_TRUE(fs::equivalent(folder / "one" / file, folder / "two" / file));
  fs::remove_all(folder);
}

TEST_P(Backups, ComeBackAfterATryThatFailed) {
  back_up(database_);
  Config config = world_.server.config;
  config.data = elsewhere_ / "data";
  config.database = GetParam().make_url();
  fs::rename(out_ / "database", elsewhere_ / "aside");
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), ErrorCode::input_missing);
  fs::rename(elsewhere_ / "aside", out_ / "database");
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), std::nullopt);
  EXPECT_TRUE(fs::exists(config.data / "content" / sha256_.substr(0, 2) / sha256_));
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), ErrorCode::output_exists);
  EXPECT_TRUE(fs::exists(config.data / "content" / sha256_.substr(0, 2) / sha256_)) << "what was there before stays";
}

TEST_P(Backups, ComeBackAfterATryThatWasKilled) {
  back_up(database_);
  Config config = world_.server.config;
  config.data = elsewhere_ / "data";
  config.database = GetParam().make_url();
  const fs::path staged = config.data / "restore.unfinished";
  const auto finish = [&](const char* killed) {
    EXPECT_TRUE(is_restore_unfinished(config));
    EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), std::nullopt) << killed;
    EXPECT_FALSE(is_restore_unfinished(config));
    EXPECT_TRUE(fs::exists(config.data / "content" / sha256_.substr(0, 2) / sha256_)) << killed;
    EXPECT_TRUE(fs::exists(config.data / "reports/job-1/report.json")) << killed;
    EXPECT_EQ(check_database(config.database), Problems{});
  };
  fs::create_directories(staged / "content/aa");
  write_file(staged / "content/aa/half", "of a file");
  finish("while files were copied");
  EXPECT_FALSE(fs::exists(config.data / "content/aa/half"));
  fs::create_directories(staged);
  for (const char* folder : {"content", "datasets", "receipts", "reports"})
    fs::rename(config.data / folder, staged / folder);
  write_file(staged / "owns-database", "");
  finish("after the database came back");
  fs::create_directories(staged);
  fs::rename(config.data / "reports", staged / "reports");
  write_file(staged / "moving", (elsewhere_ / "another").string());
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), ErrorCode::output_exists);
  write_file(staged / "moving", out_.string());
  finish("while the folders were moved");
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), ErrorCode::output_exists);
}

TEST_P(Backups, ARestoreKnowsThatItsBackupIsGoodBeforeItChangesAnything) {
  back_up(database_);
  Config config = world_.server.config;
  config.data = elsewhere_ / "data";
  config.database = GetParam().make_url();
  const auto refused = [&](ErrorCode code, const std::string& why) {
    EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), code) << why;
    EXPECT_FALSE(is_restore_unfinished(config)) << why;
    EXPECT_FALSE(fs::exists(config.data / "content")) << why;
  };
  const fs::path file = content(sha256_);
  fs::rename(file, elsewhere_ / "aside");
  refused(ErrorCode::dataset_invalid, "a file is missing");
  write_file(file, "same bytes");
  refused(ErrorCode::dataset_invalid, "a file is another one");
  fs::rename(elsewhere_ / "aside", file);
  fs::rename(out_ / "database", elsewhere_ / "aside");
  refused(ErrorCode::input_missing, "there is no database");
  fs::rename(elsewhere_ / "aside", out_ / "database");
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), std::nullopt);
}

TEST_P(Backups, ThatSayThatTheyLackSomethingComeBackWithoutIt) {
  fs::remove(world_.server.content.path_of(sha256_));
  ASSERT_EQ(back_up(database_).missing_count, 1U);
  Config config = world_.server.config;
  config.data = elsewhere_ / "data";
  config.database = GetParam().make_url();
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), std::nullopt);
  EXPECT_TRUE(fs::exists(config.data / "datasets" / dataset_));
}

TEST_P(Backups, ARestoreRemovesNothingThatItDidNotWrite) {
  back_up(database_);
  Config config = world_.server.config;
  config.data = elsewhere_ / "data";
  config.database = GetParam().make_url();
  fs::create_directories(config.data / "content/aa");
  write_file(config.data / "content/aa/kept", "bytes");
  const fs::path planted = config.data / "restore.unfinished";
  write_file(planted, "a file");
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), ErrorCode::output_exists);
  fs::remove(planted);
  fs::create_directory(planted);
  EXPECT_EQ(code_if_thrown([&] { restore_backup(config, out_); }), ErrorCode::output_exists);
  EXPECT_EQ(read_file(config.data / "content/aa/kept", 100).value_or(""), "bytes");
}

TEST_P(Backups, AFolderCalledPartialThatIsNoBackupStays) {
  const fs::path theirs = out_.string() + ".partial";
  fs::create_directories(theirs);
  write_file(theirs / "thesis.txt", "x");
  EXPECT_EQ(code_if_thrown([&] { back_up(database_); }), ErrorCode::output_exists);
  EXPECT_TRUE(fs::exists(theirs / "thesis.txt"));
  EXPECT_FALSE(fs::exists(out_));
}

TEST_P(Backups, ComeBackWhole) {
  back_up(database_);
  Config config = world_.server.config;
  config.data = elsewhere_ / "data";
  config.database = GetParam().make_url();
  restore_backup(config, out_);
  EXPECT_EQ(check_database(config.database), Problems{});
  EXPECT_EQ(read_file(config.data / "content" / sha256_.substr(0, 2) / sha256_, 100).value_or(""), "some bytes");
  EXPECT_EQ(read_dataset(config.data / "datasets" / dataset_, CancelToken()).files.size(), 2U);
  EXPECT_FALSE(
      fs::equivalent(config.data / "datasets" / dataset_ / "SHA256SUMS", out_ / "datasets" / dataset_ / "SHA256SUMS"))
      << "a restored file is a copy: what happens to it leaves the backup alone";
}

}  // namespace
}  // namespace naru::server::test
