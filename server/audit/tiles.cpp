#include "server/audit/tiles.h"

#include <fmt/format.h>

#include <cassert>
#include <charconv>
#include <cstring>

namespace naru::server {

namespace {

constexpr std::size_t kLengthBytes = 2;

/// A decimal number without leading zeros.
std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return text.size() > 1 && text.front() == '0' ? std::nullopt : std::optional(number);
}

std::string number_path(std::uint64_t number) {
  std::string path = fmt::format("{:03}", number % 1000);
  while ((number /= 1000) > 0) path = fmt::format("x{:03}/{}", number % 1000, path);
  return path;
}

/// The number whose path this is; that there is one path for each number is checked by writing it again.
std::optional<std::uint64_t> parse_number_path(std::string_view path) {
  constexpr std::size_t kMaxPathBytes = 5 * 5 + 3;  // 18 digits: below 2^63
  if (path.size() > kMaxPathBytes) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : path) {
    if (c >= '0' && c <= '9') number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number_path(number) == path ? std::optional(number) : std::nullopt;
}

/// How many hashes tiles of this level hold in a tree of `size` leaves.
std::uint64_t count_at(int level, std::uint64_t size) {
  const int shift = level * kTileHeight;
  return shift >= 64 ? 0 : size >> shift;
}

}  // namespace

std::string path_of(const Tile& tile) {
  const std::string kind = tile.is_entries ? "entries" : std::to_string(tile.level);
  const std::string part = tile.width == kTileWidth ? "" : fmt::format(".p/{}", tile.width);
  return fmt::format("tile/{}/{}{}", kind, number_path(tile.number), part);
}

std::optional<Tile> parse_tile_path(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  Tile tile;
  const std::string_view kind = path.substr(0, slash);
  tile.is_entries = kind == "entries";
  if (!tile.is_entries) {
    const auto level = parse_decimal(kind);
    if (!level || *level > 63) return std::nullopt;
    tile.level = static_cast<int>(*level);
  }
  std::string_view rest = path.substr(slash + 1);
  const std::size_t part = rest.find(".p/");
  if (part != std::string_view::npos) {
    const auto width = parse_decimal(rest.substr(part + 3));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    tile.width = *width;
    rest = rest.substr(0, part);
  }
  const auto number = parse_number_path(rest);
  if (!number) return std::nullopt;
  tile.number = *number;
  return tile;
}

std::vector<Tile> tiles_between(std::uint64_t old_size, std::uint64_t size) {
  std::vector<Tile> tiles;
  const auto add = [&](bool is_entries, int level) {
    const std::uint64_t old_count = count_at(level, old_size), count = count_at(level, size);
    if (old_count == count) return;
    for (std::uint64_t number = old_count / kTileWidth; number * kTileWidth < count; ++number) {
      tiles.push_back({is_entries, level, number, std::min(kTileWidth, count - number * kTileWidth)});
    }
  };
  for (int level = 0; count_at(level, size) > 0; ++level) {
    add(false, level);
    if (level == 0) add(true, 0);
  }
  return tiles;
}

bool is_within(const Tile& tile, std::uint64_t size) {
  const std::uint64_t count = count_at(tile.level, size);
  return tile.number <= count / kTileWidth && tile.first() + tile.width <= count;
}

std::string to_bytes(std::span<const Hash> hashes) {
  std::string bytes;
  for (const Hash& hash : hashes) bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  return bytes;
}

std::optional<std::vector<Hash>> hashes_from_bytes(std::string_view bytes) {
  if (bytes.size() % sizeof(Hash) != 0) return std::nullopt;
  std::vector<Hash> hashes(bytes.size() / sizeof(Hash));
  if (!hashes.empty()) std::memcpy(hashes.data(), bytes.data(), bytes.size());
  return hashes;
}

std::string to_bundle(std::span<const std::string> leaves) {
  std::string bytes;
  for (const std::string& leaf : leaves) {
    assert(leaf.size() <= 0xffff);
    bytes += static_cast<char>(leaf.size() >> 8);
    bytes += static_cast<char>(leaf.size() & 0xff);
    bytes += leaf;
  }
  return bytes;
}

std::optional<std::vector<std::string>> leaves_from_bundle(std::string_view bytes) {
  std::vector<std::string> leaves;
  while (!bytes.empty()) {
    if (bytes.size() < kLengthBytes) return std::nullopt;
    const std::size_t size =
        static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 | static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(kLengthBytes);
    if (bytes.size() < size) return std::nullopt;
    leaves.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return leaves;
}

}  // namespace naru::server
