/// Files on disk: read whole, write whole, fail with a code that names the remedy.
#pragma once

#include <cstddef>
#include <filesystem>
#include <future>
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

/// Writes one new file from front to back, hashing as it goes. Unless `finish()` was called the file is removed again.
class FileWriter {
 public:
  /// Creates `path`, or empties it; other names of a file that stood there keep its bytes. @throws
  /// Error{output_unwritable, disk_full}
  explicit FileWriter(std::filesystem::path path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  /// @throws Error{disk_full, output_unwritable}
  void append(std::span<const std::byte> bytes);

  /// Closes. The bytes may still be on their way to the disk: see sync_tree. @throws as append
  FileFacts finish();

 private:
  void begin_flush();
  void end_flush();

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_bytes_ = 0, flushed_bytes_ = 0;
  Sha256 hash_;
  std::future<int> flush_;  ///< what the disk says of the bytes so far: 0 or errno
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
