/// Content items of structured reports, of acquisition contexts and the like: which rule their value is under, and what
/// stands there once the value is gone.
#pragma once

#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/rules/attribute_rules.h"
#include "dicom/rules/content_rules.h"

namespace naru::dicom {

/// True for the attributes that hold the value of a content item, but for UIDs and references.
bool is_content_value(Tag tag);

/// The rule that the Concept Name of an item gives its value; null where there is none.
/// @param begin,end the nodes of what the item (or the data set) holds
const ContentRule* content_rule_of(const ElementTable& table, Bytes bytes, std::uint32_t begin, std::uint32_t end);

/// True where an item of a content sequence says that those beside it speak of a fetus (PS3.16 TID 1006).
/// @param begin,end the nodes of what the sequence holds
bool is_about_fetus(const ElementTable& table, Bytes bytes, std::uint32_t begin, std::uint32_t end);

/// What becomes of such a value: as of the attribute that it repeats. A content item must have its value, so that a
/// dummy stands for what the header would lose.
enum class ContentFate : std::uint8_t { stays, goes, becomes_90_years };

/// @param action of the attribute that the value repeats
/// @param value its node. An age above 89 years becomes 90: it is a number with its unit, or a text that begins with
/// one
ContentFate content_fate(const ElementTable& table, Bytes bytes, std::uint32_t value, const ContentRule& rule,
                         DeidAction action);

/// In place of a value that is a sequence and does not stay: a code that says so, or no number, or "90 years".
void write_content_dummy(DataSetWriter& writer, Tag tag, ContentFate fate);

}  // namespace naru::dicom
