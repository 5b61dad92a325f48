/// OpenJPEG's decoder of JPEG 2000 and of its high-throughput kind behind one function.
///
/// OpenJPH, the other decoder of high throughput that Debian has, is not let near untrusted streams: version 0.9 is
/// built with assertions that damaged streams fail, which ends the program. The tests encode with it.
#pragma once

#include <span>

#include "dicom/element_walk.h"
#include "dicom/j2k_header.h"

namespace naru::dicom {

/// Decodes a codestream that `read_j2k_header` passed: columns x rows pixels, components interleaved, as int32 whose
/// lower 16 bits are written. Says nothing on any stream. Thread-safe. @return false where it cannot be decoded whole
bool decode_openjpeg(Bytes codestream, const J2kHeader& header, std::span<std::uint16_t> out);

}  // namespace naru::dicom
