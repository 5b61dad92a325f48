/// Bytes behind the pixels of a file that belong to no element.
#pragma once

#include <cstdint>

#include "dicom/fragment_check.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// True where what follows Pixel Data up to the end of the file are no whole elements. Reads 12 bytes an element, and
/// nothing where the file ends with its pixels. Compressed pixels and deflated files are not looked behind: false.
/// @param pixels of a file that is encoded as its transfer syntax says
/// @param read of the file, as for check_fragments_of_file
bool has_trailing_bytes(const ReadAt& read, const PixelFormat& pixels, std::uint64_t file_size_bytes);

}  // namespace naru::dicom
