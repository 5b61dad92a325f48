/// DCMTK's decoders behind one function. No DCMTK type passes this wall.
#pragma once

#include <optional>
#include <span>

#include "core/code.h"
#include "dicom/element_walk.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Decodes one compressed frame of rows x columns grey values into `out`, as stored: no sign extension, no masking.
/// Sizes stated inside a JPEG or JPEG-LS stream are compared with the header's before a decoder sees it. RLE streams
/// state none: they are decoded into a buffer of the header's size, which they have to fill.
/// @pre initialize() was called. Thread-safe.
/// @return corrupt where the stream cannot be decoded to exactly these values
std::optional<Code> decode_frame(Bytes frame, const PixelFormat& format, std::span<std::uint16_t> out);

}  // namespace naru::dicom
