#include "server/delivery/dataset_object.h"

#include <gtest/gtest.h>

#include "core/digest.h"

namespace naru::server::test {
namespace {

std::string sha256(std::string_view text) { return sha256_hex(text); }

DatasetListing small_listing() {
  DatasetListing listing;
  listing.dataset.id = "dataset-1";
  listing.dataset.name = "liver";
  listing.dataset.sha256 = std::string(64, 'e');
  listing.dataset.created_ms = 1'790'000'000'123;
  for (const auto& [path, size] : std::vector<std::pair<std::string, std::uint64_t>>{
           {"README.md", 5}, {"images/a/1.nii.gz", 10}, {"images/b.nii.gz", 20}}) {
    listing.files.push_back(
        {DatasetObject::Kind::file, object_id_of_file("dataset-1", path), path, sha256(path), size, nullptr});
  }
  listing.tar = std::make_shared<std::vector<Segment>>();
  return listing;
}

nlohmann::ordered_json drs(const DatasetListing& listing, const std::string& id, bool expand = false) {
  return drs_object(listing, *find_object(listing, id), "https://naru.example:8600", expand);
}

TEST(DatasetObject, NamesTheDatasetThatItIsOf) {
  EXPECT_EQ(dataset_id_of_object(object_id_of_file("dataset-1", "a")), "dataset-1");
  EXPECT_EQ(dataset_id_of_object("dataset-1.tar"), "dataset-1");
  EXPECT_EQ(dataset_id_of_object("dataset-1"), "dataset-1");
}

TEST(DatasetObject, TellsAFileFromAFolderOfTheSameName) {
  EXPECT_NE(object_id_of_file("dataset-1", "images"), object_id_of_folder("dataset-1", "images"));
}

TEST(DrsObject, OfABlobHasSizeChecksumAndAnAccessMethod) {
  const auto json = drs(small_listing(), object_id_of_file("dataset-1", "images/b.nii.gz"));
  EXPECT_EQ(json.at("name"), "b.nii.gz");
  EXPECT_EQ(json.at("size"), 20);
  EXPECT_EQ(json.at("self_uri"), "drs://naru.example:8600/" + object_id_of_file("dataset-1", "images/b.nii.gz"));
  EXPECT_EQ(json.at("checksums").at(0).at("checksum"), sha256("images/b.nii.gz"));
  EXPECT_EQ(json.at("checksums").at(0).at("type"), "sha-256");
  EXPECT_EQ(json.at("access_methods").at(0).at("access_id"), "https");
  EXPECT_EQ(json.at("created_time"), "2026-09-21T14:13:20.123Z");
  EXPECT_FALSE(json.contains("contents"));
}

TEST(DrsObject, OfTheWholeListsItsDirectMembersAlone) {
  const auto json = drs(small_listing(), "dataset-1");
  EXPECT_EQ(json.at("size"), 35) << "all bytes, at any depth";
  ASSERT_EQ(json.at("contents").size(), 2U);
  EXPECT_EQ(json.at("contents").at(0).at("name"), "README.md");
  EXPECT_EQ(json.at("contents").at(1).at("name"), "images");
  EXPECT_FALSE(json.at("contents").at(1).contains("contents"));
}

TEST(DrsObject, ExpandsFolders) {
  const auto json = drs(small_listing(), "dataset-1", true);
  const auto& images = json.at("contents").at(1).at("contents");
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images.at(1).at("contents").at(0).at("name"), "1.nii.gz");
}

TEST(DrsObject, ChecksumOfABundleIsOverTheSortedChecksumsOfItsMembers) {
  const DatasetListing listing = small_listing();
  const std::string inner = sha256(sha256("images/a/1.nii.gz"));
  std::vector<std::string> sums = {sha256("images/b.nii.gz"), inner};
  std::ranges::sort(sums);
  EXPECT_EQ(drs(listing, object_id_of_folder("dataset-1", "images")).at("checksums").at(0).at("checksum"),
            sha256(sums[0] + sums[1]));
}

/// As a de-identified export has them: a folder for each patient, study and series. Once for each folder was too often.
TEST(DrsObject, TakesThousandsOfFoldersInItsStride) {
  DatasetListing listing = small_listing();
  listing.files.clear();
  for (int n = 0; n < 20'000; ++n) {
    const std::string path = "p" + std::to_string(n) + "/study/series/1.dcm";
    listing.files.push_back(
        {DatasetObject::Kind::file, object_id_of_file("dataset-1", path), path, sha256(path), 10, nullptr});
  }
  const auto json = drs(listing, "dataset-1");
  EXPECT_EQ(json.at("size"), 200'000);
  EXPECT_EQ(json.at("contents").size(), 20'000U);
}

TEST(FindObject, KnowsNothingOfOtherIds) {
  const DatasetListing listing = small_listing();
  EXPECT_FALSE(find_object(listing, "dataset-1.0000000000000000").has_value());
  EXPECT_FALSE(find_object(listing, "dataset-2").has_value());
  EXPECT_TRUE(find_object(listing, object_id_of_folder("dataset-1", "images/a")).has_value());
}

}  // namespace
}  // namespace naru::server::test
