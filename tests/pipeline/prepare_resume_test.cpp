// What prepare does where OUT, or a part of it, stands already.

#include <gmock/gmock.h>

#include "pipeline/prepare.h"
#include "pipeline/verify.h"
#include "tests/pipeline/prepare_fixture.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::Json;
using test::lines_of;
using test::PhantomOptions;
using test::PrepareTest;
using ::testing::HasSubstr;

TEST_F(PrepareTest, StopsOnRequestAndResumesWithoutRedoing) {
  for (int series = 0; series < 8; ++series) {
    PhantomOptions options;
    options.series_uid = "2.999.6." + std::to_string(series);
    write_series(options, folder_ / "in" / options.series_uid);
  }
  on_progress_ = [&](const Progress& p) {
    if (p.unit == "cases" && p.done == 2) cancel_.cancel();
  };
  EXPECT_EQ(code_of_run("ct-1mm"), ErrorCode::canceled);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  CancelToken fresh;
  PrepareOptions options;
  options.inputs = {(folder_ / "in").string()};
  options.out = folder_ / "out";
  options.recipe = load_recipe("ct-1mm");
  options.memory_limit_bytes = 1 << 30;
  options.on_existing = OnExisting::resume;
  Executor executor = Executor::cpu(1);
  std::istringstream no_input;
  const PrepareResult result =
      prepare(options, ProjectKey::load(folder_ / "k.key"), executor, no_input, fresh, [](const Progress&) {});
  EXPECT_EQ(result.case_count, 8U);
  EXPECT_GE(result.resumed_count, 2U);
  EXPECT_LE(result.resumed_count, 5U);  // three more may have been in the making
  // The same bytes as a run that was never interrupted.
  options.out = folder_ / "whole";
  options.on_existing = OnExisting::refuse;
  prepare(options, ProjectKey::load(folder_ / "k.key"), executor, no_input, fresh, [](const Progress&) {});
  EXPECT_EQ(contents(folder_ / "out"), contents(folder_ / "whole"));
}

TEST_F(PrepareTest, ResumeOfAFinishedDatasetAnswersDoneForTheSameInputsOnly) {
  test::write_series({}, folder_ / "in");
  test::spill(folder_ / "in/notes.txt", "not DICOM");
  run("ct-1mm");
  const auto before = contents(folder_ / "out");
  const PrepareResult again = run("ct-1mm", OnExisting::resume);
  EXPECT_EQ(again.resumed_count, 1U);
  EXPECT_TRUE(again.has_rejects);
  EXPECT_EQ(contents(folder_ / "out"), before);
  EXPECT_THROW(run("original-grid", OnExisting::resume), Error);
  PhantomOptions more;
  more.series_uid = "2.999.1.1.7";
  write_series(more, folder_ / "in/more");
  EXPECT_THROW(run("ct-1mm", OnExisting::resume), Error);
  EXPECT_EQ(contents(folder_ / "out"), before);
}

TEST_F(PrepareTest, ResumeOfAFinishedDatasetRefusesAnInputThatWasCorrected) {
  test::write_series({}, folder_ / "in");
  run("ct-1mm");
  const auto before = contents(folder_ / "out");
  fs::path first;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "in")) {
    if (entry.is_regular_file() && first.empty()) first = entry.path();
  }
  std::string file = test::slurp(first);
  file.back() = static_cast<char>(file.back() + 1);  // of the pixels: UID, size and header are the same
  test::spill(first, file);
  EXPECT_THROW(run("ct-1mm", OnExisting::resume), Error);
  EXPECT_EQ(contents(folder_ / "out"), before);
}

TEST_F(PrepareTest, ResumeOfAFinishedDatasetWithoutItsReportAccountsForNothing) {
  test::write_series({}, folder_ / "in");
  run("ct-1mm");
  fs::remove_all(folder_ / "out.report");
  EXPECT_EQ(code_of_run("ct-1mm", OnExisting::resume), ErrorCode::output_exists);
}

TEST_F(PrepareTest, ResumeOfAFinishedDatasetSaysWhereOneOfItsFilesIsGoneOrAnother) {
  test::write_series({}, folder_ / "in");
  run("ct-1mm");
  const fs::path image = folder_ / "out" / manifest_line()["image"].get<std::string>();
  const std::string bytes = test::slurp(image);
  fs::remove(image);
  EXPECT_EQ(code_of_run("ct-1mm", OnExisting::resume), ErrorCode::dataset_invalid);
  test::spill(image, bytes + "tail");
  EXPECT_EQ(code_of_run("ct-1mm", OnExisting::resume), ErrorCode::dataset_invalid);
  test::spill(image, bytes);
  EXPECT_EQ(run("ct-1mm", OnExisting::resume).resumed_count, 1U);
}

TEST_F(PrepareTest, AFailedReplacementKeepsDatasetAndReport) {
  test::write_series({}, folder_ / "in");
  run();
  const auto before = contents(folder_ / "out.report");
  fs::remove_all(folder_ / "in");
  test::spill(folder_ / "in/notes.txt", "not DICOM");
  EXPECT_THROW(run("", OnExisting::replace), Error);
  EXPECT_EQ(contents(folder_ / "out.report"), before);
  EXPECT_TRUE(fs::exists(folder_ / "out.report.failed/report.html"));
}

TEST_F(PrepareTest, ResumeRedoesWhatAnotherRecipeOrADamagedFileLeft) {
  for (int series = 0; series < 2; ++series) {
    PhantomOptions options;
    options.series_uid = "2.999.6." + std::to_string(series);
    write_series(options, folder_ / "in" / options.series_uid);
  }
  on_progress_ = [&](const Progress& p) {
    if (p.unit == "cases" && p.done == 1) throw Error(ErrorCode::disk_full, "as if");
  };
  EXPECT_EQ(code_of_run("original-grid"), ErrorCode::disk_full);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  on_progress_ = [](const Progress&) {};
  const PrepareResult result = run("ct-1mm", OnExisting::resume);
  EXPECT_EQ(result.resumed_count, 0U);
  EXPECT_EQ(result.case_count, 2U);
  Executor executor = Executor::cpu(1);
  EXPECT_THAT(verify(folder_ / "out", 1 << 30, executor, cancel_, on_progress_).differences, ::testing::IsEmpty());
}

TEST_F(PrepareTest, ResumeOfAFinishedDatasetNamesNoFileThatSomebodyPutThere) {
  test::write_series({}, folder_ / "in");
  run("ct-1mm");
  test::spill(folder_ / "out/HONG_GILDONG.pdf", "mine");
  try {
    run("ct-1mm", OnExisting::resume);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::dataset_invalid);
    EXPECT_THAT(error.what(), HasSubstr("1 differences"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("HONG")));
  }
}

}  // namespace
}  // namespace naru
