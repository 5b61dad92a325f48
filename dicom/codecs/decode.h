/// The decoder of each transfer syntax behind one function.
#pragma once

#include <optional>
#include <span>

#include "core/code.h"
#include "dicom/element_walk.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Decodes one compressed frame into `out`, as stored: no sign extension, no masking. Pixels of several samples are
/// interleaved, in the colour space of the stream, which JPEG 2000's own transform has left already.
///
/// Sizes, components and depth that a stream states are compared with the header's before a decoder sees it. Where a
/// JPEG 2000 stream states another sign than Pixel Representation, the lower Bits Stored bits count and the header says
/// what they mean; that is what pydicom does where the stream is unsigned and the header signed.
/// @pre initialize() was called; out.size() == rows * columns * samples per pixel. Thread-safe.
/// @return corrupt where the stream cannot be decoded to exactly these values
std::optional<Code> decode_frame(Bytes frame, const PixelFormat& format, std::span<std::uint16_t> out);

}  // namespace naru::dicom
