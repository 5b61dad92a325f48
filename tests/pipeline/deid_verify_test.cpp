#include "pipeline/deid_verify.h"

#include <gmock/gmock.h>

#include "core/digest.h"
#include "pipeline/files.h"
#include "tests/pipeline/deid_job.h"

namespace naru {
namespace {

using test::Json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class DeidVerifyTest : public test::DeidJobTest {
 protected:
  void SetUp() override {
    put_series("A1", 2);
    put_series("B2", 1);
    run();
    lines_ = manifest();
  }
  std::vector<std::string> differences() {
    Executor executor = Executor::cpu(2);
    return verify(options_.out, 1 << 30, executor, cancel_, on_progress_).differences;
  }
  /// Replaces a file and corrects SHA256SUMS, as a careful forger would.
  void forge(const std::string& file, const std::string& bytes) {
    const std::string before = hash_file(options_.out / file)->sha256;
    test::spill(options_.out / file, bytes);
    std::string sums = test::slurp(options_.out / "SHA256SUMS");
    sums.replace(sums.find(before), 64, hash_file(options_.out / file)->sha256);
    test::spill(options_.out / "SHA256SUMS", sums);
  }
  void forge_manifest(const std::vector<Json>& lines) {
    std::string text;
    for (const Json& line : lines) text += line.dump() + "\n";
    forge("manifest.jsonl", text);
  }
  void forge_dataset(const Json& dataset) { forge("dataset.json", dataset.dump(2) + "\n"); }
  Json dataset() const { return Json::parse(test::slurp(options_.out / "dataset.json")); }

  std::vector<Json> lines_;
};

TEST_F(DeidVerifyTest, ConfirmsAWholeDataset) { EXPECT_THAT(differences(), IsEmpty()); }

TEST_F(DeidVerifyTest, NamesChangedMissingAndAddedFiles) {
  const auto first = lines_[0]["file"].get<std::string>(), second = lines_[1]["file"].get<std::string>();
  std::string bytes = test::slurp(options_.out / first);
  bytes.back() ^= 1;
  test::spill(options_.out / first, bytes);
  std::filesystem::remove(options_.out / second);
  test::spill(options_.out / "more.dcm", "x");
  const auto found = differences();
  EXPECT_THAT(found, Contains(HasSubstr(first + ": has another SHA-256")));
  EXPECT_THAT(found, Contains(HasSubstr(second + ": is missing")));
  EXPECT_THAT(found, Contains(HasSubstr("more.dcm: is not in SHA256SUMS")));
}

TEST_F(DeidVerifyTest, NamesEachForgedLine) {
  const std::pair<const char*, Json> forgeries[] = {
      {"file", "x.dcm"},
      {"sha256", std::string(64, '0')},
      {"size_bytes", 1},
      {"patient", "patient-0000000000000000"},
      {"study", "2.25.1"},
      {"series", "2.25.1"},
      {"instance", "2.25.1"},
      {"instance", "../../../etc/passwd"},
      {"sop_class_uid", "1.2.840.10008.5.1.4.1.1.4"},
      {"modality", "MR"},
      {"transfer_syntax_uid", "1.2.840.10008.1.2"},
      {"pixels", "changed"},
  };
  for (const auto& [key, value] : forgeries) {
    auto forged = lines_;
    forged[0][key] = value;
    forge_manifest(forged);
    EXPECT_THAT(differences(), ::testing::Not(IsEmpty())) << key << value;
  }
  for (const auto& [key, value] : lines_[0].items()) {
    if (key == "schema") continue;
    auto forged = lines_;
    forged[0].erase(key);
    forge_manifest(forged);
    EXPECT_THAT(differences(), Contains(HasSubstr("lacks a key"))) << key;
  }
}

TEST_F(DeidVerifyTest, NamesAManifestOutOfOrderOrWithAFileTwiceOrNotAtAll) {
  forge_manifest({lines_[1], lines_[0], lines_[2]});
  EXPECT_THAT(differences(), Contains(HasSubstr("not sorted by file")));
  forge_manifest({lines_[0], lines_[1], lines_[1], lines_[2]});
  EXPECT_THAT(differences(), Contains(HasSubstr("holds a file twice")));
  forge_manifest({lines_[0], lines_[1]});
  EXPECT_THAT(differences(),
              Contains(lines_[2]["file"].get<std::string>() + ": is in SHA256SUMS but not in manifest.jsonl"));
}

TEST_F(DeidVerifyTest, NamesAFileThatTheManifestDoesNotNameWhateverItsSum) {
  for (const std::string file : {"more.txt", "more.dcm", "patient-1/notes.txt"}) {
    std::filesystem::create_directories((options_.out / file).parent_path());
    test::spill(options_.out / file, "Farquharson");
    const std::string sums = test::slurp(options_.out / "SHA256SUMS");
    test::spill(options_.out / "SHA256SUMS", sums + hash_file(options_.out / file)->sha256 + "  " + file + "\n");
    EXPECT_THAT(differences(), ::testing::ElementsAre(file + ": is in SHA256SUMS but not in manifest.jsonl"));
    std::filesystem::remove(options_.out / file);
    test::spill(options_.out / "SHA256SUMS", sums);
  }
}

TEST_F(DeidVerifyTest, NamesEachForgedOrMissingCount) {
  for (const std::string key : {"instances", "patients", "studies", "series", "by_modality", "by_pixels"}) {
    const Json whole = dataset();
    Json forged = whole;
    forged["counts"][key] = key.starts_with("by_") ? Json{{"XX", 1}} : Json(99);
    forge_dataset(forged);
    EXPECT_THAT(differences(), ::testing::ElementsAre(HasSubstr("counts." + key + " "))) << key;
    forged["counts"].erase(key);
    forge_dataset(forged);
    EXPECT_THAT(differences(), ::testing::ElementsAre(HasSubstr("counts." + key + " "))) << key;
    forge_dataset(whole);
  }
}

TEST_F(DeidVerifyTest, NamesARecipeThatIsNotTheOneThatRan) {
  Json forged = dataset();
  forged["recipe"]["deidentify"]["options"] = Json::array();
  forge_dataset(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("does not match its SHA-256")));
}

TEST_F(DeidVerifyTest, NamesAFileThatDoesNotSayWhatRan) {
  const auto file = lines_[0]["file"].get<std::string>();
  std::string bytes = test::slurp(options_.out / file);
  const std::size_t at = bytes.find("YES ");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 4, "NO  ");
  forge(file, bytes);
  EXPECT_THAT(differences(), Contains(HasSubstr("does not say that the patient's identity was removed")));
  Json forged = dataset();
  forged["method"].push_back("clean-graphics");
  forge_dataset(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("does not name the method")));
}

TEST_F(DeidVerifyTest, ConfirmsADatasetInWhichARuleKeepsTheIdentity) {
  for (const dicom::Tag tag : {dicom::Tag{0x00100010}, dicom::Tag{0x00100020}}) {
    options_.recipe.attributes = {{tag, dicom::DeidAction::K}};
    options_.on_existing = OnExisting::replace;
    run();
    EXPECT_THAT(differences(), IsEmpty());
  }
  const auto file = manifest()[0]["file"].get<std::string>();
  std::string bytes = test::slurp(options_.out / file);
  using namespace std::string_view_literals;
  constexpr std::string_view kNo = "\x12\0\x62\0CS\2\0NO"sv;
  const std::size_t at = bytes.find(kNo);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + kNo.size() - 2, 2, "YE");
  forge(file, bytes);
  EXPECT_THAT(differences(), Contains(HasSubstr("does not say that a rule kept the patient's identity")));
}

TEST_F(DeidVerifyTest, NamesOptionsThatRecipeAndFilesDoNotShare) {
  // A recipe and its hash, forged together.
  Json forged = dataset();
  forged["recipe"]["deidentify"]["options"] = {"clean-descriptors", "retain-uids"};
  const std::string recipe = forged["recipe"].dump();
  forged["recipe_sha256"] = sha256_hex(recipe);
  forge_dataset(forged);
  const auto found = differences();
  for (const char* problem : {"does not state retain-uids in (0012,0063)", "does not state retain-uids in (0012,0064)",
                              "states retain-longitudinal-modified-dates in (0012,0063), which the recipe has not",
                              "states retain-longitudinal-modified-dates in (0012,0064), which the recipe has not"}) {
    EXPECT_THAT(found, Contains(HasSubstr(problem)));
  }
  EXPECT_THAT(found, Not(Contains(HasSubstr("clean-descriptors"))));
}

TEST_F(DeidVerifyTest, NamesAFileWhoseCodesDoNotStateTheProfile) {
  const auto file = lines_[0]["file"].get<std::string>();
  std::string bytes = test::slurp(options_.out / file);
  const std::size_t at = bytes.find("113100");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 6, "113109");
  forge(file, bytes);
  EXPECT_THAT(differences(), Contains(HasSubstr("does not state the Basic Profile in (0012,0064)")));
}

TEST_F(DeidVerifyTest, NamesAFileWithAnotherPatientsName) {
  const auto file = lines_[0]["file"].get<std::string>(), patient = lines_[0]["patient"].get<std::string>();
  std::string bytes = test::slurp(options_.out / file);
  const std::size_t at = bytes.find("PN");
  ASSERT_NE(bytes.find(patient, at), std::string::npos);
  bytes.replace(bytes.find(patient, at), patient.size(), std::string("Zimmerlein^W").append(patient.size() - 12, ' '));
  forge(file, bytes);
  EXPECT_THAT(differences(), Contains(HasSubstr("has another Patient's Name")));
}

TEST_F(DeidVerifyTest, NamesLinksAndFoldersWithoutAFile) {
  const auto first = lines_[0]["file"].get<std::string>();
  std::filesystem::rename(options_.out / first, folder_ / "elsewhere.dcm");
  std::filesystem::create_symlink(folder_ / "elsewhere.dcm", options_.out / first);
  std::filesystem::create_directory(options_.out / "Zimmerlein");
  const auto found = differences();
  EXPECT_THAT(found, Contains(HasSubstr(first + ": is a symbolic link")));
  EXPECT_THAT(found, Contains(HasSubstr("Zimmerlein: is a folder without a file")));
}

TEST_F(DeidVerifyTest, NamesOneStudyUnderTwoPatients) {
  auto forged = lines_;
  forged[0]["study"] = forged[2]["study"];
  forge_manifest(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("puts one study under two patients")));
}

TEST_F(DeidVerifyTest, TheSourceFilesAreNotWhatItConfirms) {
  const auto file = lines_[0]["file"].get<std::string>();
  forge(file, test::slurp(folder_ / "in/A1/1-1.dcm"));
  EXPECT_THAT(differences(), Contains(HasSubstr("has another Patient ID")));
}

TEST_F(DeidVerifyTest, CountsInstances) {
  Executor executor = Executor::cpu(1);
  const VerifyResult result = verify(options_.out, 1 << 30, executor, cancel_, on_progress_);
  EXPECT_EQ(result.unit, "instances");
  EXPECT_EQ(to_json(result)["instances"], 3);
}

}  // namespace
}  // namespace naru
