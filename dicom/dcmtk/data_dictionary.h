/// DCMTK's data dictionary (PS3.6) with what is newer, as far as de-identification asks: which attributes and UIDs the
/// standard knows. Its rows became part of the program when it was built.
#pragma once

#include <optional>
#include <string_view>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// Loads the dictionary that DCMTK itself works with. @throws Error{internal} where it is not there
void require_data_dictionary();

/// The VR of a standard attribute (even group); empty where the standard does not know it. Ambiguous ones get their
/// wider form: OW for OB or OW, US for US or SS. Constant time, thread-safe.
std::optional<Vr> standard_vr(Tag tag);

/// True for a UID that the standard itself defines (SOP classes, transfer syntaxes, well-known instances ...).
bool is_standard_uid(std::string_view uid);

}  // namespace naru::dicom
