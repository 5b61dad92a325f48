/// The first pass over a file: who and what it says it is, and which of its words identify someone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/code.h"
#include "dicom/deidentify/deidentify.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/file_texts.h"

namespace naru::dicom {

/// Of slides: what says that their label is in the picture counts as Burned In Annotation that says so.
inline constexpr Tag kSpecimenLabelInImage = 0x00480010;

struct FileFacts {
  DeidSource source;
  Identifiers identifiers;
  CharacterSets sets;
  std::vector<std::string> kept;         ///< dates (YYYYMMDD) and UIDs that rules keep: who reads the result knows them
  std::vector<std::string> kept_places;  ///< that rules keep, and each row of words of them
  std::optional<Code> problem;           ///< charset_undecodable: a name or an id that nothing decodes
};

FileFacts collect_facts(const ElementTable& table, Bytes bytes, const DeidentifyPolicy& policy);

/// The part of it that `source` is, from as many elements as were read.
DeidSource source_of(const ElementTable& table, Bytes bytes);

}  // namespace naru::dicom
