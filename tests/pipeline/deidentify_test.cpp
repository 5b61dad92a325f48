#include "pipeline/deidentify.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <set>

#include "pipeline/files.h"
#include "pipeline/verify.h"
#include "tests/pipeline/deid_job.h"
#include "tests/support/archive_writer.h"
#include "tests/support/phantom.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::Json;
using test::lines_of;
using test::slice_of;
using ::testing::HasSubstr;
using ::testing::Not;

using DeidentifyTest = test::DeidJobTest;

/// The job's identifiers, each in the spelling of the files.
const std::vector<std::string> kSecrets = {"Vermeulen", "ACC77341", "Willibrord", "19610412", "20190307", "PAT-4711"};

TEST_F(DeidentifyTest, DeliversEveryInstanceUnderItsNewIdentifiersAndNamesNobody) {
  put_series("PAT-4711", 3);
  put_series("PAT-4711", 2, 2);
  put_series("PAT-0815", 1);
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, 6U);
  EXPECT_FALSE(result.has_rejects);
  std::string previous;
  for (const Json& line : manifest()) {
    const auto file = line["file"].get<std::string>();
    EXPECT_THAT(file,
                ::testing::MatchesRegex("patient-[0-9a-f]{16}/2\\.25\\.[0-9]+/2\\.25\\.[0-9]+/2\\.25\\.[0-9]+\\.dcm"));
    EXPECT_GT(file, previous);
    previous = file;
    EXPECT_EQ(hash_file(options_.out / file)->sha256, line["sha256"]);
    EXPECT_EQ(fs::file_size(options_.out / file), line["size_bytes"]);
    EXPECT_EQ(line["modality"], "CT");
    EXPECT_EQ(line["pixels"], "kept");
  }
  std::string everything;
  for (const auto& [name, bytes] : contents(options_.out)) everything += name + '\n' + bytes + '\n';
  for (const std::string& secret : kSecrets) EXPECT_EQ(everything.find(secret), std::string::npos) << secret;
  EXPECT_EQ(everything.find("2.999.4."), std::string::npos);
  // The secrets were really there.
  EXPECT_THAT(test::slurp(folder_ / "in/PAT-4711/1-1.dcm"), HasSubstr("Vermeulen"));
}

TEST_F(DeidentifyTest, WritesWhatVerifyConfirms) {
  put_series("A1", 3);
  put_series("B2", 2);
  run();
  Executor executor = Executor::cpu(2);
  const VerifyResult result = verify(options_.out, 1 << 30, executor, cancel_, on_progress_);
  EXPECT_THAT(result.differences, ::testing::IsEmpty());
  EXPECT_EQ(result.case_count, 5U);
  EXPECT_EQ(result.file_count, 8U);  // and manifest, dataset.json, README
  const std::string command = "cd '" + options_.out.string() + "' && sha256sum --check --quiet --strict SHA256SUMS";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(DeidentifyTest, GivesTheSameBytesForAnyNumberOfThreadsAnyOrderAndFromArchives) {
  put_series("A1", 12);
  put_series("B2", 7);
  run(1);
  const auto one = contents(options_.out);
  options_.out = folder_ / "two";
  run(2);
  EXPECT_EQ(contents(options_.out), one);
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [name, bytes] : contents(folder_ / "in")) members.emplace_back(name, bytes);
  options_.inputs.clear();
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    options_.inputs.push_back((folder_ / "in" / member->first).string());
  }
  options_.out = folder_ / "three";
  run(2);
  EXPECT_EQ(contents(options_.out), one);
  for (const std::string archive : {"a.zip", "a.tar", "a.tar.gz"}) {
    test::write_archive(folder_ / archive, members);
    options_.inputs = {(folder_ / archive).string()};
    options_.out = folder_ / ("of-" + archive);
    run(2);
    EXPECT_EQ(contents(options_.out), one) << archive;
    EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 19}})) << archive;
  }
}

TEST_F(DeidentifyTest, AccountsForEveryFileGiven) {
  put_series("A1", 2);
  test::spill(folder_ / "in/notes.txt", "not DICOM at all");
  test::spill(folder_ / "in/empty", "");
  const std::string whole = slice_of("A1", 9).bytes();
  test::spill(folder_ / "in/cut.dcm", whole.substr(0, whole.size() - 8));
  test::spill(folder_ / "in/DICOMDIR",
              std::string(128, '\0') + "DICM" + test::SliceBytes::element(0x00020002, "UI", "1.2.840.10008.1.3.10") +
                  test::SliceBytes::element(0x00020010, "UI", std::string("1.2.840.10008.1.2.1\0", 20)) +
                  test::SliceBytes::element(0x00041130, "CS", "VERMEULE"));
  test::write_archive(folder_ / "in/locked.zip", {{"a.dcm", slice_of("A1", 8).bytes()}}, {"secret"});
  const DeidentifyResult result = run();
  EXPECT_TRUE(result.has_rejects);
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 2},
                                                 {"rejected:not_dicom", 2},
                                                 {"rejected:truncated", 1},
                                                 {"rejected:encrypted", 1},
                                                 {"excluded:unsupported_sop_class", 1}}));
  for (const Json& line : lines_of(report() / "inputs.jsonl")) {
    EXPECT_EQ(line["output"].is_null(), line["disposition"] != "used");
    EXPECT_TRUE(line.contains("case"));
    const auto path = line["path"].get<std::string>();
    if (path.find('!') == std::string::npos) {
      EXPECT_EQ(line["sha256"], hash_file(path)->sha256) << path;
    }
  }
}

TEST_F(DeidentifyTest, SelectsByTheRecipe) {
  put_series("A1", 3);
  put_series("A1", 1, 2);
  put("mr.dcm", slice_of("A1", 1, 3).text(0x00080060, "CS", "MR").text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4"));
  options_.recipe.modality = {"CT"};
  options_.recipe.min_slices = 2;
  run();
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 3}, {"excluded:not_selected", 2}}));
}

TEST_F(DeidentifyTest, SaysInWordsWhatItIsAt) {
  put_series("PAT-1", 2);
  std::string copy = test::slice_of("PAT-1", 1).bytes();
  copy[0] = 1;  // of the preamble: copies are compared by their data sets
  test::spill(folder_ / "in/copy.dcm", copy);
  std::set<std::string> stages;
  on_progress_ = [&](const Progress& progress) { stages.emplace(progress.stage); };
  EXPECT_EQ(run(1).instance_count, 2U);
  EXPECT_THAT(stages, ::testing::Contains("comparing copies"));
  EXPECT_THAT(stages, ::testing::Each(::testing::MatchesRegex("[a-z -]+")));  // it was what lay in freed memory
}

TEST_F(DeidentifyTest, TakesADuplicateOnceAndContradictingOnesNotAtAll) {
  put_series("A1", 2);
  test::spill(folder_ / "in/copy.dcm", slice_of("A1", 1).bytes());
  put("B2/one.dcm", slice_of("B2", 1));
  put("B2/other.dcm", slice_of("B2", 1).text(0x00200013, "IS", "99"));
  put("B2/fine.dcm", slice_of("B2", 2));
  run();
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 3},
                                                 {"excluded:duplicate_instance", 1},
                                                 {"quarantined:duplicate_identifier_different_pixels", 2}}));
  EXPECT_EQ(manifest().size(), 3U);
}

TEST_F(DeidentifyTest, HoldsBackAStudyOfTwoPatients) {
  put_series("A1", 2);
  put("B2/one.dcm", slice_of("B2", 1));
  put("B2/two.dcm", slice_of("B2", 2).text(0x00100020, "LO", "OTHER"));
  put("C3/one.dcm", slice_of("C3", 1));
  put("C3/two.dcm", slice_of("C3", 2).text(0x00100010, "PN", "Somebody^Else"));
  run();
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 2}, {"quarantined:mixed_patient", 4}}));
}

TEST_F(DeidentifyTest, WithoutPatientIdEveryStudyIsAPatientOfItsOwn) {
  put("a1.dcm", slice_of("A1", 1).remove(0x00100020));
  put("a2.dcm", slice_of("A1", 2).remove(0x00100020));
  put("b1.dcm", slice_of("B2", 1).remove(0x00100020));
  run();
  std::map<std::string, std::set<std::string>> patients_of_study;
  std::set<std::string> patients;
  for (const Json& line : manifest()) {
    patients_of_study[line["study"]].insert(line["patient"].get<std::string>());
    patients.insert(line["patient"].get<std::string>());
  }
  EXPECT_EQ(patients.size(), 2U);
  for (const auto& [study, of_study] : patients_of_study) EXPECT_EQ(of_study.size(), 1U);
}

TEST_F(DeidentifyTest, AFileWithoutPatientIdIsThatOfTheOnePatientOfItsStudy) {
  put("one.dcm", slice_of("A1", 1));
  put("two.dcm", slice_of("A1", 2).remove(0x00100020));
  put("three.dcm", slice_of("A1", 3).text(0x00100020, "LO", ""));
  run();
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 3}}));
  std::set<std::string> patients;
  for (const Json& line : manifest()) patients.insert(line["patient"].get<std::string>());
  EXPECT_EQ(patients.size(), 1U);
}

TEST_F(DeidentifyTest, ANameThatStandsInOneFileOnlyIsTakenOutOfItsSiblings) {
  put("one.dcm", slice_of("A1", 1).text(0x00081070, "PN", "Brouwer^Annelies"));
  put("two.dcm", slice_of("A1", 2).text(0x0008103E, "LO", "CHEST for Annelies Brouwer"));
  run();
  EXPECT_EQ(manifest().size(), 2U);
  std::string everything;
  for (const auto& [name, bytes] : contents(options_.out)) everything += bytes;
  EXPECT_EQ(everything.find("Brouwer"), std::string::npos);
  EXPECT_NE(everything.find("CHEST"), std::string::npos);
}

TEST_F(DeidentifyTest, HoldsBackWhatDeclaresBurnedInText) {
  put("one.dcm", slice_of("A1", 1));
  put("two.dcm", slice_of("A1", 2).text(0x00280301, "CS", "YES"));
  run();
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 1}, {"quarantined:text_suspected", 1}}));
}

TEST_F(DeidentifyTest, AFileThatTheMemoryBoundCannotHoldIsTooLarge) {
  put_series("A1", 2);
  put("large.dcm", slice_of("A1", 9).insert(test::SliceBytes::element(0x00420011, "OB", std::string(100000, 'x'))));
  options_.memory_limit_bytes = 50000;
  run(1);
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 2}, {"rejected:too_large", 1}}));
}

TEST_F(DeidentifyTest, ReportsButPublishesNothingWhereNothingIsDelivered) {
  test::spill(folder_ / "in/notes.txt", "not DICOM at all");
  EXPECT_EQ(code_of_run(), ErrorCode::nothing_delivered);
  EXPECT_FALSE(fs::exists(options_.out));
  EXPECT_TRUE(fs::exists(report() / "report.html"));
  EXPECT_FALSE(fs::exists(report() / "link.sealed"));
  EXPECT_EQ(Json::parse(test::slurp(report() / "record.json"))["residual_check"], "nothing_delivered");
}

// -- Failing on the way
// ------------------------------------------------------------------------------------------------

/// Throws what holds a patient's name when `stage` is entered for the second time.
dicom::DeidProbe fails_second(std::string stage) {
  return [stage = std::move(stage), count = std::make_shared<std::atomic<int>>(0)](std::string_view entered) {
    if (entered == stage && ++*count == 2) throw std::runtime_error("Vermeulen");
  };
}

TEST_F(DeidentifyTest, AFailureAtAnyStageLeavesNothingOfThatInstanceAndAllOfTheOthers) {
  put_series("A1", 3);
  put_series("B2", 1);
  run(1);
  const auto whole = contents(options_.out);
  int stages = 0;
  for (const std::string stage : {"read", "pixels", "rewrite", "proof", "write", "verify"}) {
    options_.probe = fails_second(stage);
    options_.out = folder_ / ("out-" + stage);
    testing::internal::CaptureStderr();
    const DeidentifyResult result = run(1);
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(result.instance_count, 3U) << stage;
    EXPECT_TRUE(result.has_rejects) << stage;
    EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 3}, {"quarantined:deid_incomplete", 1}})) << stage;
    std::size_t same = 0, dicom_files = 0;
    for (const auto& [name, bytes] : contents(options_.out)) {
      if (!name.ends_with(".dcm")) continue;
      ++dicom_files;
      same += whole.contains(name) && whole.at(name) == bytes ? 1 : 0;
    }
    EXPECT_EQ(dicom_files, 3U) << stage;
    EXPECT_EQ(same, 3U) << stage;
    EXPECT_THAT(log, Not(HasSubstr("Vermeulen"))) << stage;
    Executor executor = Executor::cpu(1);
    EXPECT_THAT(verify(options_.out, 1 << 30, executor, cancel_, on_progress_).differences, ::testing::IsEmpty());
    const auto lines = lines_of(report() / "deid.jsonl");
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(lines.back()["stage"], stage);
    EXPECT_EQ(lines.back()["reason"], "deid_incomplete");
    const Json record = Json::parse(test::slurp(report() / "record.json"));
    EXPECT_EQ(record["residual_check"], "passed");
    EXPECT_EQ(record["residual_check_held"], stage == "proof" ? 1 : 0) << stage;
    EXPECT_THAT(test::slurp(report() / "deid.jsonl") + test::slurp(report() / "report.html"),
                Not(HasSubstr("Vermeulen")));
    ++stages;
  }
  EXPECT_EQ(stages, 6);
}

TEST_F(DeidentifyTest, ASeriesWhoseOnlyInstanceFailsLeavesNoFolder) {
  put_series("A1", 2);
  put_series("B2", 1);
  options_.probe = [](std::string_view stage) {
    static int count = 0;
    if (stage == "write" && ++count == 3) throw std::bad_alloc();
  };
  run(1);
  std::size_t folders = 0;
  for (const auto& entry : fs::recursive_directory_iterator(options_.out)) folders += entry.is_directory() ? 1 : 0;
  EXPECT_EQ(folders, 3U);  // one patient, one study, one series
}

TEST_F(DeidentifyTest, AFileThatReadsOtherwiseThanItWasWrittenIsHeldBack) {
  put_series("A1", 2);
  options_.probe = [&, done = false](std::string_view stage) mutable {
    if (stage != "verify" || done) return;
    done = true;
    for (const auto& entry : fs::recursive_directory_iterator(Staging::work_folder(options_.out) / "out")) {
      if (!entry.is_regular_file()) continue;
      std::string bytes = test::slurp(entry.path());
      bytes.back() ^= 1;
      test::spill(entry.path(), bytes);
      return;
    }
  };
  testing::internal::CaptureStderr();
  run(1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("check the disk"));
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"used", 1}, {"quarantined:deid_incomplete", 1}}));
}

TEST_F(DeidentifyTest, AFullDiskEndsTheJobAndLeavesItsWorkForResume) {
  put_series("A1", 4);
  options_.probe = [count = 0](std::string_view stage) mutable {
    if (stage == "write" && ++count == 3) throw Error(ErrorCode::disk_full, "as if");
  };
  EXPECT_EQ(code_of_run(1), ErrorCode::disk_full);
  EXPECT_FALSE(fs::exists(options_.out));
  EXPECT_TRUE(fs::exists(Staging::work_folder(options_.out)));
  options_.probe = {};
  options_.on_existing = OnExisting::resume;
  const DeidentifyResult result = run(1);
  EXPECT_EQ(result.instance_count, 4U);
  EXPECT_EQ(result.resumed_count, 2U);
  EXPECT_FALSE(fs::exists(Staging::work_folder(options_.out)));
}

// -- Resume and force
// --------------------------------------------------------------------------------------------------

class DeidentifyResumeTest : public DeidentifyTest {
 protected:
  /// A run that is canceled when `count` instances are done.
  void interrupt_after(std::uint64_t count) {
    on_progress_ = [this, count](const Progress& p) {
      if (p.stage == "de-identifying" && p.done == count) stopper_.cancel();
    };
    Executor executor = Executor::cpu(1);
    std::istringstream no_input;
    EXPECT_THROW(deidentify(options_, key(), executor, no_input, stopper_, on_progress_), Error);
    on_progress_ = [](const Progress&) {};
    EXPECT_FALSE(fs::exists(options_.out));
    options_.on_existing = OnExisting::resume;
  }
  CancelToken stopper_;
};

TEST_F(DeidentifyResumeTest, GoesOnWithoutRedoingAndGivesTheBytesOfAnUninterruptedRun) {
  put_series("A1", 6);
  put_series("B2", 2);
  interrupt_after(3);
  // What waits for the resumption names nobody in the clear.
  for (const auto& [name, bytes] : contents(Staging::work_folder(options_.out))) {
    EXPECT_THAT(bytes, Not(HasSubstr("Vermeulen"))) << name;
  }
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, 8U);
  EXPECT_EQ(result.resumed_count, 3U);
  const auto resumed = contents(options_.out);
  const auto inputs = test::slurp(report() / "inputs.jsonl");
  options_.out = folder_ / "whole";
  options_.on_existing = OnExisting::refuse;
  run();
  EXPECT_EQ(contents(options_.out), resumed);
  EXPECT_EQ(test::slurp(report() / "inputs.jsonl"), inputs);
}

TEST_F(DeidentifyResumeTest, RedoesWhatIsDamaged) {
  put_series("A1", 4);
  interrupt_after(3);
  int damaged = 0;
  for (const auto& [name, bytes] : contents(Staging::work_folder(options_.out) / "out")) {
    if (damaged++ == 0) test::spill(Staging::work_folder(options_.out) / "out" / name, bytes + "x");
  }
  EXPECT_EQ(damaged, 3);
  EXPECT_EQ(run().resumed_count, 2U);
  Executor executor = Executor::cpu(1);
  EXPECT_THAT(verify(options_.out, 1 << 30, executor, cancel_, on_progress_).differences, ::testing::IsEmpty());
}

TEST_F(DeidentifyResumeTest, RedoesEverythingForAnotherRecipe) {
  put_series("A1", 4);
  interrupt_after(3);
  options_.recipe.options = {"clean-descriptors"};
  EXPECT_EQ(run().resumed_count, 0U);
}

TEST_F(DeidentifyResumeTest, RedoesEverythingUnderAnotherKey) {
  put_series("A1", 4);
  interrupt_after(3);
  test::spill(folder_ / "k.key", std::string(64, '8'));
  EXPECT_EQ(run().resumed_count, 0U);
  for (const auto& [name, bytes] : contents(options_.out)) EXPECT_FALSE(name.ends_with(".tmp")) << name;
  EXPECT_EQ(manifest().size(), 4U);
}

TEST_F(DeidentifyResumeTest, RedoesAnInputThatChangedAndOneWhosePatientGotAnotherName) {
  put_series("A1", 3);
  put_series("B2", 3);
  interrupt_after(6);
  put("A1/1-2.dcm", slice_of("A1", 2).text(0x00081030, "LO", "CHEST"));
  put("B2/1-9.dcm", slice_of("B2", 9).text(0x00081070, "PN", "Brouwer^Annelies"));
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, 7U);
  EXPECT_EQ(result.resumed_count, 2U);  // of A1
}

TEST_F(DeidentifyResumeTest, OfAFinishedDatasetAnswersDoneForTheSameJobOnly) {
  put_series("A1", 2);
  test::spill(folder_ / "in/notes.txt", "not DICOM");
  run();
  const auto before = contents(options_.out);
  options_.on_existing = OnExisting::resume;
  const DeidentifyResult again = run();
  EXPECT_EQ(again.instance_count, 2U);
  EXPECT_EQ(again.resumed_count, 2U);
  EXPECT_TRUE(again.has_rejects);
  EXPECT_EQ(contents(options_.out), before);
  const Recipe recipe = options_.recipe;
  options_.recipe.options = {};
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  options_.recipe = recipe;
  put("more.dcm", slice_of("A1", 7));
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  EXPECT_EQ(contents(options_.out), before);
}

TEST_F(DeidentifyResumeTest, OfAFinishedDatasetRefusesAnInputThatWasCorrected) {
  put_series("A1", 2);
  run();
  const auto before = contents(options_.out);
  options_.on_existing = OnExisting::resume;
  std::string file = test::slurp(folder_ / "in/A1/1-2.dcm");
  file.back() = static_cast<char>(file.back() + 1);  // of the pixels: UID, size and header are the same
  test::spill(folder_ / "in/A1/1-2.dcm", file);
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  EXPECT_EQ(contents(options_.out), before);
}

TEST_F(DeidentifyResumeTest, OfAFinishedDatasetSaysWhereOneOfItsFilesIsGone) {
  put_series("A1", 2);
  run();
  options_.on_existing = OnExisting::resume;
  for (const auto& entry : fs::recursive_directory_iterator(options_.out)) {
    if (entry.path().extension() != ".dcm") continue;
    fs::remove(entry.path());
    break;
  }
  EXPECT_EQ(code_of_run(), ErrorCode::dataset_invalid);
}

TEST_F(DeidentifyTest, NotesWhatWasReadInSpiteOfTheStandard) {
  const std::string whole = slice_of("A1", 1).bytes(), with_tail = slice_of("A1", 3).bytes() + "tail";
  test::spill(folder_ / "in/1.dcm", whole);
  test::spill(folder_ / "in/2.dcm", slice_of("A1", 2).bytes().substr(128 + 4));
  test::spill(folder_ / "in/3.dcm", with_tail);
  run();
  std::map<std::string, Json> notes;
  for (const Json& line : lines_of(report() / "inputs.jsonl")) {
    EXPECT_EQ(line["disposition"], "used");
    notes[fs::path(line["path"].get<std::string>()).filename()] = line.value("notes", Json());
  }
  EXPECT_EQ(notes["1.dcm"], Json());
  EXPECT_EQ(notes["2.dcm"], Json({"no_preamble"}));
  EXPECT_EQ(notes["3.dcm"], Json({"trailing_bytes"}));
}

TEST_F(DeidentifyResumeTest, ForceReplacesAndRefuseRefuses) {
  put_series("A1", 2);
  run();
  put_series("B2", 1);
  EXPECT_EQ(code_of_run(), ErrorCode::output_exists);
  options_.on_existing = OnExisting::replace;
  EXPECT_EQ(run().instance_count, 3U);
  EXPECT_EQ(manifest().size(), 3U);
}

// -- The report
// --------------------------------------------------------------------------------------------------------

TEST_F(DeidentifyTest, LinksLeadBackAndTheReportIsForTheHospitalAlone) {
  put_series("A1", 1);
  run();
  struct stat status {};
  ::stat(report().c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  const std::string sealed = test::slurp(report() / "link.sealed");
  EXPECT_THAT(sealed, Not(HasSubstr("A1")));
  const Json link = Json::parse(key().unseal(std::as_bytes(std::span(sealed))));
  const Json line = manifest().at(0);
  for (const char* name : {"patient", "study", "series", "instance"}) EXPECT_EQ(link[name], line[name]);
  EXPECT_EQ(link["patient_id"], "A1");
  EXPECT_EQ(link["schema"], "naru.link/1");
  EXPECT_THAT(link["sop_instance_uid"].get<std::string>(), ::testing::StartsWith("2.999.4."));
  EXPECT_THAT(link["study_uid"].get<std::string>(), ::testing::StartsWith("2.999.4."));
}

TEST_F(DeidentifyTest, TellsOfEveryInstanceInCountsAndNeverInValues) {
  put_series("A1", 2);
  run();
  const std::string text = test::slurp(report() / "deid.jsonl");
  for (const std::string& secret : kSecrets) EXPECT_THAT(text, Not(HasSubstr(secret)));
  const auto lines = lines_of(report() / "deid.jsonl");
  ASSERT_EQ(lines.size(), 2U);
  for (const Json& line : lines) {
    EXPECT_EQ(line["residual_check"], "passed");
    EXPECT_GT(line["bytes_searched"].get<int>(), 0);
    EXPECT_GT(line["patterns_searched"].get<int>(), 0);
    EXPECT_FALSE(line["by_action"].empty());
    std::size_t of_patient_name = 0;
    for (const auto& [tag, count] : line["by_tag"].items()) {
      if (tag.starts_with("(0010,0010) ")) of_patient_name += count.get<std::size_t>();
    }
    EXPECT_EQ(of_patient_name, 1U);
  }
}

TEST_F(DeidentifyTest, KeepsTheRecordThatTheLawAsksFor) {
  put_series("A1", 2);
  options_.record.purpose = "liver study";
  options_.record.destruction_date = "2027-12-31";
  run();
  const Json record = Json::parse(test::slurp(report() / "record.json"));
  EXPECT_EQ(record["schema"], "naru.record/1");
  EXPECT_EQ(record["purpose"], "liver study");
  EXPECT_EQ(record["destruction_date"], "2027-12-31");
  for (const char* unknown : {"recipient", "decision_number", "period", "reviewer"}) {
    EXPECT_TRUE(record.contains(unknown));
    EXPECT_TRUE(record[unknown].is_null()) << unknown;
  }
  EXPECT_EQ(record["key_id"], key().id());
  EXPECT_EQ(record["residual_check"], "passed");
  EXPECT_EQ(record["policy_sha256"], recipe_sha256(options_.recipe));
  EXPECT_EQ(record["attribute_rules_sha256"].get<std::string>().size(), 64U);
  EXPECT_FALSE(record["counts_by_action"].empty());
  // The counts are those of the instances together.
  std::map<std::string, std::size_t> sum;
  for (const Json& line : lines_of(report() / "deid.jsonl")) {
    for (const auto& [action, count] : line["by_action"].items()) sum[action] += count.get<std::size_t>();
  }
  EXPECT_EQ(record["counts_by_action"], Json(sum));
  EXPECT_EQ(Json::parse(test::slurp(options_.out / "dataset.json"))["counts"]["by_action"], Json(sum));
}

TEST_F(DeidentifyTest, TheHospitalsListsOfWordsStayWithTheHospital) {
  put_series("A1", 1);
  options_.recipe.remove_words = {"Zonnebloem"};
  options_.recipe.keep_words = {"Gated"};
  run();
  std::string everything;
  for (const auto& [name, bytes] : contents(options_.out)) everything += bytes;
  EXPECT_EQ(everything.find("Zonnebloem"), std::string::npos);
  EXPECT_EQ(Json::parse(test::slurp(options_.out / "dataset.json"))["words_withheld"], 2);
}

TEST_F(DeidentifyTest, ReportPageIsSelfContainedAndEscapesWhatFilesAreCalled) {
  put_series("A1", 2);
  test::spill(folder_ / "in/<b>evil&.txt", "not DICOM");
  run();
  const std::string page = test::slurp(report() / "report.html");
  for (const char* forbidden : {"http://", "https://", "<script", "<b>evil"})
    EXPECT_THAT(page, Not(HasSubstr(forbidden)));
  for (const char* wanted : {"&lt;b&gt;evil&amp;.txt", "not_dicom", "(0010,0010)", "Patient", "decision_number"}) {
    EXPECT_THAT(page, HasSubstr(wanted));
  }
  EXPECT_THAT(page, ::testing::EndsWith("</body></html>\n"));
}

// -- Whole series of the phantom

TEST_F(DeidentifyTest, LetsNoTokenOfAPhantomsHeaderThroughInAnySyntax) {
  const std::string token = "ZQXJTOKEN7";
  int number = 0;
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99",
                             "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70"}) {
    test::PhantomOptions phantom;
    phantom.size = {16, 16, 3};
    phantom.token = token;
    phantom.patient_id = token + "ID";
    phantom.transfer_syntax_uid = syntax;
    phantom.series_uid = "2.999.7." + std::to_string(++number);
    write_series(phantom, folder_ / "in" / (token + std::to_string(number)));
  }
  testing::internal::CaptureStderr();
  const DeidentifyResult result = run();
  std::string everything = testing::internal::GetCapturedStderr();
  EXPECT_EQ(result.instance_count, 15U) << Json(result.by_reason);
  for (const auto& [name, bytes] : contents(options_.out)) everything += name + '\n' + bytes;
  EXPECT_EQ(everything.find(token), std::string::npos);
  EXPECT_THAT(test::slurp(report() / "inputs.jsonl"), HasSubstr(token));
}

TEST_F(DeidentifyTest, SearchesWhatTheRecipeSaysOfThePublication) {
  put_series("HZ883412", 1);  // of Vermeulen^TessHZ883412
  for (const char* const creator : {"HZ883412", "Dr. Vermeulen"}) {
    options_.recipe.publication.creator = creator;
    EXPECT_EQ(code_of_run(), ErrorCode::internal) << creator;
    EXPECT_FALSE(fs::exists(options_.out)) << creator;
  }
  options_.recipe.publication.creator = "Sint Willibrord Ziekenhuis";  // of the headers: a hospital may say who it is
  run();
  EXPECT_THAT(test::slurp(options_.out / "dataset.json"), HasSubstr("Sint Willibrord Ziekenhuis"));
}

TEST_F(DeidentifyTest, ReportsADicomdirThatIsCutOffWhereItIsTheOnlyInput) {
  const std::string cut = std::string(128, '\0') + "DICM" +
                          test::SliceBytes::element(0x00020002, "UI", "1.2.840.10008.1.3.10") +
                          test::SliceBytes::element(0x00020010, "UI", std::string("1.2.840.10008.1.2.1\0", 20)) +
                          test::SliceBytes::element(0x00041130, "CS", "VERMEULE").substr(0, 12);
  test::spill(folder_ / "in/DICOMDIR", cut);
  options_.inputs = {(folder_ / "in/DICOMDIR").string()};
  EXPECT_EQ(code_of_run(), ErrorCode::nothing_delivered);
  EXPECT_EQ(fates(), (std::map<std::string, int>{{"rejected:truncated", 1}}));
  EXPECT_EQ(lines_of(report() / "inputs.jsonl").at(0)["size_bytes"], cut.size());
}

TEST_F(DeidentifyTest, SearchesWhatTheRecipeSaysOfDevices) {
  put_series("80417733", 1);
  options_.recipe.options.push_back("clean-pixel-data");
  const std::vector<dicom::PixelRegion> regions = {{"CT", "GE MEDICAL SYSTEMS", "80417733", 2, 4, 0, 0, 1, 1}};
  options_.recipe.regions = regions;
  EXPECT_EQ(code_of_run(), ErrorCode::internal);
  EXPECT_FALSE(fs::exists(options_.out));
  options_.recipe.regions = {};
  options_.recipe.private_elements = {{0x0019, "Dr. Vermeulen", 0x0C, false}};
  EXPECT_EQ(code_of_run(), ErrorCode::internal);
  EXPECT_FALSE(fs::exists(options_.out));
  // Of another patient's device the file itself says so.
  options_.recipe.private_elements = {};
  options_.recipe.regions = regions;
  put("PAT-2/1", test::slice_of("PAT-2", 1).text(0x00081090, "LO", "80417733 "));
  EXPECT_EQ(run().instance_count, 2U);
  options_.on_existing = OnExisting::replace;
  options_.recipe.regions[0].rows = 512;  // no picture is of this rule
  EXPECT_EQ(code_of_run(), ErrorCode::internal);
}

}  // namespace
}  // namespace naru
