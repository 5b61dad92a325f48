#include "server/audit/tiles.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/server/audit/trees.h"

namespace naru::server {
namespace {

TEST(Tiles, PathsAreThoseOfTheSpecification) {
  EXPECT_EQ(path_of({false, 0, 1234067}), "tile/0/x001/x234/067");
  EXPECT_EQ(path_of({false, 0, 0, 5}), "tile/0/000.p/5");
  EXPECT_EQ(path_of({false, 63, 999}), "tile/63/999");
  EXPECT_EQ(path_of({false, 2, 1000}), "tile/2/x001/000");
  EXPECT_EQ(path_of({true, 0, 273, 112}), "tile/entries/273.p/112");
}

TEST(Tiles, EachPathIsReadAsTheTileThatHasIt) {
  for (const std::uint64_t number : {0ULL, 1ULL, 999ULL, 1000ULL, 1234067ULL, 999999999999999999ULL}) {
    for (const std::uint64_t width : {1, 255, 256}) {
      for (const Tile tile :
           {Tile{false, 0, number, width}, Tile{false, 63, number, width}, Tile{true, 0, number, width}}) {
        EXPECT_EQ(parse_tile_path(path_of(tile).substr(5)), tile);
      }
    }
  }
  for (const char* const wrong : {"",
                                  "0",
                                  "0/",
                                  "0/0",
                                  "0/00",
                                  "0/0000",
                                  "0/1000",
                                  "0/x000/001",
                                  "0/x1/000",
                                  "00/000",
                                  "64/000",
                                  "-1/000",
                                  "x/000",
                                  "0/000.p",
                                  "0/000.p/",
                                  "0/000.p/0",
                                  "0/000.p/256",
                                  "0/000.p/01",
                                  "0/000/",
                                  "0//000",
                                  "0/x001000",
                                  "0/x001/x000",
                                  "0/../000",
                                  "entries",
                                  "entries/0",
                                  "entriesx/000",
                                  "0/x999/x999/x999/x999/x999/x999/999",
                                  "0/000.p/1.p/1"}) {
    EXPECT_FALSE(parse_tile_path(wrong)) << wrong;
  }
}

// "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, one full
// level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1"
TEST(Tiles, ATreeHasTheTilesOfTheSpecificationsExample) {
  const auto tiles = tiles_between(0, 70000);
  const auto count = [&](bool is_entries, int level, std::uint64_t width) {
    return std::count_if(tiles.begin(), tiles.end(), [&](const Tile& tile) {
      return tile.is_entries == is_entries && tile.level == level && tile.width == width;
    });
  };
  EXPECT_EQ(count(false, 0, 256), 273);
  EXPECT_EQ(count(false, 0, 112), 1);
  EXPECT_EQ(count(false, 1, 256), 1);
  EXPECT_EQ(count(false, 1, 17), 1);
  EXPECT_EQ(count(false, 2, 1), 1);
  EXPECT_EQ(count(true, 0, 256), 273);
  EXPECT_EQ(count(true, 0, 112), 1);
  EXPECT_EQ(tiles.size(), 277U + 274U);
  EXPECT_EQ(tiles_between(0, 256), (std::vector<Tile>{{false, 0, 0}, {true, 0, 0}, {false, 1, 0, 1}}));
}

TEST(Tiles, WhatIsNewIsWhatATreeHasAndTheOlderOneHadNot) {
  for (const std::uint64_t old_size : {0, 1, 255, 256, 257, 511, 512, 65535, 65536, 66000}) {
    const auto before = tiles_between(0, old_size);
    for (const std::uint64_t size : {0, 1, 255, 256, 257, 511, 512, 65535, 65536, 66000, 131072}) {
      if (size < old_size) continue;
      const auto all = tiles_between(0, size);
      const auto added = tiles_between(old_size, size);
      for (const Tile& tile : all) {
        const bool was_there = std::find(before.begin(), before.end(), tile) != before.end();
        const bool is_added = std::find(added.begin(), added.end(), tile) != added.end();
        EXPECT_EQ(is_added, !was_there) << path_of(tile) << " from " << old_size << " to " << size;
        EXPECT_TRUE(is_within(tile, size));
      }
      for (const Tile& tile : added) EXPECT_NE(std::find(all.begin(), all.end(), tile), all.end()) << path_of(tile);
    }
  }
}

TEST(Tiles, NoTileReachesPastTheTree) {
  EXPECT_TRUE(is_within({false, 0, 0, 5}, 5));
  EXPECT_FALSE(is_within({false, 0, 0, 6}, 5));
  EXPECT_FALSE(is_within({false, 0, 1, 1}, 256));
  EXPECT_TRUE(is_within({false, 1, 0, 1}, 256));
  EXPECT_FALSE(is_within({false, 1, 0, 1}, 255));
  EXPECT_FALSE(is_within({false, 63, 0, 1}, ~std::uint64_t{0} >> 1));
  EXPECT_FALSE(is_within({false, 0, 999999999999999999, 256}, 1000));
}

TEST(Tiles, BytesAndBundlesAreReadAsTheyWereWritten) {
  const std::vector<Hash> hashes = {leaf_hash("a"), leaf_hash("b")};
  EXPECT_EQ(to_bytes(hashes).size(), 64U);
  EXPECT_EQ(hashes_from_bytes(to_bytes(hashes)), hashes);
  EXPECT_FALSE(hashes_from_bytes(std::string(33, 'x')));
  const std::vector<std::string> leaves = {"", "one", std::string(65535, 'z')};
  const std::string bundle = to_bundle(leaves);
  EXPECT_EQ(bundle.substr(0, 7), std::string("\0\0\0\3one", 7));
  EXPECT_EQ(leaves_from_bundle(bundle), leaves);
  EXPECT_FALSE(leaves_from_bundle(bundle.substr(0, bundle.size() - 1)));
  EXPECT_FALSE(leaves_from_bundle(bundle + "x"));
}

}  // namespace
}  // namespace naru::server
