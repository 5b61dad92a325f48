/// Compressed files within a value: nothing in them can be found by whoever searches bytes.
#pragma once

#include "dicom/element_walk.h"

namespace naru::dicom {

/// True where bytes begin as gzip, zip, bzip2, xz or Zstandard files do, or are a zlib stream that comes to its end.
/// Source: RFC 1950, 1952, 8878; APPNOTE 4.3.7 (zip); the .xz file format 2.1.1.1.
bool are_compressed(Bytes value);

}  // namespace naru::dicom
