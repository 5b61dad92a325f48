#include "server/delivery/tar.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <future>

#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {
namespace {

using naru::test::TempFolder;

/// A listing of files written below `folder`.
DatasetListing listing_of(const std::filesystem::path& folder,
                          const std::vector<std::pair<std::string, std::string>>& files) {
  DatasetListing listing;
  listing.dataset.id = "dataset-1";
  listing.dataset.name = "liver";
  for (const auto& [path, bytes] : files) {
    std::filesystem::create_directories((folder / path).parent_path());
    write_file(folder / path, bytes);
    listing.files.push_back(
        {DatasetObject::Kind::file, "", path, "", bytes.size(),
         std::make_shared<const std::vector<Segment>>(1, Segment{{}, folder / path, bytes.size()})});
  }
  listing.tar = tar_segments(listing);
  return listing;
}

std::string whole(const DatasetListing& listing) {
  std::string bytes;
  for (const Segment& segment : *listing.tar) {
    bytes += segment.file.empty() ? segment.bytes : *read_file(segment.file, segment.size_bytes);
  }
  return bytes;
}

const std::string kLongPath = "images/" + std::string(150, 'a') + "/" + std::string(120, 'b') + ".nii.gz";

const std::vector<std::pair<std::string, std::string>> kFiles = {{"README.md", "read me\n"},
                                                                 {"empty.json", ""},
                                                                 {kLongPath, std::string(511, 'x')},
                                                                 {"images/block.nii", std::string(512, 'y')},
                                                                 {"images/over.nii", std::string(513, 'z')}};

TEST(Tar, IsUnpackedByTarToTheSameFiles) {
  const TempFolder folder, unpacked;
  const DatasetListing listing = listing_of(folder.path(), kFiles);
  write_file(unpacked.path() / "all.tar", whole(listing));
  const std::string command = "tar -xf " + (unpacked.path() / "all.tar").string() + " -C " + unpacked.path().string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const auto& [path, bytes] : kFiles) {
    EXPECT_EQ(read_file(unpacked.path() / "liver" / path, 10000), bytes) << path;
  }
}

TEST(Tar, OfLargeFilesTakesNoMemoryForTheirBytes) {
  constexpr std::uint64_t kHugeBytes = std::uint64_t{1} << 40;  // which no machine here could hold
  DatasetListing listing;
  listing.dataset.name = "liver";
  listing.files.push_back({DatasetObject::Kind::file, "", "huge.nii", "", kHugeBytes,
                           std::make_shared<const std::vector<Segment>>(1, Segment{{}, "/nowhere", kHugeBytes})});
  const auto tar = tar_segments(listing);
  std::size_t held_bytes = 0;
  for (const Segment& segment : *tar) held_bytes += segment.bytes.size();
  EXPECT_LE(held_bytes, 10240U);
  EXPECT_EQ(tar_size_bytes(*tar) - held_bytes, kHugeBytes);
}

TEST(Tar, SaysItsSizeBeforeItIsMade) {
  const TempFolder folder;
  const DatasetListing listing = listing_of(folder.path(), kFiles);
  EXPECT_EQ(tar_size_bytes(*listing.tar), whole(listing).size());
  EXPECT_EQ(whole(listing).size() % 512, 0U);
}

TEST(Tar, HasTheSameBytesEveryTime) {
  const TempFolder folder;
  const DatasetListing first = listing_of(folder.path(), kFiles);
  const DatasetListing second = listing_of(folder.path(), kFiles);
  EXPECT_EQ(whole(first), whole(second));
}

TEST(Tar, TellsNothingOfWhoMadeItOrWhen) {
  const TempFolder folder;
  const DatasetListing listing = listing_of(folder.path(), {{"a", "b"}});
  const std::string header = whole(listing).substr(0, 512);
  EXPECT_EQ(header.substr(0, 7), std::string("liver/a"));
  EXPECT_EQ(std::strtol(header.substr(136, 11).c_str(), nullptr, 8), 0) << "mtime";
  EXPECT_EQ(std::strtol(header.substr(108, 7).c_str(), nullptr, 8), 0) << "uid";
  EXPECT_EQ(header.substr(265, 32), std::string(32, '\0')) << "user name";
}

class TarChecksum : public testing::TestWithParam<DatabaseCase> {
 protected:
  TestServer server_{GetParam()};
};
NARU_FOR_EACH_DATABASE(TarChecksum);

TEST_P(TarChecksum, HoldsOneThreadAloneWhileItIsMade) {
  const TempFolder folder;
  const std::filesystem::path slow = folder / "slow";
  ASSERT_EQ(::mkfifo(slow.c_str(), 0600), 0);
  DatasetListing listing;
  listing.dataset.id = "dataset-1";
  listing.files.push_back({DatasetObject::Kind::file, "", "slow", "", 1,
                           std::make_shared<const std::vector<Segment>>(1, Segment{{}, slow, 1})});
  listing.tar = tar_segments(listing);
  std::filesystem::create_directories(receipt_folder(server_.services, "dataset-1"));
  const auto ask = [&] { return code_if_thrown([&] { tar_sha256(server_.services, listing); }); };
  auto first = std::async(std::launch::async, ask);
  auto writer = std::make_unique<FileDescriptor>(::open(slow.c_str(), O_WRONLY | O_CLOEXEC));  // waits for its reader
  auto second = std::async(std::launch::async, ask);
  EXPECT_EQ(second.wait_for(std::chrono::seconds(60)), std::future_status::ready);
  writer.reset();
  EXPECT_EQ(second.get(), ErrorCode::draining);
  EXPECT_EQ(first.get(), std::nullopt);
}

}  // namespace
}  // namespace naru::server::test
