#include "pipeline/staging.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"
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
    test::spill(staging.out() / "dataset.json", dataset(text));
    const std::string zeros(64, '0');
    test::spill(staging.out() / "SHA256SUMS", zeros + "  dataset.json\n" + zeros + "  manifest.jsonl\n");
    for (const char* name : {"inputs.jsonl", "report.html"}) test::spill(staging.report() / name, text);
    test::spill(staging.cases() / "case.json", text);
  }
  static std::string dataset(std::string_view text) {
    return fmt::format(R"({{"schema": "naru.dataset/1", "name": "{}"}})", text);
  }
  void publish(std::string_view text) {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, text);
    staging.publish();
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

TEST_F(StagingTest, PublishesNoFolderWithoutAFile) {
  Staging staging(out(), report(), OnExisting::refuse);
  fill(staging, "a");
  test::spill(staging.out() / "images/a.nii", "a");
  fs::create_directories(staging.out() / "redactions");
  fs::create_directories(staging.out() / "patient/study/series");
  staging.publish();
  EXPECT_TRUE(fs::exists(out() / "images/a.nii"));
  EXPECT_FALSE(fs::exists(out() / "redactions"));
  EXPECT_FALSE(fs::exists(out() / "patient"));
}

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
  publish("a");
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_exists);
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "a");
  EXPECT_FALSE(work_exists());
}

TEST_F(StagingTest, DeletesNothingThatIsNoPartOfADataset) {
  publish("a");
  test::spill(out() / "labelsTr/mine.txt", "mine");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_exists);
  {
    Staging resumed(out(), report(), OnExisting::resume);
    ASSERT_TRUE(resumed.is_finished());
    EXPECT_THROW(resumed.reopen(), Error);
  }
  EXPECT_EQ(test::slurp(out() / "labelsTr/mine.txt"), "mine");
  fs::remove_all(out() / "labelsTr");
  test::spill(out() / "dataset.json", R"({"name": "Dataset001_Liver", "labels": {}})");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_exists);
  test::spill(out() / "dataset.json", dataset("a"));
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::internal) << "no error";
}

TEST_F(StagingTest, ResumeFindsAFinishedOut) {
  publish("a");
  const Staging resumed(out(), report(), OnExisting::resume);
  EXPECT_TRUE(resumed.is_finished());
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "a");
}

TEST_F(StagingTest, ResumeBringsTheReportThatAKilledRunLeftBehind) {
  publish("a");
  // As if the run had been killed between its two renames.
  fs::create_directory(Staging::work_folder(out()));
  fs::permissions(Staging::work_folder(out()), fs::perms::owner_all);
  fs::rename(report(), Staging::work_folder(out()) / "report");
  { const Staging resumed(out(), report(), OnExisting::resume); }
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "a");
  EXPECT_FALSE(work_exists());
}

TEST_F(StagingTest, PublishesNothingWhereTheReportCannotBeBroughtToAnotherFileSystem) {
  struct stat here {
  }, there{};
  const fs::path other = fs::path("/dev/shm") / fmt::format("naru-staging-{}", ::getpid());
  std::error_code failure;
  if (!fs::create_directory(other, failure) || ::stat(other.c_str(), &there) != 0 ||
      ::stat(folder_.path().c_str(), &here) != 0 || here.st_dev == there.st_dev) {
    GTEST_SKIP() << "there is no other file system";
  }
  {
    Staging staging(out(), other / "report", OnExisting::refuse);
    fill(staging, "a");
    // What stands where the copy would is not written over.
    test::spill(other / fmt::format(".report.naru-copy-{}", ::getpid()), "");
    EXPECT_THROW(staging.publish(), Error);
    EXPECT_FALSE(fs::exists(out()));
    fs::remove(other / fmt::format(".report.naru-copy-{}", ::getpid()));
  }
  {
    Staging staging(out(), other / "report", OnExisting::resume);
    fill(staging, "b");
    staging.publish();
  }
  EXPECT_EQ(test::slurp(other / "report" / "inputs.jsonl"), "b");
  EXPECT_EQ(std::distance(fs::directory_iterator(other), {}), 1);
  fs::remove_all(other);
}

TEST_F(StagingTest, ResumesAReplacementAsOne) {
  publish("old");
  { fill(Staging(out(), report(), OnExisting::replace), "new"); }
  {
    Staging resumed(out(), report(), OnExisting::resume);
    EXPECT_FALSE(resumed.is_finished());
    EXPECT_TRUE(fs::exists(resumed.cases() / "case.json"));
    fill(resumed, "new");
    resumed.publish();
  }
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "new");
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "new");
}

TEST_F(StagingTest, ReopensWhatWasPublishedAndReplacesItInOneStep) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "old");
    staging.keep_records();
    staging.publish();
  }
  EXPECT_EQ(test::slurp(report() / "finished/case.json"), "old");
  {
    Staging staging(out(), report(), OnExisting::resume);
    ASSERT_TRUE(staging.is_finished());
    staging.reopen();
    EXPECT_FALSE(staging.is_finished());
    EXPECT_EQ(test::slurp(staging.out() / "manifest.jsonl"), "old");
    EXPECT_EQ(test::slurp(staging.cases() / "case.json"), "old");
    write_file(staging.out() / "manifest.jsonl", "new");
    FileWriter(staging.out() / "dataset.json").finish();
    EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "old") << "what is published is not written to";
    EXPECT_EQ(test::slurp(out() / "dataset.json"), dataset("old"));
    test::spill(staging.cases() / "case.json", "new");
    EXPECT_EQ(test::slurp(report() / "finished/case.json"), "old");
    for (const char* name : {"inputs.jsonl", "report.html"}) test::spill(staging.report() / name, "new");
    staging.publish();
  }
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "new");
  EXPECT_TRUE(fs::exists(out() / "SHA256SUMS"));
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "new");
  EXPECT_FALSE(work_exists());
}

TEST_F(StagingTest, GoesOnWithAReopenedRunOnlyWhereTheJobSaysSo) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "old");
    staging.keep_records();
    staging.publish();
  }
  {
    Staging staging(out(), report(), OnExisting::resume);
    staging.reopen();
    write_file(staging.out() / "manifest.jsonl", "new");
  }
  Staging again(out(), report(), OnExisting::resume);
  EXPECT_TRUE(again.is_finished()) << "the job has to compare first";
  again.reopen();
  EXPECT_FALSE(again.is_finished());
  EXPECT_EQ(test::slurp(again.out() / "manifest.jsonl"), "new");
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "old");
}

TEST_F(StagingTest, KeepsRecordsOfARunThatWasKilledBeforeItPublished) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "a");
    staging.keep_records();
  }
  Staging resumed(out(), report(), OnExisting::resume);
  EXPECT_EQ(test::slurp(resumed.cases() / "case.json"), "a");
}

TEST_F(StagingTest, TakesOverTheRecordsOfAReportWithoutADataset) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "a");
    staging.keep_records();
    staging.publish_report_only();
  }
  const Staging resumed(out(), report(), OnExisting::resume);
  EXPECT_EQ(test::slurp(resumed.cases() / "case.json"), "a");
}

TEST_F(StagingTest, WaitsForNobodyWhoDecidesAboutTheReport) {
  publish("a");
  const FileDescriptor locked(::open(report().c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(::flock(locked.number(), LOCK_EX), 0);
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_busy);
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "a");
}

TEST_F(StagingTest, WantsOutAndReportApart) {
  const std::pair<fs::path, fs::path> pairs[] = {{out(), out()},          {out(), out() / "report"},
                                                 {out() / "data", out()}, {out(), Staging::work_folder(out())},
                                                 {"", report()},          {"/", report()}};
  for (const auto& [o, r] : pairs) {
    try {
      const Staging staging(o, r, OnExisting::replace);
      FAIL() << o << ' ' << r;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << o << ' ' << r;
    }
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(StagingTest, TakesNoWorkFolderFromSomeoneElse) {
  fs::create_directories(folder_ / "victim/out");
  fs::create_directory_symlink(folder_ / "victim", Staging::work_folder(out()));
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_unwritable);
  fs::remove(Staging::work_folder(out()));
  fs::create_directory(Staging::work_folder(out()));
  fs::permissions(Staging::work_folder(out()), fs::perms::all);
  EXPECT_EQ(code_of(OnExisting::resume), ErrorCode::output_unwritable);
  EXPECT_TRUE(fs::exists(folder_ / "victim/out"));
}

TEST_F(StagingTest, RefusesAnOutThatIsAFileOrALink) {
  test::spill(out(), "precious");
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_exists);
  fs::remove(out());
  fs::create_directories(folder_ / "elsewhere");
  fs::create_directory_symlink(folder_ / "elsewhere", out());
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_exists);
}

TEST_F(StagingTest, ForceReplacesADatasetInOneStep) {
  publish("old");
  Staging staging(out(), report(), OnExisting::replace);
  fill(staging, "new");
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "old");
  staging.publish();
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "new");
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "new");
  EXPECT_FALSE(work_exists());
}

TEST_F(StagingTest, ForceDeletesNothingButADataset) {
  test::spill(out() / "source.dcm", "x");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_exists);
  EXPECT_TRUE(fs::exists(out() / "source.dcm"));
}

TEST_F(StagingTest, NeverRemovesAForeignReportFolder) {
  test::spill(report() / "inputs.jsonl", "x");
  test::spill(report() / "thesis.txt", "x");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_exists);
  EXPECT_TRUE(fs::exists(report() / "thesis.txt"));
}

TEST_F(StagingTest, KeepsTheReportOfAnotherDataset) {
  test::spill(report() / "inputs.jsonl", "x");
  test::spill(report() / "link.sealed", "x");
  EXPECT_EQ(code_of(OnExisting::refuse), ErrorCode::output_exists);
  fs::remove(report() / "link.sealed");  // a run that delivered nothing left this one
  publish("a");
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "a");
}

TEST_F(StagingTest, AFailedReplacementLeavesDatasetAndReportAlone) {
  publish("old");
  Staging staging(out(), report(), OnExisting::replace);
  fill(staging, "new");
  EXPECT_EQ(staging.publish_report_only().filename(), "out.report.failed");
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "old");
  EXPECT_EQ(test::slurp(folder_ / "out.report.failed/inputs.jsonl"), "new");
}

TEST_F(StagingTest, WithdrawsAReopenedOutOfWhichNothingIsLeft) {
  {
    Staging staging(out(), report(), OnExisting::refuse);
    fill(staging, "old");
    staging.keep_records();
    staging.publish();
  }
  {
    Staging staging(out(), report(), OnExisting::resume);
    staging.reopen();
    for (const char* name : {"inputs.jsonl", "report.html"}) test::spill(staging.report() / name, "new");
    staging.keep_records();
    EXPECT_TRUE(staging.withdraws_out());
    EXPECT_EQ(staging.publish_report_only(), report());
  }
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "new");
  EXPECT_FALSE(fs::exists(report() / "link.sealed"));
  EXPECT_FALSE(work_exists());
  publish("again");  // people may think again
  EXPECT_EQ(test::slurp(out() / "manifest.jsonl"), "again");
}

TEST_F(StagingTest, WithdrawsNothingThatIsNoDataset) {
  publish("old");
  Staging staging(out(), report(), OnExisting::resume);
  staging.reopen();
  fs::remove_all(out());
  test::spill(out() / "thesis.txt", "mine");
  for (const char* name : {"inputs.jsonl", "report.html"}) test::spill(staging.report() / name, "new");
  EXPECT_THROW(staging.publish_report_only(), Error);
  EXPECT_EQ(test::slurp(out() / "thesis.txt"), "mine");
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), "old");
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

TEST_F(StagingTest, NamesNoFileThatItDoesNotDelete) {
  publish("old");
  test::spill(out() / "HONG_GILDONG.pdf", "mine");
  try {
    const Staging staging(out(), report(), OnExisting::replace);
    ADD_FAILURE() << "what is no part of a dataset is replaced";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::output_exists);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("1 differences, which naru verify lists"));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("HONG")));
  }
}

/// SHA256SUMS is a text that anybody may have made of all that lies there.
TEST_F(StagingTest, DeletesNothingThatTheManifestDoesNotName) {
  publish("a");
  const std::string sums = test::slurp(out() / "SHA256SUMS"), zeros(64, '0');
  test::spill(out() / "images/mine.txt", "mine");
  test::spill(out() / "SHA256SUMS", sums + zeros + "  images/mine.txt\n");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_exists);
  EXPECT_EQ(test::slurp(out() / "images/mine.txt"), "mine");
  test::spill(out() / "manifest.jsonl", R"({"case": "case-1", "image": "images/mine.txt"})");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::internal) << "no error";
  fs::remove(out() / "manifest.jsonl");
  EXPECT_EQ(code_of(OnExisting::replace), ErrorCode::output_exists);
}

}  // namespace
}  // namespace naru
