/// Content items of structured reports, of acquisition contexts and the like: which rule their value is under, and what
/// stands there once the value is gone.
#pragma once

#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/rules/content_rules.h"

namespace naru::dicom {

/// True for the attributes that hold the value of a content item, but for UIDs and references.
bool is_content_value(Tag tag);

/// The rule that the Concept Name of an item gives its value; null where there is none.
/// @param begin,end the nodes of what the item (or the data set) holds
const ContentRule* content_rule_of(const ElementTable& table, Bytes bytes, std::uint32_t begin, std::uint32_t end);

/// True where the value states an age above 89 years: a number with its unit, or a text that begins with one.
bool is_age_over_89(const ElementTable& table, Bytes bytes, std::uint32_t value);

/// In place of a value that is a sequence: a code that says so, or no number, or for an age above 89 years "90 years".
void write_removed_content(DataSetWriter& writer, Tag tag);
void write_old_age(DataSetWriter& writer);

}  // namespace naru::dicom
