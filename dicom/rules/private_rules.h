/// Private attributes that may stay with Retain Safe Private, from three public lists: the TCIA private-tag knowledge
/// base, RSNA CTP's dictionary, and PS3.15 section E.3.10.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// What becomes of a safe private attribute.
enum class PrivateAction : std::uint8_t {
  remove,  ///< not on any list, or one list says no
  keep,
  map_uid,      ///< a UID: mapped as every other
  shift_date,   ///< a date as text
  shift_epoch,  ///< seconds since 1970, binary or text
};

struct PrivateRule {
  std::uint16_t group = 0;      ///< odd
  std::string_view creator;     ///< as PS3.5 7.8.1 compares it: without trailing spaces
  std::uint8_t element = 0;     ///< within the block
  Vr value_representation = 0;  ///< 0 where the lists do not say: then the element's own; for UN in files
  PrivateAction action = PrivateAction::remove;
  std::string_view source;  ///< "TCIA", "CTP", "E.3.10", or several joined by '+'
};

/// All rows, sorted by group, creator, element.
std::span<const PrivateRule> private_rules();

/// The rule of an element by its group, the creator of its block and the low byte of its element number; null where no
/// list keeps it. `creator` may carry padding.
const PrivateRule* find_private_rule(std::uint16_t group, std::string_view creator, std::uint8_t element);

/// The attribute of the standard whose value a private one repeats, as sex of the patient or serial number of a
/// device: what becomes of that one becomes of it. 0 for most.
Tag repeated_attribute(const PrivateRule& rule);

/// Pins the table, as attribute_rules_sha256.
const std::string& private_rules_sha256();

}  // namespace naru::dicom
