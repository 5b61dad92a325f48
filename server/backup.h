/// Backups of the whole data folder, and their way back.
///
/// A backup is a folder: `backup.json`, `database`, and the folders of what is kept (received instances, datasets,
/// receipts, reports). It does not hold the master key: kept together, the two would open each other. Whoever restores
/// needs both.
#pragma once

#include <cstdint>
#include <filesystem>

namespace naru::server {

class Database;
struct Config;

struct BackupFacts {
  std::uint64_t file_count = 0, size_bytes = 0;
};

/// Writes the backup to `out`, which must not exist; it appears by one rename. The server may run: what comes in
/// meanwhile is in it or not. Files that lie on the same file system are linked, since they never change; a backup that
/// is to outlive the disk is copied away then.
/// @throws Error{output_exists, output_unwritable, disk_full, store_unavailable}
BackupFacts write_backup(const Config& config, Database& database, const std::filesystem::path& out,
                         std::int64_t now_ms);

/// Brings `backup` back into the data folder of `config`, which must be absent or empty, and its database, which must
/// be new. Files are copied.
/// @throws Error{dataset_invalid} no backup; Error{output_exists, output_unwritable, disk_full, store_unavailable}
BackupFacts restore_backup(const Config& config, const std::filesystem::path& backup);

}  // namespace naru::server
