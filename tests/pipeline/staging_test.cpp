#include "pipeline/staging.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;

class StagingTest : public ::testing::Test {
 protected:
  fs::path out() const { return folder_ / "out"; }
  fs::path report() const { return folder_ / "out.report"; }
  bool work_exists() const { return fs::exists(Staging::work_folder(out())); }

  void fill(const Staging& staging, std::string_view text) {
    test::spill(staging.out() / "manifest.jsonl", text);
    test::spill(staging.report() / "inputs.jsonl", text);
    test::spill(staging.cases() / "case.json", text);
  }
  ErrorCode code_of(OnExisting on_existing) {
    try {
      Staging staging(out(), report(), on_existing);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  }
  test::TempFolder folder_;
};

TEST_F(StagingTest, PublishesBothFoldersAndRemovesItsOwn) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "a");
    EXPECT_FALSE(fs::exists(out()));
    staging.publish();
  }
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "a");
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "a");
  EXPECT_FALSE(work_exists());
  struct stat status {};
  ::stat(report().c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(StagingTest, LeavesOutAbsentAndItsWorkBehindWhenNotPublished) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "a");
  }
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_TRUE(work_exists());
}

TEST_F(StagingTest, LeavesNothingBehindWithoutAFinishedCase) {
  { const Staging staging(out(), report(), OnExisting::refuse); }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(StagingTest, ResumeKeepsFinishedCasesAndAFreshStartDropsThem) {
  { fill(Staging(out(), report(), OnExisting::refuse), "a"); }
  {
    const Staging resumed(out(), report(), OnExisting::resume);
    EXPECT_TRUE(fs::exists(resumed.cases() / "case.json"));
    EXPECT_TRUE(fs::exists(resumed.out() / "manifest.jsonl"));
  }
  const Staging fresh(out(), report(), OnExisting::refuse);
  EXPECT_FALSE(fs::exists(fresh.cases() / "case.json"));
  EXPECT_FALSE(fs::exists(fresh.out() / "manifest.jsonl"));
}

TEST_F(StagingTest, TakesAnEmptyOutAndRefusesAFullOne) {
  fs::create_directories(out());
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "a");
    staging.publish();
  }
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_exists);
  EXPECT_EQ(code_of(OnExisting::resume), ErrorCode::output_exists);
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "a");
}

TEST_F(StagingTest, RefusesAnOutThatIsAFileOrALink) {
  test::spill(out(), "precious");
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_exists);
  fs::remove(out());
  fs::create_directory_symlink(folder_.path(), out());
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_exists);
}

TEST_F(StagingTest, ForceReplacesOutInOneStep) {
  test::spill(out() / "old", "x");
  Staging staging(out(), report(), OnExisting::replace);
  fill(staging, "new");
  EXPECT_TRUE(fs::exists(out() / "old"));
  staging.publish();
  EXPECT_FALSE(fs::exists(out() / "old"));
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "new");
  EXPECT_FALSE(work_exists());
}

TEST_F(StagingTest, NeverRemovesAForeignReportFolder) {
  test::spill(report() / "thesis.txt", "x");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_exists);
  EXPECT_TRUE(fs::exists(report() / "thesis.txt"));
}

TEST_F(StagingTest, LetsOnlyOneRunWrite) {
  Staging first(out(), report(), OnExisting::refuse);
  fill(first, "a");
  EXPECT_EQ(code_of(OnExisting::resume), ErrorCode::output_busy);
  EXPECT_TRUE(fs::exists(first.cases() / "case.json"));
}

TEST_F(StagingTest, PublishesTheReportAlone) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "a");
    staging.publish_report_only();
  }
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "a");
  EXPECT_FALSE(work_exists());
}

}  // namespace
}  // namespace naru
