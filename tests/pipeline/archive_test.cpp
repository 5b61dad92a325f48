#include "pipeline/archive.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <sstream>

#include "pipeline/outputs/gzip.h"
#include "pipeline/prepare.h"
#include "tests/support/archive_writer.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

const CancelToken kNever;

using Json = nlohmann::ordered_json;
using Members = std::vector<std::pair<std::string, std::string>>;

TEST(Archive, IsKnownByItsName) {
  for (const char* name : {"a.zip", "A.ZIP", "b.tar", "b.tar.gz", "b.tgz"}) EXPECT_TRUE(is_archive_name(name)) << name;
  for (const char* name : {"a.dcm", "zip", "a.gz", ""}) EXPECT_FALSE(is_archive_name(name)) << name;
}

TEST(Archive, GivesMembersInOrderWithTheirBytes) {
  const test::TempFolder folder;
  for (const char* name : {"a.zip", "a.tar", "a.tar.gz"}) {
    test::write_archive(folder / name, {{"x/1", "one"}, {"2", std::string(100'000, 'b')}});
    ArchiveReader reader(folder / name);
    std::vector<std::byte> bytes(200'000);
    ASSERT_EQ(reader.next(kNever)->name, "x/1");
    EXPECT_EQ(reader.read(bytes), 3U);
    ASSERT_EQ(reader.next(kNever)->index, 1U);
    EXPECT_EQ(reader.read(bytes), 100'000U);
    EXPECT_FALSE(reader.next(kNever));
    EXPECT_EQ(reader.state(), ArchiveReader::State::good);
  }
}

/// Also one that is stored as it is, of which a bit was flipped.
TEST(Archive, GivesNoMemberThatItsChecksumContradicts) {
  const test::TempFolder folder;
  const std::string voxels(5000, 'v');
  test::write_archive(folder / "a.zip", {{"1", voxels}, {"2", voxels}}, {.password = "", .is_stored = true});
  std::string bytes = test::slurp(folder / "a.zip");
  const std::size_t at = bytes.find(voxels);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 100] = 'w';
  test::spill(folder / "a.zip", bytes);
  ArchiveReader reader(folder / "a.zip");
  std::vector<std::byte> member(voxels.size());
  ASSERT_TRUE(reader.next(kNever));
  EXPECT_FALSE(reader.read(member));
  ASSERT_TRUE(reader.next(kNever));
  EXPECT_EQ(reader.read(member), member.size());
}

std::vector<std::string> names_in(const std::filesystem::path& path, ArchiveReader::State& end, bool& is_unproven) {
  ArchiveReader reader(path);
  std::vector<std::string> names;
  while (const auto member = reader.next(kNever)) names.push_back(member->name);
  end = reader.state();
  is_unproven = reader.is_unproven();
  return names;
}

TEST(Archive, GivesNamesInUtf8WhateverTheLocale) {
  const test::TempFolder folder;
  const std::string korean = "\xed\x99\x98\xec\x9e\x90/1.dcm", cp949 = "\xc8\xaf\xc0\xda/1.dcm", no_text = "\xff\xfe";
  const std::string member = "bytes";
  ArchiveReader::State end{};
  bool is_unproven = false;
  for (const char* name : {"said.zip", "said.tar", "said.tar.gz"}) {
    test::write_archive(folder / name, {{korean, member}}, {.password = "", .says_utf8 = true});
    EXPECT_EQ(names_in(folder / name, end, is_unproven), std::vector{korean}) << name;
  }
  for (const auto& [written, read] : {std::pair{korean, korean}, {cp949, korean}, {no_text, no_text}}) {
    test::write_archive(folder / "a.zip", {{written, member}});
    EXPECT_EQ(names_in(folder / "a.zip", end, is_unproven), std::vector{read});
    EXPECT_EQ(end, ArchiveReader::State::good);
  }
}

/// libarchive's own filter for gzip looks at no checksum.
TEST(Archive, TellsAGzipFileThatItsChecksumContradictsFromOneThatIsCut) {
  const test::TempFolder folder;
  test::write_archive(folder / "a.tar.gz", {{"1", "one"}, {"2", "two"}});
  const std::string bytes = test::slurp(folder / "a.tar.gz");
  std::string wrong = bytes;
  wrong[bytes.size() - 8] ^= 1;  // the CRC-32, and behind it the length
  test::spill(folder / "wrong.tar.gz", wrong);
  test::spill(folder / "cut.tar.gz", bytes.substr(0, bytes.size() - 8));
  test::spill(folder / "twice.tar.gz", bytes + bytes);
  test::spill(folder / "padded.tar.gz", bytes + std::string(3000, '\0'));
  ArchiveReader::State end{};
  bool is_unproven = false;
  // A small archive is inflated in one piece: what stands before the checksum must come out all the same.
  EXPECT_EQ(names_in(folder / "wrong.tar.gz", end, is_unproven), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(end, ArchiveReader::State::corrupt);
  EXPECT_TRUE(is_unproven);
  EXPECT_EQ(names_in(folder / "cut.tar.gz", end, is_unproven), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(end, ArchiveReader::State::corrupt);
  EXPECT_FALSE(is_unproven);
  for (const char* sound : {"a.tar.gz", "twice.tar.gz", "padded.tar.gz"}) {
    EXPECT_EQ(names_in(folder / sound, end, is_unproven).size(), 2U) << sound;
    EXPECT_EQ(end, ArchiveReader::State::good) << sound;
    EXPECT_FALSE(is_unproven) << sound;
  }
}

TEST(Archive, SaysThatATarIsCutBetweenTwoMembers) {
  const test::TempFolder folder;
  test::write_archive(folder / "a.tar", {{"1", "one"}, {"2", "two"}});
  constexpr std::size_t kOneMember = 1024;  // its header and its bytes, each padded to 512
  test::spill(folder / "cut.tar", test::slurp(folder / "a.tar").substr(0, kOneMember));
  ArchiveReader::State end{};
  bool is_unproven = false;
  EXPECT_EQ(names_in(folder / "cut.tar", end, is_unproven), (std::vector<std::string>{"1"}));
  EXPECT_EQ(end, ArchiveReader::State::corrupt);
  EXPECT_EQ(names_in(folder / "a.tar", end, is_unproven).size(), 2U);
  EXPECT_EQ(end, ArchiveReader::State::good);
}

TEST(Archive, SaysThatAMemberIsEncrypted) {
  const test::TempFolder folder;
  test::write_archive(folder / "a.zip", {{"1", "secret"}}, {"password"});
  ArchiveReader reader(folder / "a.zip");
  EXPECT_TRUE(reader.next(kNever)->is_encrypted);
}

TEST(Archive, StopsWhereAnArchiveGrowsBeyondMeasure) {
  const test::TempFolder folder;
  test::write_archive(folder / "a.tar.gz", {{"zeros", std::string(std::size_t{300} << 20, '\0')}});
  ArchiveReader reader(folder / "a.tar.gz");
  ASSERT_TRUE(reader.next(kNever));
  std::vector<std::byte> bytes(std::size_t{64} << 20);
  while (reader.read(bytes)) {
  }
  EXPECT_EQ(reader.state(), ArchiveReader::State::too_large);
  EXPECT_FALSE(reader.next(kNever));
}

TEST(Archive, CountsEntriesWithoutBytesToo) {
  const test::TempFolder folder;
  test::write_archive(folder / "a.tar.gz", Members(100'000, {"x", ""}));
  ArchiveReader reader(folder / "a.tar.gz");
  std::size_t count = 0;
  while (reader.next(kNever)) ++count;
  EXPECT_EQ(reader.state(), ArchiveReader::State::too_large);
  EXPECT_LT(count, 100'000U);
}

TEST(Archive, SaysThatItIsDamagedOrAbsent) {
  const test::TempFolder folder;
  test::spill(folder / "a.zip", "this is no archive");
  ArchiveReader damaged(folder / "a.zip");
  EXPECT_FALSE(damaged.next(kNever));
  EXPECT_EQ(damaged.state(), ArchiveReader::State::corrupt);
  EXPECT_EQ(ArchiveReader(folder / "absent.zip").state(), ArchiveReader::State::unreadable);
}

TEST(MemoryFile, HasAPathThatReads) {
  const std::string text = "bytes";
  const MemoryFile file(std::as_bytes(std::span(text)));
  EXPECT_EQ(test::slurp(file.path()), "bytes");
}

class ArchivedStudy : public ::testing::Test {
 protected:
  PrepareResult prepare_from(const std::string& input, const std::string& out) {
    test::spill(folder_ / "k.key", std::string(64, '7'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
    PrepareOptions options;
    options.inputs = {(folder_ / input).string()};
    options.out = folder_ / out;
    options.memory_limit_bytes = 1 << 30;
    Executor executor = Executor::cpu(2);
    std::istringstream no_input;
    return prepare(options, ProjectKey::load(folder_ / "k.key"), executor, no_input, cancel_, [](const Progress&) {});
  }
  Members members_of(const std::string& name) {
    Members members;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / name)) {
      members.emplace_back("study/" + entry.path().filename().string(), test::slurp(entry.path()));
    }
    return members;
  }
  test::TempFolder folder_;
  CancelToken cancel_;
};

TEST_F(ArchivedStudy, BecomesTheSameDatasetAsItsFiles) {
  test::PhantomOptions options;
  options.fault = test::Fault::duplicate_slice;
  test::write_series(options, folder_ / "plain");
  const Members members = members_of("plain");
  prepare_from("plain", "from-plain");
  for (const std::string name : {"a.zip", "a.tar", "a.tar.gz"}) {
    test::write_archive(folder_ / name, members);
    const PrepareResult result = prepare_from(name, "from-" + name);
    EXPECT_EQ(result.by_disposition.at("used"), 20U);
    EXPECT_EQ(test::slurp(folder_ / ("from-" + name) / "manifest.jsonl"),
              test::slurp(folder_ / "from-plain" / "manifest.jsonl"));
  }
}

TEST_F(ArchivedStudy, AccountsForEveryMember) {
  test::write_series({}, folder_ / "plain");
  Members members = members_of("plain");
  members.emplace_back("notes.txt", "not DICOM");
  test::write_archive(folder_ / "a.zip", members);
  const PrepareResult result = prepare_from("a.zip", "out");
  EXPECT_EQ(result.by_disposition.at("used"), 20U);
  EXPECT_EQ(result.by_reason.at("not_dicom"), 1U);
  EXPECT_THAT(test::slurp(folder_ / "out.report/inputs.jsonl"), ::testing::HasSubstr("a.zip!notes.txt"));
}

TEST_F(ArchivedStudy, AccountsForLinksAndFollowsNone) {
  test::write_series({}, folder_ / "plain");
  const Members members = members_of("plain");
  test::write_archive(folder_ / "a.tar", members,
                      {"", {{"link.dcm", (folder_ / "k.key").string()}}, {{"again.dcm", members[0].first}}});
  const PrepareResult result = prepare_from("a.tar", "out");
  EXPECT_EQ(result.by_disposition.at("used"), 20U);
  EXPECT_EQ(result.by_disposition.at("rejected"), 2U);
  EXPECT_EQ(result.by_reason.at("not_dicom"), 2U);
  EXPECT_THAT(test::slurp(folder_ / "out.report/inputs.jsonl"), ::testing::HasSubstr("a.tar!again.dcm"));
}

TEST_F(ArchivedStudy, AccountsForPipes) {
  test::write_series({}, folder_ / "plain");
  test::write_archive(folder_ / "a.tar", members_of("plain"), {.password = "", .pipes = {"pipe.dcm"}});
  const PrepareResult result = prepare_from("a.tar", "out");
  EXPECT_EQ(result.by_disposition.at("used"), 20U);
  EXPECT_EQ(result.by_reason.at("not_dicom"), 1U);
  EXPECT_THAT(test::slurp(folder_ / "out.report/inputs.jsonl"), ::testing::HasSubstr("a.tar!pipe.dcm"));
}

TEST_F(ArchivedStudy, DeliversNothingOfADamagedTarGz) {
  test::write_series({}, folder_ / "plain");
  test::write_archive(folder_ / "a.tar.gz", members_of("plain"));
  std::string bytes = test::slurp(folder_ / "a.tar.gz");
  bytes[bytes.size() - 8] ^= 1;
  test::spill(folder_ / "a.tar.gz", bytes);
  EXPECT_THROW(prepare_from("a.tar.gz", "out"), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
  std::istringstream lines(test::slurp(folder_ / "out.report/inputs.jsonl"));
  std::size_t members = 0, archives = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    EXPECT_EQ(json["reason"], "corrupt");
    ++(json["path"].get<std::string>().ends_with("a.tar.gz") ? archives : members);
  }
  EXPECT_EQ(members, 20U);
  EXPECT_EQ(archives, 1U);
}

TEST_F(ArchivedStudy, KeepsTwoPhasesApartWhenDeflated) {
  test::PhantomOptions options;
  options.transfer_syntax_uid = "1.2.840.10008.1.2.1.99";
  options.fault = test::Fault::two_phases;
  test::write_series(options, folder_ / "plain");
  test::write_archive(folder_ / "a.zip", members_of("plain"));
  EXPECT_EQ(prepare_from("a.zip", "out").by_disposition.at("used"), 40U);
  EXPECT_THAT(test::slurp(folder_ / "out/manifest.jsonl"), ::testing::HasSubstr("\"shape\":[51,51,25,2]"));
}

TEST_F(ArchivedStudy, WithoutFilesStillHasALine) {
  test::write_series({}, folder_ / "in");
  test::write_archive(folder_ / "in/empty.zip", {});
  EXPECT_EQ(prepare_from("in", "out").by_reason.at("not_dicom"), 1U);
  const auto size_bytes = std::filesystem::file_size(folder_ / "in/empty.zip");
  EXPECT_GT(size_bytes, 0U);
  EXPECT_THAT(test::slurp(folder_ / "out.report/inputs.jsonl"),
              ::testing::ContainsRegex("empty.zip\"[^}]*\"size_bytes\":" + std::to_string(size_bytes) + ","));
}

TEST_F(ArchivedStudy, IsRejectedWhereEncrypted) {
  test::write_series({}, folder_ / "plain");
  test::write_archive(folder_ / "a.zip", members_of("plain"), {"password"});
  EXPECT_THROW(prepare_from("a.zip", "out"), Error);
  EXPECT_THAT(test::slurp(folder_ / "out.report/inputs.jsonl"), ::testing::HasSubstr("\"reason\":\"encrypted\""));
}

std::string one_gzip_member_of(const std::string& bytes) {
  std::vector<std::byte> room(gzip_room_bytes(GzipEffort::fast));
  GzipCompressor compressor;
  const auto member = compressor.compress(std::as_bytes(std::span(bytes)), GzipEffort::fast, room);
  return {reinterpret_cast<const char*>(member.data()), member.size()};
}

/// The header of the second member is broken, and the checksum stands farther behind than what is inflated by then.
TEST(Archive, ReachesTheChecksumOfATarGzWhoseMembersCannotAllBeRead) {
  const test::TempFolder folder;
  const std::string member(200'000, 'm');
  test::write_archive(folder / "a.tar", {{"1", member}, {"2", member}, {"3", member}});
  std::string tar = test::slurp(folder / "a.tar");
  constexpr std::size_t kSecondHeader = 512 + (200'000 + 511) / 512 * 512;
  ASSERT_EQ(tar[kSecondHeader], '2');
  tar[kSecondHeader] = 'x';
  std::string bytes = one_gzip_member_of(tar);
  test::spill(folder / "sound.tar.gz", bytes);
  bytes[bytes.size() - 8] ^= 1;  // the CRC-32
  test::spill(folder / "wrong.tar.gz", bytes);
  ArchiveReader::State end{};
  for (const bool is_wrong : {false, true}) {
    bool is_unproven = !is_wrong;
    const auto names = names_in(folder / (is_wrong ? "wrong.tar.gz" : "sound.tar.gz"), end, is_unproven);
    ASSERT_FALSE(names.empty());
    EXPECT_EQ(names.front(), "1");
    EXPECT_EQ(end, ArchiveReader::State::corrupt);
    EXPECT_EQ(is_unproven, is_wrong);
  }
}

TEST_F(ArchivedStudy, DeliversNothingOfATarGzWhoseChecksumStandsBeyondTheBound) {
  test::write_series({}, folder_ / "plain");
  auto members = members_of("plain");
  members.emplace_back("zeros", std::string(std::size_t{300} << 20, '\0'));
  test::write_archive(folder_ / "a.tar.gz", members);
  EXPECT_THROW(prepare_from("a.tar.gz", "out"), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
  std::istringstream lines(test::slurp(folder_ / "out.report/inputs.jsonl"));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_EQ(Json::parse(line)["reason"], "too_large");
  EXPECT_EQ(count, members.size() + 1) << "and one of the archive itself";
}

}  // namespace
}  // namespace naru
