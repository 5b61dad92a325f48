/// The type (PS3.5 section 7.4) of those attributes for which PS3.15 Table E.1-1 leaves a choice, in the IODs of PS3.3.
#pragma once

#include <cstdint>
#include <string_view>

#include "dicom/element_walk.h"
#include "dicom/rules/attribute_rules.h"

namespace naru::dicom {

/// Conditional types count as their unconditional ones, since the condition is not evaluated: 1C as 1, 2C as 2.
enum class AttributeType : std::uint8_t { absent, type1, type2, type3 };

/// The type of `tag` at the place where it stands: in the data set itself (`parent` 0) or in an item of the sequence
/// `parent`, of an object of this SOP class. `absent` where the IOD does not have it there (a Standard Extended SOP
/// Class, or an IOD that the table does not know).
/// Source: PS3.3 A (modules of each IOD) and C (attributes of each module), 2026d.
AttributeType attribute_type(std::string_view sop_class_uid, Tag parent, Tag tag);

/// The type of texts and addresses that PS3.15 Table E.1-1 does not list and that may go, by the strictest of their
/// places in PS3.3; type3 for all that may be left out.
AttributeType unlisted_text_type(Tag tag);

/// The one of X, Z, D and U that a conditional action allows and the type demands (PS3.15 E.1.1): an optional attribute
/// goes (X), a type 2 is emptied (Z), a type 1 gets a dummy (D; also for X/Z, since Z may be a dummy by Table E.1-1a).
/// For X/Z/U* types 1 and 2 keep their references, with new UIDs (U): that is as legal, and loses less. Where the type
/// is `absent` it is treated as optional where X is allowed, else as type 1: a dummy is never invalid. Unconditional
/// actions are returned as they are.
DeidAction resolve_by_type(DeidAction action, AttributeType type);

}  // namespace naru::dicom
