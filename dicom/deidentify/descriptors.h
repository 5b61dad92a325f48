/// Clean Descriptors (PS3.15 E.3.6): takes the words that identify out of a free text and leaves the rest as it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/identifiers.h"

namespace naru::dicom {

/// Why a word went.
enum class DescriptorReason {
  name,      ///< a person of this file's header, in any order, joined, initials, spelling, width or script
  id,        ///< an identifier of this file's header
  place,     ///< an institution, department or station
  date,      ///< a date or time of an event in any usual form
  contact,   ///< telephone, e-mail, postal address, URL
  national,  ///< a resident registration, passport or social security number
  title,     ///< a name that the words around it give away ("Dr. Kim", "for Douglas Davidson", "홍길동 환자")
  age,       ///< 90 years and more
  listed,    ///< a word of the hospital's own list
};
inline constexpr std::size_t kDescriptorReasons = 9;
std::string_view name(DescriptorReason reason);

/// True for a word of the vocabulary that `clean` keeps wherever it stands ("HEAD", "axial", "뇌"): alone it names
/// nobody. Case and width do not matter.
bool is_protocol_word(std::string_view word);

/// True where two entries of `keep_words` and `remove_words` are the same words: case and width do not matter.
bool is_same_phrase(std::string_view a, std::string_view b);

/// True where the text names a file on a drive or a server ("C:\\Users\\kim\\scan"), whose backslashes part it into
/// values. Two that are empty before a number are none.
bool holds_path_of_parts(std::string_view value);

struct CleanedText {
  std::string text;                                       ///< what is left, UTF-8; white space around gaps closed up
  std::array<std::size_t, kDescriptorReasons> removed{};  ///< words removed, by reason
  std::vector<std::string> removed_words;                 ///< identifiers: for the proof alone
  std::vector<std::string> told_words;  ///< of them names and numbers that the words around them alone gave away
  bool is_changed() const;
};

class PhraseList;

class DescriptorCleaner {
 public:
  /// @param keep_words words that stay whatever they look like (but for the file's own identifiers)
  /// @param remove_words words that always go
  DescriptorCleaner(const Identifiers& identifiers, std::span<const std::string> keep_words,
                    std::span<const std::string> remove_words);
  ~DescriptorCleaner();
  DescriptorCleaner(DescriptorCleaner&&) noexcept;
  DescriptorCleaner& operator=(DescriptorCleaner&&) noexcept;

  /// One value of a free text in UTF-8. Thread-safe. Time linear in the text.
  /// @param told words that go wherever they stand, as texts of the same file gave them away: CleanedText::told_words
  CleanedText clean(std::string_view text, const PhraseList* told = nullptr) const;

  /// As `clean`, for a text that no option asks to clean: only the file's own names, ids, places and dates and the
  /// hospital's words go (no patterns).
  /// @param keeps_places of the name of a place that an option retains
  CleanedText remove_identifiers(std::string_view text, bool keeps_places = false) const;

  /// True where a whole number is an id, a telephone number or the like of the file's own, or a date of it as YYYYMMDD,
  /// whatever follows. Counts and settings lie near an id or a date by chance: no part of the number counts, no postal
  /// code of an address and no date of six digits. In time that does not grow with the identifiers.
  bool is_own_number(std::string_view digits) const;

  /// See DateFinder.
  bool is_own_time(std::int64_t since_1970) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace naru::dicom
