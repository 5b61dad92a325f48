/// The texts of one file as UTF-8, whatever it says of their character set.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/dcmtk/character_set.h"
#include "dicom/deidentify/element_table.h"

namespace naru::dicom {

inline constexpr Tag kSpecificCharacterSet = 0x00080005;

/// The character sets that one file states, each made once. What is true of the texts under each is decided from all of
/// them together. Where all texts are ASCII nothing is decided.
class CharacterSets {
 public:
  CharacterSets() : none_("") {}
  CharacterSets(const ElementTable& table, Bytes bytes);

  /// @param value of (0008,0005) in the data set or an item
  const CharacterSet& of(std::string_view value) const;

  /// A text that stands in the data set's character set is not ASCII.
  bool has_non_ascii() const { return has_non_ascii_; }

 private:
  void settle(const ElementTable& table, Bytes bytes);

  bool has_non_ascii_ = false;
  CharacterSet none_;
  std::map<std::string, CharacterSet, std::less<>> sets_;
};

/// A text as UTF-8: itself where it is ASCII. Empty where nothing decodes it, or where that is in doubt.
std::optional<std::string> decode_text(Bytes value, Vr value_representation, const CharacterSet& set);

/// All that a text may be: several where that is in doubt.
std::vector<std::string> possible_texts(Bytes value, Vr value_representation, const CharacterSet& set);

/// The words of a text that are ASCII, where it is in doubt what the others are.
std::string ascii_words(Bytes value);

/// True for bytes beyond ASCII and for the escapes of ISO 2022.
bool needs_decoding(Bytes value);

/// A text's values: between backslashes where the VR may have several, else one.
std::vector<std::string> split_values(std::string_view text, Vr value_representation);

}  // namespace naru::dicom
