#include "server/ingest/watched_folder.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "tests/server/ingest/ingest_world.h"
#include "tests/support/archive_writer.h"

namespace naru::server {
namespace {

using naru::test::spill;
using test::IngestWorld;
using test::instances;

class AWatchedFolder : public testing::Test {
 protected:
  AWatchedFolder() { std::filesystem::create_directory(path); }
  IngestCounts look() { return folder.look(CancelToken()); }
  IngestWorld world{test::databases_under_test().at(0)};
  std::filesystem::path path = world.folder / "watched";
  WatchedFolder folder{path, "org-a", world.services};
};

TEST_F(AWatchedFolder, FilesAreTakenAtTheSecondLookAndAreGoneThen) {
  const auto files = instances(2);
  spill(path / "a.dcm", files[0]);
  spill(path / "below/deeper/b", files[1]);
  EXPECT_EQ(look().stored, 0U);
  EXPECT_EQ(look().stored, 2U);
  EXPECT_FALSE(std::filesystem::exists(path / "a.dcm"));
  EXPECT_FALSE(std::filesystem::exists(path / "below/deeper/b"));
  EXPECT_EQ(world.query("SELECT source FROM instances").at(0).text(0), "folder");
}

TEST_F(AWatchedFolder, AFileThatStillGrowsIsLeftAlone) {
  const std::string file = instances(1)[0];
  spill(path / "a", file.substr(0, 500));
  look();
  spill(path / "a", file);
  EXPECT_EQ(look().stored, 0U);
  EXPECT_EQ(look().stored, 1U);
}

TEST_F(AWatchedFolder, WhatIsRejectedIsPutAsideUnderItsName) {
  spill(path / "note.txt", "text");
  look();
  EXPECT_EQ(look().rejected, 1U);
  EXPECT_EQ(naru::test::slurp(path / "rejected/note.txt"), "text");
  spill(path / "note.txt", "another text");
  look();
  look();
  EXPECT_EQ(naru::test::slurp(path / "rejected/note.txt"), "text") << "nothing is written over";
  EXPECT_FALSE(std::filesystem::exists(path / "note.txt"));
  look();
  EXPECT_EQ(look().rejected, 0U) << "what was put aside is not looked at again";
}

TEST_F(AWatchedFolder, LinksAndHiddenFilesAreNotFollowed) {
  spill(world.folder / "outside/secret.dcm", instances(1)[0]);
  std::filesystem::create_symlink(world.folder / "outside/secret.dcm", path / "link");
  std::filesystem::create_directory_symlink(world.folder / "outside", path / "folder");
  spill(path / ".part", instances(1)[0]);
  look();
  EXPECT_EQ(look().stored, 0U);
  EXPECT_TRUE(std::filesystem::exists(world.folder / "outside/secret.dcm"));
  EXPECT_TRUE(std::filesystem::exists(path / ".part"));
}

TEST_F(AWatchedFolder, ARejectedFileStaysWhereRejectedIsALinkOrAFile) {
  std::filesystem::create_directory(world.folder / "outside");
  std::filesystem::create_directory_symlink(world.folder / "outside", path / "rejected");
  spill(path / "note.txt", "text");
  look();
  EXPECT_EQ(look().rejected, 0U);
  EXPECT_TRUE(std::filesystem::is_empty(world.folder / "outside")) << "whoever writes here must not write there";
  EXPECT_EQ(naru::test::slurp(path / "note.txt"), "text");
  std::filesystem::remove(path / "rejected");
  spill(path / "rejected", "a file");
  EXPECT_EQ(look().rejected, 0U);
  EXPECT_EQ(naru::test::slurp(path / "note.txt"), "text");
  std::filesystem::remove(path / "rejected");
  EXPECT_EQ(look().rejected, 1U);
  EXPECT_EQ(naru::test::slurp(path / "rejected/note.txt"), "text");
}

/// Does something when the first file is stored.
struct MeddlingClock final : Clock {
  std::int64_t now_ms() const override {
    if (act) std::exchange(act, nullptr)();
    return 1767225600000;
  }
  mutable std::function<void()> act;
};

TEST_F(AWatchedFolder, AFolderThatBecomesALinkAfterTheLookLeadsNowhere) {
  const auto files = instances(3);
  for (const int n : {0, 1}) spill(path / std::to_string(n) / "x.dcm", files[static_cast<std::size_t>(n)]);
  spill(world.folder / "outside/x.dcm", files[2]);
  MeddlingClock clock;
  clock.act = [&] {
    for (const std::string name : {"0", "1"}) {
      std::filesystem::rename(path / name, path / ("." + name));
      std::filesystem::create_directory_symlink(world.folder / "outside", path / name);
    }
  };
  Receiver receiver(*world.database, world.ledger, world.content, clock);
  const Services services{world.config, clock,      *world.database, world.keys,    world.ledger,   world.content,
                          receiver,     world.jobs, world.listings,  world.metrics, world.transfers};
  WatchedFolder meddled{path, "org-a", services};
  meddled.look(CancelToken());
  EXPECT_EQ(meddled.look(CancelToken()).stored, 1U);
  EXPECT_EQ(world.number("SELECT COUNT(*) FROM blobs"), 1) << "what lies elsewhere is not read";
  EXPECT_TRUE(std::filesystem::exists(world.folder / "outside/x.dcm")) << "nor removed";
}

TEST_F(AWatchedFolder, ArchivesAreOpened) {
  const auto files = instances(2);
  naru::test::write_archive(path / "study.zip", {{"a", files[0]}, {"b", files[1]}});
  look();
  EXPECT_EQ(look().stored, 2U);
  EXPECT_FALSE(std::filesystem::exists(path / "study.zip"));
}

}  // namespace
}  // namespace naru::server
