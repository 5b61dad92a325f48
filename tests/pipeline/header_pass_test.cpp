#include "pipeline/header_pass.h"

#include <gmock/gmock.h>

#include "core/digest.h"
#include "pipeline/content.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/support/archive_writer.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

class HeaderPass : public ::testing::Test {
 protected:
  HeaderPass() { dicom::initialize(); }
  std::vector<FileHeader> read(const std::vector<std::string>& names) {
    std::vector<InputFile> files;
    for (const std::string& name : names) files.push_back({folder_ / name, {}});
    return read_headers(files, executor_, never_, ignore_);
  }
  void spill(const std::string& name, const std::string& bytes) { test::spill(folder_ / name, bytes); }

  test::TempFolder folder_;
  Executor executor_ = Executor::cpu(2);
  const CancelToken never_;
  const OnProgress ignore_ = [](const Progress&) {};
};

/// A slice whose headers take more than `bytes`.
std::string slice_of(std::size_t bytes) {
  return test::SliceBytes().insert(test::SliceBytes::element(0x00290010, "UN", std::string(bytes, 'x'))).bytes();
}

TEST_F(HeaderPass, ReadsOnAsLongAsTheHeadersGoOn) {
  const std::size_t sizes[] = {60'000, 65'536, 70'000, 300'000, 5'000'000};
  for (const std::size_t size : sizes) {
    const std::string file = slice_of(size);
    spill("slice", file);
    const auto headers = read({"slice"});
    ASSERT_EQ(headers.size(), 1U);
    EXPECT_FALSE(headers[0].record.reason) << size;
    ASSERT_EQ(headers[0].planes.size(), 1U) << size;
    EXPECT_EQ(headers[0].planes[0].pixels.offset_bytes, file.size() - 16) << size;
    EXPECT_EQ(headers[0].record.size_bytes, file.size());
  }
}

TEST_F(HeaderPass, SaysTheSameAsAReadOfTheWholeFile) {
  for (const test::SyntaxName& syntax : test::all_syntaxes()) {
    if (!syntax.is_lossless) continue;  // those take other depths
    for (const test::Fault fault : {test::Fault::none, test::Fault::truncated}) {
      test::PhantomOptions options;
      options.size = {256, 256, 1};  // 128 KiB: pixels go on beyond what is read first
      options.slice_thickness_mm = 1;
      options.noise = 300;
      options.transfer_syntax_uid = syntax.uid;
      options.fault = fault;
      const auto path = test::write_series(options, folder_ / std::string(syntax.name)).files[0];
      const auto whole = test::header_of(test::slurp(path));
      const auto headers = read({path.lexically_relative(folder_.path()).string()});
      EXPECT_EQ(headers[0].record.reason, whole.reason) << syntax.name;
      EXPECT_EQ(headers[0].planes.size(), whole.planes.size()) << syntax.name;
      EXPECT_EQ(headers[0].record.sop_instance_uid, whole.sop_instance_uid) << syntax.name;
    }
  }
}

TEST_F(HeaderPass, NotesBytesBehindThePixels) {
  spill("sound", test::SliceBytes().bytes());
  spill("more", test::SliceBytes().bytes() + "extra");
  const auto headers = read({"sound", "more"});
  EXPECT_TRUE(headers[0].record.notes.empty());
  EXPECT_EQ(headers[1].record.notes, std::vector{Note::trailing_bytes});
}

TEST_F(HeaderPass, IdentityChangesWithTheFileNotWithItsPath) {
  const std::string file = test::SliceBytes().bytes();
  spill("a", file);
  std::filesystem::create_hard_link(folder_ / "a", folder_ / "b");
  spill("c", file);
  const auto headers = read({"a", "b", "c"});
  EXPECT_FALSE(headers[0].record.identity.empty());
  EXPECT_EQ(headers[0].record.identity, headers[1].record.identity);
  EXPECT_NE(headers[0].record.identity, headers[2].record.identity);
  std::string other = file;
  other.back() ^= 1;
  spill("a", other);
  EXPECT_NE(read({"a"})[0].record.identity, headers[0].record.identity);
}

TEST_F(HeaderPass, ReadsMembersOfArchivesLikeFiles) {
  const std::string file = slice_of(300'000);
  for (const char* archive : {"a.zip", "a.tar", "a.tar.gz"}) {
    test::write_archive(folder_ / archive, {{"1", file}, {"2", "no DICOM"}, {"3", file}});
    const auto headers = read({archive});
    ASSERT_EQ(headers.size(), 3U) << archive;
    EXPECT_FALSE(headers[0].record.reason) << archive;
    EXPECT_EQ(headers[0].record.size_bytes, file.size());
    EXPECT_EQ(headers[1].record.reason, Code::not_dicom);
    EXPECT_EQ(headers[2].planes.size(), 1U) << archive;
    EXPECT_NE(headers[0].record.identity, headers[2].record.identity) << archive;
  }
}

TEST_F(HeaderPass, LeavesChecksumsToThoseWhoNeedThem) {
  spill("in/a", test::SliceBytes().bytes());
  spill("in/notes", "no DICOM");
  test::write_archive(folder_ / "in/z.zip", {{"1", slice_of(100'000)}, {"2", "text"}});
  std::vector<InputFile> files;
  for (const char* name : {"a", "notes", "z.zip", "absent"}) files.push_back({folder_ / "in" / name, {}});
  Scan scan = scan_inputs(files, {}, executor_, never_, ignore_);
  ASSERT_EQ(scan.inputs.size(), 5U);
  EXPECT_EQ(scan.inputs[4].reason, Code::unreadable);
  complete_hashes(scan, executor_, never_, ignore_);
  const auto sha256 = [](const std::string& text) { return sha256_hex(text); };
  EXPECT_EQ(scan.inputs[0].sha256, sha256(test::SliceBytes().bytes()));
  EXPECT_EQ(scan.inputs[1].sha256, sha256("no DICOM"));
  EXPECT_EQ(scan.inputs[2].sha256, sha256(slice_of(100'000)));
  EXPECT_EQ(scan.inputs[3].sha256, sha256("text"));
  EXPECT_EQ(scan.inputs[4].sha256, "");
}

TEST_F(HeaderPass, KnowsTheSizeOfAFileThatCannotBeUsedWhateverItHolds) {
  spill("DICOMDIR", "cut off");
  const auto headers = read_headers({{folder_ / "DICOMDIR", Code::truncated}}, executor_, never_, ignore_);
  ASSERT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].record.reason, Code::truncated);
  EXPECT_EQ(headers[0].record.size_bytes, 7U);
}

}  // namespace
}  // namespace naru
