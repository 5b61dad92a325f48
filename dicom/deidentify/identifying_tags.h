/// Which attributes name someone or somewhere, and what their words are.
#pragma once

#include <string>
#include <vector>

#include "dicom/deidentify/identifiers.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

/// Null for what names nobody and no place.
using IdentifierCategory = std::vector<std::string> Identifiers::*;

/// Of an attribute's values. Persons' names are told by their VR, UIDs and dates by their rules.
IdentifierCategory identifying_category(Tag tag);

/// Of a sequence whose items are codes of a person or an institution: what their meanings are. The codes are ids.
IdentifierCategory category_of_codes(Tag sequence);

/// Names of stations and machines, AE titles among them: many programs put the device's model there.
bool names_a_device(Tag tag);

/// True for an attribute that names an institution, a place in it or a station.
bool names_a_place(Tag tag);

}  // namespace naru::dicom
