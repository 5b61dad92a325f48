/// Is a backup whole? Looked at where it lies, beside a server that runs.
#pragma once

#include <filesystem>

#include "server/fsck.h"

namespace naru::server {

/// Compares the files of a finished backup with the rows of its copy of the database; `reads_bytes` recomputes every
/// checksum. Codes as of `fsck`. That the rows fit each other is what `fsck` says of a restored backup.
/// @throws Error{dataset_invalid} no backup; Error{store_unavailable} its copy of the database cannot be read
FsckResult check_backup(const std::filesystem::path& backup, bool reads_bytes);

}  // namespace naru::server
