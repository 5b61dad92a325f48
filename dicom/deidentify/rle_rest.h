/// What stands in a frame of RLE beside its segments: no decoder shows it, and it may hold another picture.
/// Source: PS3.5 annex G.
#pragma once

#include "dicom/deidentify/text_eraser.h"
#include "dicom/rle_segments.h"

namespace naru::dicom {

/// Zeros behind each segment, over what its last run gives beyond the picture, in front of the first one and over
/// places of segments that are not there; a single byte behind a segment is its padding. False where the frame has
/// other segments, or one that does not give all its bytes.
bool erase_rle_rest(TextEraser& eraser, const RleShape& shape);

}  // namespace naru::dicom
