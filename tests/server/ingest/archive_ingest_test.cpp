#include "server/ingest/archive_ingest.h"

#include <gtest/gtest.h>

#include "pipeline/archive.h"
#include "tests/server/ingest/ingest_world.h"
#include "tests/server/support/error_code.h"
#include "tests/support/archive_writer.h"

namespace naru::server {
namespace {

using test::IngestWorld;
using test::instances;
using Members = std::vector<std::pair<std::string, std::string>>;
using Codes = std::map<std::string, std::size_t>;

class ArchiveIngest : public testing::Test {
 protected:
  IngestCounts ingest(const std::string& name, const Members& members, const naru::test::ArchiveOptions& options = {}) {
    naru::test::write_archive(world.folder / name, members, options);
    return ingest_file(name);
  }
  IngestCounts ingest_file(const std::string& name) {
    IngestCounts counts;
    ingest_archive(world.folder / name, world.receiver, world.content, world.origin, CancelToken(), counts);
    EXPECT_TRUE(std::filesystem::is_empty(world.content.incoming()));
    return counts;
  }
  IngestWorld world{test::databases_under_test().at(0)};
};

TEST_F(ArchiveIngest, EveryMemberIsCountedOnce) {
  const auto files = instances(100);
  Members members;
  for (std::size_t n = 0; n < files.size(); ++n) members.emplace_back("s/" + std::to_string(n), files[n]);
  members.emplace_back("again", files[0]);
  members.emplace_back("cut", files[1].substr(0, 400));
  members.emplace_back("README", "text");
  for (const std::string name : {"a.zip", "a.tar", "a.tar.gz"}) {
    const IngestCounts counts = ingest(name, members);
    EXPECT_EQ(counts.stored, name == "a.zip" ? 100U : 0U);
    EXPECT_EQ(counts.duplicate, name == "a.zip" ? 1U : 101U);
    EXPECT_EQ(counts.rejected_by_code, (Codes{{"not_dicom", 1}, {"truncated", 1}}));
    EXPECT_EQ(counts.study_ids.size(), 1U);
  }
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 100);
}

TEST_F(ArchiveIngest, NamesAreNeverPaths) {
  const std::string file = instances(1)[0];
  ingest("slip.tar", {{"../../slipped", file}, {"/tmp/naru-slipped", file}, {std::string(300, 'n'), file}});
  EXPECT_FALSE(std::filesystem::exists(world.folder.path().parent_path() / "slipped"));
  EXPECT_FALSE(std::filesystem::exists("/tmp/naru-slipped"));
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 1);
}

TEST_F(ArchiveIngest, AnArchiveInAnArchiveIsNoInstance) {
  naru::test::write_archive(world.folder / "inner.zip", {{"a", instances(1)[0]}});
  const IngestCounts counts = ingest("outer.zip", {{"inner.zip", naru::test::slurp(world.folder / "inner.zip")}});
  EXPECT_EQ(counts.rejected_by_code, (Codes{{"not_dicom", 1}}));
}

TEST_F(ArchiveIngest, ABombIsStopped) {
  Members members;
  const std::string zeros(std::size_t{40} << 20, '\0');
  for (int n = 0; n < 16; ++n) members.emplace_back(std::to_string(n), zeros);  // 640 MiB of 600 KiB
  const IngestCounts counts = ingest("bomb.zip", members);
  EXPECT_GE(counts.rejected_by_code.at("too_large"), 1U);
  EXPECT_LT(counts.rejected, 10U) << "it was stopped, not read to its end";
}

TEST_F(ArchiveIngest, AMemberThatIsTooLargeDoesNotStopTheOthers) {
  const std::string file = instances(1)[0];
  const IngestCounts counts =
      ingest("large.zip", {{"large", std::string((std::size_t{64} << 20) + 1, '\0')}, {"small", file}});
  EXPECT_EQ(counts.rejected_by_code, (Codes{{"too_large", 1}}));
  EXPECT_EQ(counts.stored, 1U);
}

TEST_F(ArchiveIngest, EncryptedDamagedAndEmptyArchivesAreSaid) {
  const std::string file = instances(1)[0];
  EXPECT_EQ(ingest("locked.zip", {{"a", file}}, {.password = "secret"}).rejected_by_code, (Codes{{"encrypted", 1}}));
  EXPECT_EQ(ingest("empty.tar", {}).rejected, 1U);
  naru::test::spill(world.folder / "none.zip", "no archive");
  EXPECT_EQ(ingest_file("none.zip").rejected, 1U);
  naru::test::write_archive(world.folder / "whole.tar", {{"a", file}, {"b", instances(2)[1]}});
  const std::string bytes = naru::test::slurp(world.folder / "whole.tar");
  naru::test::spill(world.folder / "cut.tar", std::string_view(bytes).substr(0, file.size() + 1500));
  const IngestCounts cut = ingest_file("cut.tar");
  EXPECT_EQ(cut.stored, 1U) << "what came before is kept";
  EXPECT_GE(cut.rejected, 1U);
}

TEST_F(ArchiveIngest, NothingOfATarGzIsStoredThatItsChecksumContradicts) {
  const auto files = instances(100);  // more than are stored at once
  Members members;
  for (std::size_t n = 0; n < files.size(); ++n) members.emplace_back(std::to_string(n), files[n]);
  naru::test::write_archive(world.folder / "a.tar.gz", members);
  const std::string sound = naru::test::slurp(world.folder / "a.tar.gz");
  for (const std::size_t from_end : {8U, 4U}) {  // the CRC-32, and the length
    std::string bytes = sound;
    bytes[bytes.size() - from_end] ^= 1;
    naru::test::spill(world.folder / "wrong.tar.gz", bytes);
    const IngestCounts counts = ingest_file("wrong.tar.gz");
    EXPECT_EQ(counts.stored, 0U);
    EXPECT_EQ(counts.rejected_by_code, (Codes{{"corrupt", 101}})) << "each member, and the archive";
  }
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 0);
  EXPECT_EQ(world.number("SELECT count(*) FROM studies"), 0);
  EXPECT_EQ(ingest_file("a.tar.gz").stored, 100U);
}

TEST_F(ArchiveIngest, NothingOfATarGzIsStoredWhoseChecksumStandsBeyondTheBound) {
  const IngestCounts counts =
      ingest("grows.tar.gz", {{"a", instances(1)[0]}, {"zeros", std::string(std::size_t{300} << 20, '\0')}});
  EXPECT_EQ(counts.stored, 0U);
  EXPECT_EQ(counts.rejected_by_code, (Codes{{"too_large", 3}}));
  EXPECT_EQ(world.number("SELECT count(*) FROM studies"), 0);
}

TEST_F(ArchiveIngest, IsNotReadWhereNothingOfItCouldBeStored) {
  in_transaction(*world.database, Access::write,
                 [](Transaction& t) { t.execute("UPDATE organisations SET disabled_ms = 1 WHERE id = 'org-a'"); });
  naru::test::spill(world.folder / "none.zip", "no archive");
  IngestCounts counts;
  EXPECT_EQ(test::code_if_thrown([&] {
              ingest_archive(world.folder / "none.zip", world.receiver, world.content, world.origin, CancelToken(),
                             counts);
            }),
            ErrorCode::forbidden);
  EXPECT_EQ(counts.rejected, 0U) << "it waits for when the hospital is let in again";
}

}  // namespace
}  // namespace naru::server
