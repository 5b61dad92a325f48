/// A job's spans as a file for chrome://tracing, Perfetto and alike.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "core/trace.h"
#include "pipeline/files.h"

namespace naru {

/// Chrome's Trace Event Format: {"traceEvents": [...]}, where each span is a complete event (`ph` X) with its name, its
/// stage as `cat`, `ts` and `dur` in microseconds since the job began, and `args` with `case`, `slab` and `bytes` where
/// it has them; metadata events (`ph` M) name the process and the threads.
/// Source: "Trace Event Format", Google, 2016.
class TraceFile {
 public:
  /// Makes a temporary file beside `path`, so that a place that cannot be written is known before any work.
  /// @param apart folders in which it may not lie: what they hold is read, published whole or removed
  /// @throws Error{usage} where it lies in one, is a folder, or cannot be made
  TraceFile(std::filesystem::path path, std::span<const std::filesystem::path> apart);

  /// Writes all, then gives the file its name. @throws Error{disk_full, output_unwritable}
  void write(const TraceLog& log);

 private:
  std::filesystem::path path_, temporary_;
  std::unique_ptr<FileWriter> writer_;
};

}  // namespace naru
