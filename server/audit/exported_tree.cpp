#include "server/audit/exported_tree.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "pipeline/files.h"
#include "server/audit/ledger_leaf.h"
#include "server/audit/tiles.h"

namespace naru::server {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBundleBytes = kTileWidth * (2 + 0xffff);

class Reader {
 public:
  Reader(const fs::path& folder, std::uint64_t size, const OnDifference& differ)
      : folder_(folder), size_(size), differ_(differ) {
    std::error_code absent;
    result_.has_entries = fs::is_directory(folder / "tile/entries", absent);
  }

  ExportedTree read(const std::function<void(const GrowingTree&)>& on_grown, const CancelToken& cancel) {
    on_grown(tree_);
    for (std::uint64_t number = 0; number * kTileWidth < size_; ++number) {
      cancel.throw_if_canceled();
      if (!read_tile(number, on_grown)) break;
    }
    result_.read_count = tree_.size();
    return result_;
  }

 private:
  /// The file of a tile, or the full one in place of a partial one, of which only the beginning counts.
  std::optional<std::string> bytes_of(const Tile& tile, std::size_t limit_bytes) {
    auto bytes = read_file(folder_ / path_of(tile), limit_bytes);
    if (bytes || tile.width == kTileWidth) return bytes;
    Tile full = tile;
    full.width = kTileWidth;
    return read_file(folder_ / path_of(full), limit_bytes);
  }

  std::optional<std::vector<Hash>> hashes_of(int level, std::uint64_t number) {
    const std::uint64_t count = size_ >> (level * kTileHeight);
    const Tile tile{false, level, number, std::min(kTileWidth, count - number * kTileWidth)};
    const auto bytes = bytes_of(tile, kTileWidth * sizeof(Hash));
    auto hashes = bytes ? hashes_from_bytes(*bytes) : std::nullopt;
    if (!hashes || hashes->size() < tile.width) {
      differ_(path_of(tile), "is missing or shorter than its name says");
      return std::nullopt;
    }
    hashes->resize(tile.width);
    return hashes;
  }

  bool read_tile(std::uint64_t number, const std::function<void(const GrowingTree&)>& on_grown) {
    const auto hashes = hashes_of(0, number);
    if (!hashes) return false;
    if (result_.has_entries && !check_entries(number, *hashes)) return false;
    for (const Hash& hash : *hashes) {
      tree_.append(hash, [this](int level, std::uint64_t n, const Hash& found) {
        if (level > 0 && level % kTileHeight == 0) compare(level / kTileHeight, n, found);
      });
      on_grown(tree_);
    }
    return true;
  }

  /// A bundle holds the leaves whose hashes the tile beside it has.
  bool check_entries(std::uint64_t number, const std::vector<Hash>& hashes) {
    const Tile tile{true, 0, number, hashes.size()};
    const auto bytes = bytes_of(tile, kMaxBundleBytes);
    const auto leaves = bytes ? leaves_from_bundle(*bytes) : std::nullopt;
    if (!leaves || leaves->size() < tile.width) {
      differ_(path_of(tile), "is missing, malformed or shorter than its name says");
      return false;
    }
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const std::uint64_t index = tile.first() + i;
      if (leaf_hash((*leaves)[i]) != hashes[i]) {
        differ_(path_of(tile), fmt::format("leaf {} has another hash than its tile says", index));
      } else if (!is_leaf_of(index, (*leaves)[i])) {
        differ_(path_of(tile), fmt::format("leaf {} is no ledger leaf of this number", index));
      }
    }
    return true;
  }

  /// Compares a hash of a higher tile with the leaves below it. That tile is read once for each of its hashes that
  /// begins it, since those come in order.
  void compare(int level, std::uint64_t n, const Hash& found) {
    auto& [number, hashes] = upper_[level];
    if (!hashes || number != n / kTileWidth) {
      number = n / kTileWidth;
      hashes = hashes_of(level, number);
      if (!hashes) hashes.emplace();  // said once
    }
    const std::size_t i = n % kTileWidth;
    if (i < hashes->size() && (*hashes)[i] != found) {
      differ_(fmt::format("tile/{}", level), fmt::format("hash {} does not follow from the leaves", n));
    }
  }

  const fs::path& folder_;
  const std::uint64_t size_;
  const OnDifference& differ_;
  GrowingTree tree_;
  std::map<int, std::pair<std::uint64_t, std::optional<std::vector<Hash>>>> upper_;
  ExportedTree result_;
};

}  // namespace

ExportedTree read_exported_tree(const fs::path& folder, std::uint64_t size,
                                const std::function<void(const GrowingTree&)>& on_grown, const OnDifference& differ,
                                const CancelToken& cancel) {
  return Reader(folder, size, differ).read(on_grown, cancel);
}

}  // namespace naru::server
