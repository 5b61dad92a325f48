/// Does what is on the disk fit what is in the database, and that what the ledger says? For after a crash, a full disk,
/// a restored backup.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

struct Services;

struct FsckOptions {
  bool reads_bytes = false;  ///< recompute every checksum
  bool repairs = false;      ///< remove what no row names; nothing that a row names is ever removed
};

/// One thing that does not fit.
struct FsckProblem {
  std::string_view code;  ///< "content_missing", "dataset_differs", ...
  std::string object;     ///< an id or a hash
  bool is_repaired = false;
  std::string what{};  ///< a field of the object; empty: the whole
};

struct FsckResult {
  std::map<std::string, std::uint64_t> counts;  ///< what was looked at
  std::vector<FsckProblem> problems;
  bool is_sound() const;  ///< no problem but repaired ones
};

/// The server must not run. The ledger is checked first.
/// @throws Error{ledger_invalid, store_unavailable}
FsckResult fsck(Services& services, const FsckOptions& options);

nlohmann::ordered_json to_json(const FsckResult& result);

}  // namespace naru::server
