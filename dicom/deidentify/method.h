/// What a de-identified object says of how it was made so (PS3.3 C.7.1.1, PS3.15 E.1.1).
#pragma once

#include <string_view>

#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/policy.h"

namespace naru::dicom {

inline constexpr Tag kPatientIdentityRemoved = 0x00120062, kDeidMethod = 0x00120063, kDeidMethodCodes = 0x00120064,
                     kRecognizableVisualFeatures = 0x00280302, kLongitudinalTemporalInformationModified = 0x00280303;

/// What was done to the pixels of an object.
struct PixelsCleaned {
  bool text = false, face = false;
};

/// De-identification Method. Names Clean Recognizable Visual Features only where a face was taken out.
void write_method(DataSetWriter& writer, const DeidentifyPolicy& policy, std::string_view version,
                  PixelsCleaned cleaned);

/// De-identification Method Code Sequence: the profile, unless a site rule weakens it, and the options as codes of CID
/// 7050. Clean Pixel Data and Clean Recognizable Visual Features are stated only where they did something to this
/// object.
void write_method_codes(DataSetWriter& writer, const DeidentifyPolicy& policy, PixelsCleaned cleaned);

/// Longitudinal Temporal Information Modified: of what protects dates least, be it an option or a site rule.
void write_longitudinal(DataSetWriter& writer, const DeidentifyPolicy& policy);

}  // namespace naru::dicom
