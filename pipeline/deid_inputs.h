/// The chosen files of a de-identification, each read whole, once, and given to whoever works on it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "core/cancel.h"
#include "dicom/element_walk.h"
#include "kernels/executor.h"
#include "pipeline/deid_scan.h"

namespace naru {

/// The file itself, its table of elements, and a copy of the pixels where they are changed.
inline constexpr std::uint64_t kBytesPerFileByte = 3;

struct DeidMemory {
  std::uint64_t limit_bytes = 0;
  std::uint64_t work_bytes = 0;  ///< that work on a file takes beside it
  /// Whether work on an input decodes all of its frames at once; empty where it never does.
  std::function<bool(std::size_t)> is_expanded = {};
};

/// Called once for every input that could be read, from several threads at a time; the bytes are gone afterwards.
using OnInputBytes = std::function<void(std::size_t input, dicom::Bytes file)>;

/// Reads `inputs` (indices into the scan) on the executor's CPU threads. Archives are streamed once, however many of
/// their members are wanted. An input that cannot be read, or that changed its size since it was scanned, is held back.
/// Memory: what is in flight stays below `memory.limit_bytes`, counted as kBytesPerFileByte times a file's size (times
/// what it expands to where it is deflated), twice what its frames expand to where they do all at once, and
/// `work_bytes`; a file that alone needs more is `too_large`.
/// @throws Error{canceled}, and what `use` throws
void for_each_input(DeidScan& scan, std::span<const std::size_t> inputs, const DeidMemory& memory,
                    std::string_view activity, Executor& executor, const CancelToken& cancel,
                    const OnProgress& on_progress, const OnInputBytes& use);

}  // namespace naru
