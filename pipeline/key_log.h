/// The log of what was done with keys: who, when, what and why. One JSON object a line, schema naru.key-log/1.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "pipeline/file_descriptor.h"

namespace naru {

/// `log.jsonl` in a folder of keys, mode 0600, open and locked: while it lives, other runs wait for it. So it is also
/// the lock under which key files are made, moved and destroyed.
class KeyLog {
 public:
  static constexpr std::string_view kFileName = "log.jsonl";

  /// Opens the log of `folder`, and makes both where they are missing (the folder with mode 0700).
  /// @throws Error{output_unwritable} where that fails, or where the file is open to others or is no log of ours
  explicit KeyLog(const std::filesystem::path& folder);

  /// Appends one line: schema, time (UTC), user, act, and `facts`; returns once the disk has it. `facts` hold ids,
  /// pseudonyms, counts and reasons, never a source identifier.
  /// @throws Error{output_unwritable, disk_full}; the log is as it was then
  void append(std::string_view act, const nlohmann::ordered_json& facts);

 private:
  std::filesystem::path file_;
  FileDescriptor opened_;
};

}  // namespace naru
