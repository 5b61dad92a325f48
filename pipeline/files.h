/// Files on disk: read whole, write whole, fail with a code that names the remedy.
#pragma once

#include <cstddef>
#include <filesystem>
#include <future>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/error.h"

namespace naru {

/// What a written file holds.
struct FileFacts {
  std::string sha256;
  std::uint64_t size_bytes = 0;
};

/// Takes the file that is written to its disk every 16 MiB, beside the writing, so that little is left to wait for at
/// the end. Where a file system has one journal for all, as ext4, those written before it go with it. Thread-safe.
class DiskFlush {
 public:
  DiskFlush() = default;
  ~DiskFlush();
  DiskFlush(const DiskFlush&) = delete;
  DiskFlush& operator=(const DiskFlush&) = delete;

  /// @param descriptor of the file to which `bytes` were written
  /// @throws as end, of what was flushed before
  void add(int descriptor, std::uint64_t bytes);

  /// Waits for what is under way. @throws Error{disk_full, output_unwritable} where the disk refuses
  void end();

 private:
  std::mutex mutex_;
  std::uint64_t waiting_bytes_ = 0;
  std::future<int> flush_;  ///< what the disk says: 0 or errno
};

/// Writes one new file from front to back, hashing as it goes. Unless `finish()` was called the file is removed again.
class FileWriter {
 public:
  /// Creates `path`, or empties it; other names of a file that stood there keep its bytes.
  /// @param shared where given, the files that share it are flushed together; whoever owns it calls its `end`
  /// @throws Error{output_unwritable, disk_full}
  explicit FileWriter(std::filesystem::path path, DiskFlush* shared = nullptr);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  /// @throws Error{disk_full, output_unwritable}
  void append(std::span<const std::byte> bytes);

  /// Closes. The bytes may still be on their way to the disk: see sync_tree. @throws as append
  FileFacts finish();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_bytes_ = 0;
  Sha256 hash_;
  DiskFlush own_;
  DiskFlush* shared_;
};

/// Writes `text` to `path` by way of a temporary beside it, so that readers see the old file or the new one.
FileFacts write_file(const std::filesystem::path& path, std::string_view text);

/// The file's bytes; empty where it cannot be read or is longer than `limit_bytes`.
std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t limit_bytes);

/// SHA-256 of a regular file, read in pieces; empty where it cannot be read.
std::optional<FileFacts> hash_file(const std::filesystem::path& path);

/// One JSON document on one line, invalid UTF-8 replaced, newline included.
std::string json_line(const nlohmann::ordered_json& json);

/// The error for a failed write: disk_full for ENOSPC and EDQUOT, else output_unwritable.
Error write_error(int error_number, std::string_view what);

/// Waits until everything written to the file system of `folder` is on its disk, whoever wrote it.
/// @throws Error{disk_full, output_unwritable} where the disk refuses
void sync_file_system(const std::filesystem::path& folder);

/// Waits until all files and folders below `folder` are on their disk, and for nothing that others wrote; of many
/// files as sync_file_system, which is quicker then. @throws as that
void sync_tree(const std::filesystem::path& folder);

}  // namespace naru
