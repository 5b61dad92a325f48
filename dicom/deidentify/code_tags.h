/// The attributes of a code (Code Sequence Macro, PS3.3 8.8).
#pragma once

#include "dicom/element_walk.h"

namespace naru::dicom {

inline constexpr Tag kCodeValue = 0x00080100, kCodingScheme = 0x00080102, kCodeMeaning = 0x00080104,
                     kLongCodeValue = 0x00080119, kUrnCodeValue = 0x00080120;

}  // namespace naru::dicom
