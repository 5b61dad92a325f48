/// What a JPEG or JPEG-LS stream says of itself, read before a decoder is let loose on it.
/// Source: ITU-T T.81 B.2.2 (SOFn), ITU-T T.87 C.2.2 (SOF55), C.2.4.1.1 (LSE: preset coding parameters).
#pragma once

#include <optional>

#include "dicom/element_walk.h"

namespace naru::dicom {

struct JpegHeader {
  int precision_bits = 0;
  int rows = 0;
  int columns = 0;
  int components = 0;
  int near = 0;  ///< JPEG-LS: how far a value may lie from the one that was coded (T.87 C.2.3), in one component
  /// False where a JPEG-LS stream sets coding parameters of its own. Encoders of medical images do not, and DCMTK's
  /// decoder can be made to stop the whole program by them.
  bool has_default_presets = true;
};

/// What stands before the first scan of `stream`; empty where the segments do not lead to a scan.
std::optional<JpegHeader> read_jpeg_header(Bytes stream);

}  // namespace naru::dicom
