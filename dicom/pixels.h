/// Pixels of one single-frame instance, as stored values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "core/code.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Reads the stored values of one instance into `out`: rows x columns values, i (column index) fastest.
/// Values are sign-extended from Bits Stored; bits above it (overlays, garbage) are cleared. The two bytes are those of
/// an int16 where the value is signed or Bits Stored < 16, else those of a uint16: the caller knows which from
/// `is_uint16`. Uncompressed little-endian files are read by offset straight into `out`.
/// @pre out.size() == rows * columns; initialize() was called
/// @return empty when `out` is filled; else why not (truncated, corrupt, too_large, unsupported_transfer_syntax,
/// unreadable)
/// Thread-safe; each call opens the file for itself. Memory: at most decode_buffer_bytes(instance).
/// A deflated file is inflated in pieces and only up to the pixels' end, however much follows.
std::optional<Code> read_pixels(const std::filesystem::path& path, const Instance& instance,
                                std::span<std::uint16_t> out);

/// An upper bound of what one call of `read_pixels` allocates beside `out`, from the header alone: 0 for uncompressed
/// 16-bit values; a byte a value where one byte is stored; for deflated files also the pieces and zlib's window; for
/// compressed frames the copies of the longest coded frame that is read (twice the pixels and 1 MiB), the decoded frame
/// and the decoder's working arrays.
std::uint64_t decode_buffer_bytes(const Instance& instance);

/// True where stored values exceed int16 (unsigned with 16 bits stored).
bool is_uint16(const PixelFormat& format);

}  // namespace naru::dicom
