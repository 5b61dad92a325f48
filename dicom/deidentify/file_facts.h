/// The first pass over a file: who and what it says it is, and which of its words identify someone.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/code.h"
#include "dicom/dcmtk/character_set.h"
#include "dicom/deidentify/deidentify.h"
#include "dicom/deidentify/element_table.h"

namespace naru::dicom {

/// The character sets that one file names, each made once.
class CharacterSets {
 public:
  const CharacterSet& of(std::string_view value);

 private:
  std::map<std::string, CharacterSet, std::less<>> sets_;
};

/// A text as UTF-8: itself where it is ASCII. Empty where nothing decodes it.
std::optional<std::string> decode_text(Bytes value, Vr value_representation, const CharacterSet& set);

/// True for bytes beyond ASCII and for the escapes of ISO 2022.
bool needs_decoding(Bytes value);

/// A text's values: between backslashes where the VR may have several, else one.
std::vector<std::string> split_values(std::string_view text, Vr value_representation);

struct FileFacts {
  DeidSource source;
  Identifiers identifiers;
  bool has_non_ascii_text = false;  ///< in a text that stands in the data set's character set
  std::optional<Code> problem;      ///< charset_undecodable: a name or an id that nothing decodes
};

FileFacts collect_facts(const ElementTable& table, Bytes bytes, const DeidentifyPolicy& policy);

/// The part of it that `source` is, from as many elements as were read.
DeidSource source_of(const ElementTable& table, Bytes bytes);

}  // namespace naru::dicom
