/// Lines of inputs.jsonl: what a report says of every file given, and how `--resume` tells by them whether a finished
/// dataset was made of the same files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/scan.h"

namespace naru {

/// What every line holds, whichever command writes it: path, checksum, size, UID, identity, disposition and reason.
/// `identity` is a hash of InputRecord::identity, null where the file could not be read.
nlohmann::ordered_json input_line(const InputRecord& input);

/// Adds `notes`, where there are any.
void add_notes(nlohmann::ordered_json& line, const InputRecord& input);

/// The lines of a published report.
struct PublishedInputs {
  std::size_t count = 0;
  std::map<std::string, std::size_t> by_disposition, by_reason;
  std::multiset<std::string> keys;    ///< UID, size and identity
  std::multiset<std::string> hashes;  ///< of those that could be read

  /// Whether the same files were given, wherever they lie and in whatever order: told by their identity or, where that
  /// is another one (a copy, a link more), by all their bytes. @throws Error{canceled}
  bool are_those_of(Scan& scan, Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) const;

  /// @throws Error{output_exists} where they are not; Error{canceled}
  void require_those_of(Scan& scan, Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) const;
};
/// Nothing where there is no such report.
PublishedInputs published_inputs(const std::filesystem::path& report);

}  // namespace naru
