/// The frame header of a JPEG or JPEG-LS stream, read before a decoder is let loose on the stream.
/// Source: ITU-T T.81 B.2.2 (SOFn), ITU-T T.87 C.2.2 (SOF55).
#pragma once

#include <optional>

#include "dicom/element_walk.h"

namespace naru::dicom {

struct JpegHeader {
  int precision_bits = 0;
  int rows = 0;
  int columns = 0;
  int components = 0;
};

/// The first frame header of `stream`, or empty where none is found.
std::optional<JpegHeader> read_jpeg_header(Bytes stream);

}  // namespace naru::dicom
