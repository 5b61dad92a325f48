/// Dummies for sequences: one item that is valid and says nothing (PS3.15 E.1.1, action D).
#pragma once

#include "dicom/deidentify/data_set_writer.h"

namespace naru::dicom {

/// Writes the sequence `tag` with one made-up item; false where no dummy is known for it: then nothing was written.
bool write_dummy_sequence(DataSetWriter& writer, Tag tag);

/// An item of a code sequence: Code Value, Coding Scheme Designator, Code Meaning (PS3.3 8.8).
void write_code_item(DataSetWriter& writer, std::string_view value, std::string_view scheme, std::string_view meaning);

/// A document of the stated MIME type that says that its content was removed; empty where none is known for the type.
std::string_view dummy_document(std::string_view mime_type);

}  // namespace naru::dicom
