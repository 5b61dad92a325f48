/// Sound among waveforms of any class: a voice identifies, and nothing here can clean one.
#pragma once

#include <string_view>

#include "dicom/deidentify/element_table.h"

namespace naru::dicom {

/// True where a multiplex group is stated in mu-law or A-law (PS3.3 C.10.9.1.5), which code speech alone, or is sampled
/// as fast as speech must be: in 8 bits in any class, in more bits in classes whose signals are slower.
bool holds_recorded_sound(const ElementTable& table, Bytes bytes, std::string_view sop_class_uid);

}  // namespace naru::dicom
