/// The ledger as a finite set of files that never change: C2SP tlog-tiles.
///
/// tile/L/N holds the hashes of 256 complete subtrees of level 8 L, those with number 256 N ...; tile/L/N.p/W the first
/// W of them while there are no more. tile/entries/N holds the leaves themselves, each after its length in two bytes,
/// big end first. N is written in groups of three digits, all but the last after an x: 1234067 is x001/x234/067.
/// Source: https://c2sp.org/tlog-tiles
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/audit/merkle.h"

namespace naru::server {

inline constexpr std::uint64_t kTileWidth = 256;
inline constexpr int kTileHeight = 8;  ///< log2 of the width

/// One tile, of hashes or of entries.
struct Tile {
  bool is_entries = false;
  int level = 0;  ///< of tiles, not of the tree: 8 levels of the tree each
  std::uint64_t number = 0;
  std::uint64_t width = kTileWidth;  ///< 1 to 256; less than 256: a partial tile

  std::uint64_t first() const { return number * kTileWidth; }
  bool operator==(const Tile&) const = default;
};

std::string path_of(const Tile& tile);  ///< "tile/0/x001/234.p/56"
/// Of the text after "tile/"; empty where it is no such path.
std::optional<Tile> parse_tile_path(std::string_view path);

/// All tiles of a tree of `size` leaves that one of `old_size` had not in this form; entries after hashes of level 0.
std::vector<Tile> tiles_between(std::uint64_t old_size, std::uint64_t size);

/// True where the tile is one of a tree of `size` leaves, or of a smaller one.
bool is_within(const Tile& tile, std::uint64_t size);

std::string to_bytes(std::span<const Hash> hashes);
std::optional<std::vector<Hash>> hashes_from_bytes(std::string_view bytes);

/// @pre every leaf is at most 65,535 bytes long
std::string to_bundle(std::span<const std::string> leaves);
std::optional<std::vector<std::string>> leaves_from_bundle(std::string_view bytes);

}  // namespace naru::server
