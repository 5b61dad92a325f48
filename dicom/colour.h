/// Colour pixels as RGB: what screenshots, secondary captures and ultrasound hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "dicom/palette.h"
#include "dicom/pixels.h"

namespace naru::dicom {

/// Reads one frame of a colour image as rows x columns pixels of red, green and blue, 8 bits each, i fastest.
///
/// RGB, YBR_FULL, YBR_FULL_422, YBR_PARTIAL_422, YBR_PARTIAL_420, YBR_RCT and YBR_ICT; uncompressed in either Planar
/// Configuration, or compressed. More than 8 bits stored are reduced to their upper 8, of RGB to the upper 8 of those
/// that the frame uses. Converted values are rounded and clamped. Between the two pixels of a YBR_FULL_422 pair the
/// colour is repeated, not interpolated. PALETTE COLOR takes its colours from `palette`, without which it is
/// unsupported_sop_class.
/// @return why it was not possible, as FrameReader has it; empty when all is well
/// Source: PS3.3 C.7.6.3.1.2 (the formulae), PS3.5 8.2 (compressed colour).
std::optional<Code> read_colour(const FrameReader& reader, const PixelFormat& format, std::int64_t frame,
                                const Palette* palette, std::vector<std::uint8_t>& rgb);

/// True where a photometric interpretation names luma and chroma, which `ybr_to_rgb` takes.
bool is_ybr(std::string_view photometric);

/// Pixels of luma and chroma, 8 bits each, interleaved, become red, green and blue in place: rounded, clamped.
/// @pre is_ybr(photometric)
void ybr_to_rgb(std::span<std::uint8_t> pixels, std::string_view photometric);

/// True where the samples of a decoded frame are RGB whatever the header says: JPEG 2000 undoes its own transform.
bool is_rgb_after_decoding(const PixelFormat& format, std::span<const std::byte> stream);

/// Decodes every frame of a file, grey or colour, one after the other.
/// @return the first problem; empty where all of it can be read
/// Memory: that of one frame and of its decoder.
std::optional<Code> check_pixels(const std::filesystem::path& path, const PixelFormat& format,
                                 const Palette* palette = nullptr);

}  // namespace naru::dicom
