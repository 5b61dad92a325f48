/// The deflate stream of "Deflated Explicit VR Little Endian" (PS3.5 A.5: RFC 1951 without a zlib header).
#pragma once

#include <cstddef>
#include <vector>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// The first `max_bytes` that `deflated` expands to; fewer where the stream ends, is cut or is damaged.
/// The bound keeps a small file from filling the memory.
std::vector<std::byte> inflate_prefix(Bytes deflated, std::size_t max_bytes);

}  // namespace naru::dicom
