/// The keys of projects in the user's state folder: made, listed, rotated and destroyed.
///
/// NAME.key is a project's current key; NAME.ID.key are those that it replaced, kept so that older link tables can be
/// opened. Every act is written to the log beside them (key_log.h) before it is done, under the log's lock; an act that
/// fails then adds a line "ACT_failed". There is never a moment at which a project that had a key has none, and a key
/// file is whole or absent, also after a crash.
#pragma once

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/project_key.h"

namespace naru {

/// A key as `naru key list` shows it.
struct StoredKey {
  std::string project;
  std::string id;  ///< empty where the file cannot be read as a key
  bool is_current = false;
  std::time_t made_at = 0;  ///< the file's time
  std::filesystem::path file;
};

/// The keys of `project`, or of all projects; by project, the current one first, then the rotated ones, newest first.
/// Writes nothing. @throws Error{key_invalid} where the name is none or the folder cannot be read
std::vector<StoredKey> list_keys(const std::optional<std::string>& project);

/// Makes the current key of `project`; false where it has one (another run may have just made it).
/// @throws Error{key_invalid} where it cannot be made; Error{output_unwritable, disk_full} as KeyLog
bool create_key(std::string_view project);

struct KeyRotation {
  std::string old_id, new_id;
};

/// Replaces the current key of `project` by a new one and keeps the old one.
/// @throws Error{key_invalid} where there is none or it cannot be replaced; Error{output_unwritable, disk_full}
KeyRotation rotate_key(std::string_view project);

/// Overwrites and removes all keys of `project`, or the one with this `id`; returns their ids. What was made with them
/// can then neither be recomputed nor opened. Copies elsewhere (backups, snapshots, what a disk has moved) are not
/// reached. @throws Error{key_invalid} where there is none or one remains; Error{output_unwritable, disk_full}
std::vector<std::string> destroy_keys(std::string_view project, const std::optional<std::string>& id);

}  // namespace naru
