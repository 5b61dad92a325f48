/// Takes in what appears in a folder: files and archives, also in folders below it.
///
/// A file is taken when it did not change between two looks (size and time of change). Once its instances are safe it
/// is removed: the store has it. What holds anything that was rejected is moved to `rejected/` in the watched folder,
/// under its own name, for a person to look at; so no file is ever lost. Where `rejected` is no folder, or a link, it
/// stays. Links are not followed, not even those that a folder becomes meanwhile, and hidden files (a copy under way,
/// often) are left alone, as is what lies more than 64 folders deep.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/cancel.h"
#include "pipeline/file_descriptor.h"
#include "server/ingest/archive_ingest.h"

namespace naru::server {

struct Services;

class WatchedFolder {
 public:
  WatchedFolder(std::filesystem::path folder, std::string organisation_id, const Services& services);

  /// Takes what is ready. One file that fails (disk full, database away) stays for the next look.
  /// @throws Error{canceled, input_unreadable}
  IngestCounts look(const CancelToken& cancel);

 private:
  struct Seen {
    std::uint64_t size_bytes = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Seen&) const = default;
  };
  std::vector<std::filesystem::path> ready_files();
  void take(const std::filesystem::path& path, const CancelToken& cancel, IngestCounts& counts);
  bool put_aside(const FileDescriptor& folder, const std::string& name) const;
  static void look_into(const FileDescriptor& folder, const std::filesystem::path& relative, int depth,
                        std::map<std::filesystem::path, Seen>& now);

  std::filesystem::path folder_;
  std::string organisation_id_;
  const Services& services_;
  std::map<std::filesystem::path, Seen> seen_;
};

/// Looks at all folders of the configuration every two seconds, on a thread of its own.
class WatchedFolders {
 public:
  /// @throws Error{config_invalid} where an organisation does not exist
  explicit WatchedFolders(const Services& services);
  ~WatchedFolders();
  WatchedFolders(const WatchedFolders&) = delete;
  WatchedFolders& operator=(const WatchedFolders&) = delete;

 private:
  CancelToken cancel_;
  std::vector<WatchedFolder> folders_;
  std::jthread thread_;
};

}  // namespace naru::server
