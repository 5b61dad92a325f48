/// Whether the segments of an RLE frame hold what they should, asked before a decoder is let loose on it: DCMTK's fills
/// what a segment lacks with its last value.
/// Source: PS3.5 Annex G.
#pragma once

#include <cstddef>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// True where a frame has `count` segments, each of which gives `segment_bytes` or more.
bool has_whole_rle_segments(Bytes frame, std::size_t count, std::size_t segment_bytes);

}  // namespace naru::dicom
