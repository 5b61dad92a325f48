/// Concept names of content items (PS3.3 10.2, C.17.3) whose value repeats an attribute of the header, or is of its
/// kind: what the profile does with that attribute is done with the value.
#pragma once

#include <cstdint>
#include <string_view>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// What the words of such a value are. A `label` tells one thing of the report from another, and is looked for nowhere
/// else; a `mark` one thing of the picture: "1", "left". A `device_name` or `device_id` is a place or an id, unless it
/// is the maker or the model of the file.
enum class ContentKind : std::uint8_t { id, person, place, device_name, device_id, date, characteristic, label, mark };

struct ContentRule {
  std::string_view code;  ///< of its coding scheme
  Tag header = 0;         ///< the attribute whose rule holds
  ContentKind kind = ContentKind::id;
};

/// The rule of a concept name of DICOM (DCM), LOINC (LN) or SNOMED CT (SCT); null where it names nobody.
const ContentRule* find_content_rule(std::string_view coding_scheme, std::string_view code);

}  // namespace naru::dicom
