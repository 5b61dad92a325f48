/// Text in JPEG 2000 and high-throughput JPEG 2000: comments, boxes of a JP2 file, what stands behind the end.
/// Source: ITU-T T.800 annex A (markers), I (JP2 boxes), T.801 annex A, M (extensions), T.814 (high throughput).
#pragma once

#include "dicom/deidentify/text_eraser.h"

namespace naru::dicom {

/// True where the bytes begin as a JP2 file does.
bool is_jp2_file(std::span<const std::byte> bytes);

/// Follows the markers of one raw codestream, those of tile-parts too, and erases as embedded_text.h says. False where
/// a marker or a length leads nowhere.
bool erase_codestream_text(TextEraser& eraser);

/// The same for a JP2 file: its boxes and its codestreams.
bool erase_jp2_text(TextEraser& eraser);

}  // namespace naru::dicom
