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
/// @return empty when `out` is filled; else why not (truncated, corrupt, unsupported_transfer_syntax, unreadable)
/// Thread-safe; each call opens the file for itself. Memory: the compressed and one decoded frame for compressed files,
/// the whole file for deflated ones, a byte a value where one byte is stored, else none.
std::optional<Code> read_pixels(const std::filesystem::path& path, const Instance& instance,
                                std::span<std::uint16_t> out);

/// True where stored values exceed int16 (unsigned with 16 bits stored).
bool is_uint16(const PixelFormat& format);

}  // namespace naru::dicom
