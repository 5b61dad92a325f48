#include "pipeline/deid_writer.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;

/// An output of two pieces that owns its bytes.
dicom::DeidOutput output_of(const std::string& first, const std::string& second) {
  dicom::DeidOutput output;
  for (const std::string* text : {&first, &second}) {
    const auto bytes = std::as_bytes(std::span(*text));
    output.owned.emplace_back(bytes.begin(), bytes.end());
  }
  for (const auto& piece : output.owned) output.pieces.emplace_back(piece);
  return output;
}

TEST(DeidWriter, WritesThePiecesOneAfterTheOther) {
  const test::TempFolder folder;
  DeidWriter writer(folder.path(), {});
  const FileFacts facts = writer.write("p/s/e/i.dcm", output_of("ab", "c"));
  EXPECT_EQ(test::slurp(folder / "p/s/e/i.dcm"), "abc");
  EXPECT_EQ(facts.size_bytes, 3U);
  // FIPS 180-4, example of SHA-256 for "abc".
  EXPECT_EQ(facts.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DeidWriter, LetsOneInstanceHaveAPath) {
  const test::TempFolder folder;
  DeidWriter writer(folder.path(), {});
  EXPECT_TRUE(writer.claim("p/s/e/i.dcm"));
  EXPECT_FALSE(writer.claim("p/s/e/i.dcm"));
  EXPECT_TRUE(writer.claim("p/s/e/j.dcm"));
}

TEST(DeidWriter, LeavesNoFileWhereWritingFails) {
  const test::TempFolder folder;
  DeidWriter writer(folder.path(), [](std::string_view) { throw std::runtime_error("as if"); });
  EXPECT_THROW(writer.write("p/s/e/i.dcm", output_of("ab", "c")), std::runtime_error);
  EXPECT_FALSE(fs::exists(folder / "p/s/e/i.dcm"));
}

TEST(DeidWriter, RemovesStraysAndEmptyFoldersAlone) {
  const test::TempFolder folder;
  test::spill(folder / "p/s/e/i.dcm", "x");
  test::spill(folder / "p/s/e/stray.dcm", "x");
  test::spill(folder / "q/s/e/stray.dcm", "x");
  fs::create_directories(folder / "r/empty");
  fs::create_symlink("/etc", folder / "link");
  remove_all_but(folder.path(), {"p/s/e/i.dcm"});
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    left.push_back(entry.path().lexically_relative(folder.path()).string());
  }
  EXPECT_THAT(left, ::testing::UnorderedElementsAre("p", "p/s", "p/s/e", "p/s/e/i.dcm"));
}

}  // namespace
}  // namespace naru
