#include "pipeline/verify.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <sstream>

#include "pipeline/case_store.h"
#include "pipeline/prepare.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test::PhantomOptions phantom;
    phantom.size = {16, 16, 6};
    write_series(phantom, folder_ / "in");
    test::spill(folder_ / "k.key", std::string(64, '3'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
    PrepareOptions options;
    options.inputs = {(folder_ / "in").string()};
    options.out = out_;
    options.memory_limit_bytes = 1 << 30;
    std::istringstream no_input;
    prepare(options, ProjectKey::load(folder_ / "k.key"), executor_, no_input, cancel_, [](const Progress&) {});
    line_ = Json::parse(test::slurp(out_ / "manifest.jsonl"));
    image_ = line_["image"].get<std::string>();
  }
  std::vector<std::string> differences() {
    return verify(out_, 1 << 30, executor_, cancel_, [](const Progress&) {}).differences;
  }
  /// Writes a changed manifest and corrects SHA256SUMS, as a careful forger would.
  void forge(const Json& line) {
    const std::string before = hash_file(out_ / "manifest.jsonl")->sha256;
    test::spill(out_ / "manifest.jsonl", line.dump() + "\n");
    std::string sums = test::slurp(out_ / "SHA256SUMS");
    sums.replace(sums.find(before), 64, hash_file(out_ / "manifest.jsonl")->sha256);
    test::spill(out_ / "SHA256SUMS", sums);
  }

  test::TempFolder folder_;
  std::filesystem::path out_ = folder_ / "out";
  Executor executor_ = Executor::cpu(1);
  CancelToken cancel_;
  Json line_;
  std::string image_;
};

TEST_F(VerifyTest, ConfirmsAWholeDataset) { EXPECT_THAT(differences(), ::testing::IsEmpty()); }

TEST_F(VerifyTest, NamesAChangedByte) {
  std::string bytes = test::slurp(out_ / image_);
  bytes[bytes.size() / 2] ^= 1;
  test::spill(out_ / image_, bytes);
  EXPECT_THAT(differences(), Contains(HasSubstr(image_ + ": has another SHA-256")));
}

TEST_F(VerifyTest, NamesMissingAndAddedFiles) {
  std::filesystem::remove(out_ / image_);
  test::spill(out_ / "images/notes.txt", "x");
  EXPECT_THAT(differences(), Contains(HasSubstr(image_ + ": is missing")));
  EXPECT_THAT(differences(), Contains(HasSubstr("images/notes.txt: is not in SHA256SUMS")));
}

TEST_F(VerifyTest, NamesEachForgedPromise) {
  const std::pair<const char*, Json> forgeries[] = {
      {"shape", {1, 2, 3}},
      {"dtype", "float32"},
      {"sha256", std::string(64, '0')},
      {"size_bytes", 1},
      {"spacing_mm", {2, 2, 2}},
      {"recipe_sha256", std::string(64, '0')},
      {"affine_ras", {{1, 0, 0, 5}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}},
  };
  for (const auto& [key, value] : forgeries) {
    Json forged = line_;
    forged[key] = value;
    forge(forged);
    EXPECT_THAT(differences(), ::testing::Not(::testing::IsEmpty())) << key;
  }
  Json forged = line_;
  forged["statistics"]["mean"] = 1e6;
  forge(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("other statistics")));
}

TEST_F(VerifyTest, NamesAMissingKey) {
  Json forged = line_;
  forged.erase("affine_ras");
  forge(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("lacks a key")));
}

TEST_F(VerifyTest, RefusesWhatIsNoDataset) {
  EXPECT_THROW(verify(folder_ / "in", 1 << 30, executor_, cancel_, [](const Progress&) {}), Error);
  EXPECT_THROW(verify(folder_ / "absent", 1 << 30, executor_, cancel_, [](const Progress&) {}), Error);
}

}  // namespace
}  // namespace naru
