/// Text in ICC profiles.
/// Source: ICC.1:2022 (profile header 7.2, tag table 7.3, types 10), ICC.1:2001-04 6.5.17 (textDescriptionType of
/// version 2).
#pragma once

#include "dicom/deidentify/text_eraser.h"

namespace naru::dicom {

/// Erases as clean_icc_profile in embedded_text.h says. What is neither of a numeric type nor text that can be told
/// apart becomes zero: lists in it are then empty. False where header or tag table do not fit the bytes.
bool erase_icc_text(TextEraser& eraser);

}  // namespace naru::dicom
