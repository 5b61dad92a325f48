/// What a de-identified object says of how it was made so (PS3.3 C.7.1.1, PS3.15 E.1.1).
#pragma once

#include <string_view>

#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/policy.h"

namespace naru::dicom {

inline constexpr Tag kPatientIdentityRemoved = 0x00120062, kDeidMethod = 0x00120063, kDeidMethodCodes = 0x00120064,
                     kLongitudinalTemporalInformationModified = 0x00280303;

/// De-identification Method.
void write_method(DataSetWriter& writer, const DeidentifyPolicy& policy, std::string_view version);

/// De-identification Method Code Sequence: the profile, unless a site rule weakens it, and the options as codes of CID
/// 7050. Clean Pixel Data is stated only where it did something to this object.
void write_method_codes(DataSetWriter& writer, const DeidentifyPolicy& policy, bool pixels_were_cleaned);

/// Longitudinal Temporal Information Modified.
void write_longitudinal(DataSetWriter& writer, DeidOptions options);

}  // namespace naru::dicom
