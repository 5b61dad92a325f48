/// DCMTK's decoders behind one function. No DCMTK type passes this wall.
#pragma once

#include <span>

#include "dicom/element_walk.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Registers DCMTK's decoders and silences its logger, once.
void initialize_dcmtk();

/// Decodes one compressed frame into `out`, as stored: no sign extension, no masking, no change of colour space; pixels
/// of several samples are interleaved. Sizes stated inside a JPEG or JPEG-LS stream are compared with the header's
/// before a decoder sees it. RLE streams state none: they are decoded into a buffer of the header's size, which they
/// have to fill.
/// @pre initialize_dcmtk() was called. Thread-safe.
/// @return false where the stream cannot be decoded to exactly these values
bool decode_dcmtk(Bytes frame, const PixelFormat& format, std::span<std::uint16_t> out);

}  // namespace naru::dicom
