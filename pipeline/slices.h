/// The pixels of a stack, from files and archives into one block of memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/scan.h"

namespace naru {

/// Why a case could not be made. `slice` is the index of the instance at fault within its stack, if one is.
struct CaseFailure {
  Code code;
  std::optional<std::size_t> slice;
  std::size_t stack = 0;  ///< index into Scan::stacks
};

/// Slices k of a stack, from `begin` up to and without `end`.
struct SliceRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t count() const { return end - begin; }
};

/// SHA-256 of whole input files, by index into Scan::inputs.
using InputHashes = std::map<std::size_t, std::string>;

/// Reads the slices of `range` into `voxels` (i fastest, then j, then k) on the executor's CPU threads; members of
/// archives one after the other, each archive once a call.
///   T = uint16_t: stored values, the bytes of int16 or uint16 as the stack's dtype says
///   T = float:    units, each slice by its own rescale (a stack whose dtype is float32)
/// Slices that are missing (Stack::k_of_instance) are the linear blend of the slices before and after them; a stack that
/// lacks some is one of floats.
/// Files of one frame are hashed on the way, so that their bytes come from the disk once; their checksums are added to
/// `hashes` unless they are known.
/// @pre voxels.size() is the range's voxel count
/// @return empty when all were read; else the first that was not
/// @throws Error{canceled, memory_exceeded}
template <class T>
std::optional<CaseFailure> read_slices(const Scan& scan, std::size_t stack, SliceRange range, std::span<T> voxels,
                                       Executor& executor, const CancelToken& cancel, InputHashes& hashes);

/// Memory in bytes that read_slices takes beside `voxels`, at most, on `thread_count` threads.
std::uint64_t slice_buffer_bytes(const Scan& scan, const dicom::Stack& stack, int thread_count);

}  // namespace naru
