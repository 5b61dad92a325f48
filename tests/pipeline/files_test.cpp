#include "pipeline/files.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/temp_folder.h"

namespace naru {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(FileWriter, WritesAndHashes) {
  const test::TempFolder folder;
  FileWriter writer(folder / "a");
  writer.append(bytes_of("ab"));
  writer.append(bytes_of("c"));
  const FileFacts facts = writer.finish();
  EXPECT_EQ(facts.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4 example
  EXPECT_EQ(facts.size_bytes, 3U);
  EXPECT_EQ(test::slurp(folder / "a"), "abc");
}

TEST(FileWriter, HashesLargePiecesAsSmallOnes) {
  const test::TempFolder folder;
  const std::string large(9'000'001, 'x');
  FileWriter at_once(folder / "a"), in_pieces(folder / "b");
  at_once.append(bytes_of(large));
  for (std::size_t i = 0; i < large.size(); i += 100'000)
    in_pieces.append(bytes_of(large).subspan(i).first(std::min<std::size_t>(100'000, large.size() - i)));
  EXPECT_EQ(at_once.finish().sha256, in_pieces.finish().sha256);
}

TEST(FileWriter, LeavesNothingBehindUnlessFinished) {
  const test::TempFolder folder;
  { FileWriter(folder / "a").append(bytes_of("half")); }
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(FileWriter, SaysThatTheDiskIsFull) {
  const test::TempFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "full");
  FileWriter writer(folder / "full");
  try {
    writer.append(bytes_of("x"));
    FAIL() << "a full device took bytes";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::disk_full);
  }
}

/// A disk that refuses tells one caller alone: not to hear it then is never to hear it.
TEST(FileWriter, SaysThatTheDiskRefusedWhatWasFlushedMeanwhile) {
  const test::TempFolder folder;
  std::filesystem::create_symlink("/dev/null", folder / "a");  // takes all bytes, and no fdatasync
  const std::string piece(std::size_t{17} << 20, 'x');
  FileWriter writer(folder / "a");
  try {
    writer.append(bytes_of(piece));
    writer.finish();
    FAIL() << "nothing said";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::output_unwritable);
  }
}

TEST(FileWriter, FlushesOnceForAllFilesThatShareAFlush) {
  const test::TempFolder folder;
  std::filesystem::create_symlink("/dev/null", folder / "a");
  const std::string piece(std::size_t{9} << 20, 'x');
  DiskFlush flush;
  for (const char* name : {"b", "a"}) {  // the second reaches 16 MiB, and its disk refuses
    FileWriter writer(folder / name, &flush);
    writer.append(bytes_of(piece));
    writer.finish();
  }
  try {
    flush.end();
    FAIL() << "nothing said";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::output_unwritable);
  }
  EXPECT_NO_THROW(flush.end());  // told once
}

TEST(FileWriter, WritesLargeFilesWhole) {
  const test::TempFolder folder;
  const std::string piece(std::size_t{5} << 20, 'x');
  FileWriter writer(folder / "a");
  for (int n = 0; n < 9; ++n) writer.append(bytes_of(piece));
  const FileFacts facts = writer.finish();
  EXPECT_EQ(facts.size_bytes, 9 * piece.size());
  EXPECT_EQ(hash_file(folder / "a")->sha256, facts.sha256);
}

TEST(FileWriter, SaysThatAFolderCannotBeWritten) {
  const test::TempFolder folder;
  try {
    FileWriter writer(folder / "absent/file");
    FAIL() << "a file was made in a folder that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::output_unwritable);
  }
}

TEST(WriteFile, ReplacesInOneStepAndLeavesNoTemporary) {
  const test::TempFolder folder;
  write_file(folder / "a", "old");
  write_file(folder / "a", "new");
  EXPECT_EQ(test::slurp(folder / "a"), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(ReadFile, RefusesWhatIsTooLongOrMissing) {
  const test::TempFolder folder;
  test::spill(folder / "a", "12345");
  EXPECT_EQ(read_file(folder / "a", 5), "12345");
  EXPECT_FALSE(read_file(folder / "a", 4));
  EXPECT_FALSE(read_file(folder / "b", 4));
}

TEST(SyncTree, TakesFilesInFoldersAndTellsOfOneThatCannotBeSynced) {
  const test::TempFolder folder;
  std::filesystem::create_directories(folder / "a/b");
  test::spill(folder / "a/b/c", "1");
  test::spill(folder / "d", "2");
  EXPECT_NO_THROW(sync_tree(folder.path()));
  std::filesystem::create_symlink("/dev/null", folder / "a/other");  // a link is no file of ours
  for (const auto& path : {folder.path(), folder / "absent"}) {
    try {
      sync_tree(path);
      FAIL() << "synced " << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::output_unwritable);
    }
  }
}

TEST(JsonLine, ReplacesInvalidUtf8InsteadOfFailing) {
  EXPECT_EQ(json_line({{"path", "a\xff"}}), "{\"path\":\"a\xef\xbf\xbd\"}\n");
}

}  // namespace
}  // namespace naru
