/// Text in JPEG and JPEG-LS streams: comments, application data, what stands behind the end.
/// Source: ITU-T T.81 annex B (markers, entropy-coded segments), T.871 (JFIF), T.872 6.5.3 (Adobe), T.84 F (SPIFF),
/// T.87 annex C and A.1 (JPEG-LS), ICC.1 B.4 (profiles in JPEG).
#pragma once

#include "dicom/deidentify/text_eraser.h"

namespace naru::dicom {

/// Follows all markers of one stream, scans included, and erases as embedded_text.h says. False where a marker or a
/// length leads nowhere, or where bytes stand that belong to nothing.
bool erase_jpeg_text(TextEraser& eraser);

}  // namespace naru::dicom
