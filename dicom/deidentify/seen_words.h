/// A patient's words as a reader of pictures gives them back: in any case, with or without blanks and signs, and with
/// one letter in doubt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/identifiers.h"

namespace naru::dicom {

class SeenWords {
 public:
  /// Names (whole, by component, family name first and last), ids, places and dates (year, month or day first), from
  /// five letters, digits or jamo on; telephone numbers and UIDs are not looked for.
  explicit SeenWords(const Identifiers& identifiers);

  bool empty() const { return words_.empty(); }

  /// True where one of the words stands in `page` (UTF-8) but for one letter: Levenshtein distance of at most 1.
  /// Time: letters of the page times letters of all words.
  bool stand_in(std::string_view page) const;

 private:
  void add(std::string_view text);
  void add_name(std::string_view name);
  void add_date(const std::string& date);

  std::vector<std::u32string> words_;
};

}  // namespace naru::dicom
