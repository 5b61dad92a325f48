#include "server/fsck.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/server/delivery/delivery_world.h"

namespace naru::server::test {
namespace {

class Fsck : public testing::TestWithParam<DatabaseCase> {
 protected:
  Fsck() {
    StagedWriter writer = world_.server.content.stage();
    writer.append(std::as_bytes(std::span(kBytes)));
    StagedFile file = writer.finish();
    file.sync();
    sha256_ = file.sha256;
    StagedFile* const files[] = {&file};
    const auto hold = world_.server.content.keep(files);
    world_.write([&](Transaction& t) {
      t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, $2, 0)",
                {sha256_, static_cast<std::int64_t>(kBytes.size())});
    });
    dataset_ = world_.publish(world_.grant(world_.proposal()));
  }
  std::vector<std::string> codes(const FsckOptions& options = {.reads_bytes = true}) {
    std::vector<std::string> found;
    for (const FsckProblem& problem : fsck(world_.server.services, options).problems) found.emplace_back(problem.code);
    return found;
  }
  std::filesystem::path dataset() { return dataset_folder(world_.server.services, dataset_); }

  const std::string kBytes = "some bytes";
  DeliveryWorld world_{GetParam()};
  std::string sha256_, dataset_;
};
NARU_FOR_EACH_DATABASE(Fsck);
using Codes = std::vector<std::string>;

TEST_P(Fsck, FindsNothingWhereNothingIsWrong) {
  EXPECT_EQ(codes(), Codes{});
  const FsckResult result = fsck(world_.server.services, {});
  EXPECT_TRUE(result.is_sound());
  EXPECT_EQ(result.counts.at("instances"), 1U);
  EXPECT_EQ(result.counts.at("datasets"), 1U);
}

TEST_P(Fsck, FindsAnInstanceThatIsGoneOrChanged) {
  const auto file = world_.server.content.path_of(sha256_);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::ofstream(file, std::ios::binary) << "same bytes";
  EXPECT_EQ(codes(), Codes{"content_differs"});
  EXPECT_EQ(codes({}), Codes{}) << "its size alone tells nothing";
  std::filesystem::remove(file);
  EXPECT_EQ(codes({}), Codes{"content_missing"});
}

TEST_P(Fsck, FindsADatasetThatChanged) {
  std::ofstream(dataset() / "images/1.nii.gz", std::ios::binary) << std::string(1000, 'j');
  EXPECT_EQ(codes(), Codes{"dataset_differs"});
  std::filesystem::remove(dataset() / "images/1.nii.gz");
  EXPECT_EQ(codes({}), Codes{"dataset_not_whole"});
}

TEST_P(Fsck, RemovesWhatNoRowNamesAndNothingElse) {
  std::filesystem::create_directories(dataset().parent_path() / "dataset-left");
  EXPECT_EQ(codes(), Codes{"dataset_unrecorded"});
  const FsckResult repaired = fsck(world_.server.services, {.reads_bytes = false, .repairs = true});
  EXPECT_TRUE(repaired.is_sound());
  EXPECT_FALSE(std::filesystem::exists(dataset().parent_path() / "dataset-left"));
  EXPECT_EQ(codes(), Codes{});
}

}  // namespace
}  // namespace naru::server::test
