/// Lists of what an object refers to elsewhere (PS3.3 C.12.2).
#pragma once

#include <string_view>

#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/policy.h"

namespace naru::dicom {

/// Referenced Series and Studies Containing Other Referenced Instances, but for presentation states: there the first is
/// the reference itself (C.11.11).
bool lists_references(Tag tag, std::string_view sop_class_uid);

/// True where nothing is left of what such lists would list: the source refers to something, the result does not.
bool list_nothing(const ElementTable& table, const DeidentifyPolicy& policy, std::string_view sop_class_uid);

}  // namespace naru::dicom
