/// Backups of the whole data folder, and their way back.
///
/// A backup is a folder: `backup.json`, `database`, and the folders of what is kept (received instances, datasets,
/// receipts, reports). It does not hold the master key: kept together, the two would open each other. Whoever restores
/// needs both.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/cancel.h"

namespace naru::server {

class Database;
struct Config;

struct BackupFacts {
  std::uint64_t file_count = 0, size_bytes = 0;
  std::uint64_t missing_count = 0;  ///< files that the copied database names and that are not there: 0 in a good one
  std::string engine{};             ///< of its database
};

struct BackupOptions {
  /// An earlier backup on the file system of the new one: what cannot be linked from the data folder is linked from
  /// there instead of copied. Empty: none.
  std::filesystem::path earlier;
};

/// Writes the backup to `out`, which must not exist; it appears by one rename of `out`.partial, where nothing may lie
/// but an unfinished backup. The server may run, and studies may be
/// destroyed meanwhile:
///  1. every kept file is linked into DATA/backup-hold, so that it outlives its removal
///  2. the database is copied, a state of one instant
///  3. exactly the files that the copy's rows name are linked into the backup, or copied where the disk is another one
/// Where one is missing then (it came after 1 and went before 3) all is done again, three times at most.
/// Files never change, so links are as good as copies; a backup that is to outlive the disk is copied away.
/// @throws Error{output_exists, output_unwritable, disk_full, store_unavailable, config_invalid, canceled}
BackupFacts write_backup(const Config& config, Database& database, const std::filesystem::path& out,
                         std::int64_t now_ms, const BackupOptions& options, const CancelToken& cancel);

/// What backup.json of a finished backup says. @throws Error{dataset_invalid} it is none
BackupFacts read_backup_facts(const std::filesystem::path& backup);

/// Removes what a backup that was broken off left in the data folder, and `out`.partial.
void remove_unfinished_backup(const Config& config, const std::filesystem::path& out);

/// Brings `backup` back into the data folder of `config`, which must be absent or empty, and its database, which must
/// be new:
///  1. all is copied to DATA/restore.unfinished, and the copy is read through
///  2. the database is restored
///  3. the folders are moved to their places
/// One that fails leaves nothing; after one that was killed the next begins anew, or goes on with 3. Nothing but what a
/// restore wrote is ever removed.
/// @throws Error{dataset_invalid} no backup, or one that lacks more than its missing_count says, or holds other bytes;
/// Error{config_invalid} one of another engine; Error{input_missing, output_exists, output_unwritable, disk_full,
/// store_unavailable}
BackupFacts restore_backup(const Config& config, const std::filesystem::path& backup);
/// Whether one was killed in this data folder. Nobody else may work on it then.
bool is_restore_unfinished(const Config& config);

}  // namespace naru::server
