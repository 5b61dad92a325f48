/// Reads a ledger that was exported to a folder (tiles.h) and compares everything in it with everything else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/cancel.h"
#include "server/audit/merkle.h"

namespace naru::server {

/// Told what differs, and in which file of the folder.
using OnDifference = std::function<void(const std::string& file, std::string_view what)>;

struct ExportedTree {
  std::uint64_t read_count = 0;  ///< leaves; fewer than asked for where a tile is missing
  bool has_entries = false;      ///< false: a copy of the hashes alone
};

/// Rebuilds the tree of `size` leaves of `folder` from its leaves, and compares each hash of each tile with it.
/// `on_grown` sees the tree before the first and after each leaf. What cannot be read ends the reading.
/// Memory: one tile and one bundle. @throws Error{canceled}
ExportedTree read_exported_tree(const std::filesystem::path& folder, std::uint64_t size,
                                const std::function<void(const GrowingTree&)>& on_grown, const OnDifference& differ,
                                const CancelToken& cancel);

}  // namespace naru::server
