/// The pixels of a stack, from files and archives into one block of memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/scan.h"

namespace naru {

/// Why a case could not be made. `slice` is the k of the slice at fault, if one is.
struct CaseFailure {
  Code code;
  std::optional<std::size_t> slice;
};

/// Reads all slices of `stack` into `voxels` (i fastest, then j, then k; the bytes of int16 or uint16, as the stack
/// says) on the executor's CPU threads; members of archives one after the other, each archive once a stack.
/// @pre voxels.size() is the stack's voxel count
/// @return empty when all were read; else the first that was not
/// @throws Error{canceled, memory_exceeded}
std::optional<CaseFailure> read_slices(const Scan& scan, const dicom::Stack& stack, std::span<std::uint16_t> voxels,
                                       Executor& executor, const CancelToken& cancel);

/// Memory in bytes that read_slices takes beside `voxels`, at most, on `thread_count` threads.
std::uint64_t slice_buffer_bytes(const Scan& scan, const dicom::Stack& stack, int thread_count);

}  // namespace naru
