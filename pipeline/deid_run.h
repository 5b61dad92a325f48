/// The second pass of a de-identification: every chosen file read whole, once, and given to the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/cancel.h"
#include "dicom/deidentify/deidentify.h"
#include "kernels/executor.h"
#include "pipeline/deid_scan.h"

namespace naru {

/// Called once for every input that could be read, from several threads at a time. The result's output refers to
/// memory that is gone after the call.
using OnDeidentified = std::function<void(std::size_t input, const dicom::DeidResult& result)>;

/// Reads `inputs` (indices into the scan) on the executor's CPU threads and runs the engine on each. Archives are
/// streamed once, however many of their members are wanted. Sets `sha256` of each, and `rejected` or `quarantined` with
/// the reason where the file cannot be read, changed since the first pass, or the engine withholds it; `on_result` is
/// called then too, with the reason set, if the engine ran.
/// Memory: what is in flight stays below `memory_limit_bytes`, counted as kBytesPerFileByte times a file's size
/// (more for deflated ones); a file that alone needs more is `too_large`.
/// @throws Error{canceled}, and what `on_result` throws
void run_deid(DeidScan& scan, std::span<const std::size_t> inputs, const dicom::Deidentifier& engine,
              std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel,
              const OnProgress& on_progress, const OnDeidentified& on_result);

/// The file itself, its table of elements, and a copy of the pixels where they are changed.
inline constexpr std::uint64_t kBytesPerFileByte = 3;

}  // namespace naru
