/// Identifiers and places of a file's header, found in free text.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dicom/deidentify/descriptor_names.h"

namespace naru::dicom {

/// True for an id, or a phrase, that names someone or something wherever it stands: not for those that IdIndex leaves
/// out.
bool is_telling_id(std::string_view id);
bool is_telling_phrase(std::string_view phrase);

/// True for an id that is too short to tell by itself, but does as a whole text or with a label ("4321", "K77").
bool is_short_id(std::string_view id);

/// Numbers and codes, compared without what separates their parts and without leading zeros.
///
/// Left out are those that would take words of the protocol with them: shorter than 5 characters (4 where letters and
/// digits mix), zeros, one character repeated, "UNKNOWN" and the like, words of the vocabulary with up to two digits.
/// Short ones go where a label tells them ("Pt 4321", "P-4321"), an underscore joins them ("4321_lung", "K77_lung") or
/// a dash is inside ("K-77").
class IdIndex {
 public:
  void add(std::string_view id, DescriptorReason reason);
  /// A whole text that goes where it stands in full.
  void add_phrase(std::string_view phrase, DescriptorReason reason);
  /// A telephone number goes without its area's code as well, where a dash, a point or nothing parts it ("555-0142").
  void add_telephone(std::string_view number);
  void find(const FoldedText& text, Removals& removals) const;
  /// True where a whole number is one of them: inside a longer one nothing counts.
  bool has_number(std::string_view digits) const;

 private:
  void add_rows(const FoldedText& text, DescriptorReason reason);
  std::size_t find_local(const FoldedText& text, std::size_t begin, Removals& removals) const;
  void add_digits(const FoldedText& text, DescriptorReason reason);
  void add_short(const FoldedText& text, DescriptorReason reason);
  std::size_t find_short(const FoldedText& text, std::size_t begin, std::size_t parts, Removals& removals) const;
  bool find_in_number(const FoldedText& text, const Token& token, Removals& removals) const;

  struct Entry {
    DescriptorReason reason = DescriptorReason::id;
    std::uint32_t length = 0;
    bool operator==(const Entry&) const = default;
  };
  WordIndex<Entry> index_;
  WordIndex<bool> local_;   ///< telephone numbers without their areas' codes
  WordIndex<Entry> short_;  ///< without the dash between their parts, by the number of these
  std::size_t most_tokens_ = 1;
  std::uint32_t longest_ = 0;
};

/// UIDs of any root but the standard's own (1.2.840.10008): six components or more, or 2.25 and a UUID.
/// True for a UID that `find_uids` does not know by its form: of less than six components, or of the root 2.25 with
/// less than ten digits.
bool is_short_uid(std::string_view uid);

void find_uids(const FoldedText& text, Removals& removals);

/// Institutions, departments, addresses: their telling words together, or one with the kind ("Asan Hospital").
class PlaceIndex {
 public:
  void add(std::string_view place);
  /// A name in Hangul of three syllables or more, which is found inside of longer words as well.
  void add_name(std::u32string_view hangul);
  void find(const FoldedText& text, Removals& removals) const;

 private:
  enum class Weight : std::uint8_t { filler, kind, telling };
  struct Word {
    std::uint16_t place = 0;
    std::uint16_t position = 0;
    Weight weight = Weight::filler;
    bool operator==(const Word&) const = default;
  };
  struct Place {
    std::uint16_t words = 0, telling = 0;
    bool is_acronym = false;  ///< counts in capitals only
    bool tells_alone = false;
  };
  void add_initials(const FoldedText& text);
  void add_joined(std::u32string_view letters);
  void add_acronym(WordHash hash, char32_t first);
  void add_hangul(std::u32string_view word);
  void find_hangul(const FoldedText& text, const Token& token, Removals& removals) const;
  std::size_t find_in_pieces(const FoldedText& text, std::size_t begin, Removals& removals) const;
  std::size_t find_run(const FoldedText& text, std::size_t begin, Removals& removals) const;
  template <typename F>
  void for_each_word(const FoldedText& text, const Token& token, F f) const;
  std::size_t match(const FoldedText& text, std::size_t begin, const Word& first) const;

  WordIndex<Word> words_;
  WordIndex<std::uint32_t> hangul_;  ///< names of institutions, by length in syllables
  std::vector<Place> places_;
};

/// An address of the header: each part that tells by itself, its postal code, and Korean roads with their numbers.
class HomeIndex {
 public:
  /// @param reason of what goes; `place` for values that may be names of institutions as well, not addresses
  explicit HomeIndex(DescriptorReason reason) : reason_(reason) {}
  void add(std::string_view address);
  void find(const FoldedText& text, Removals& removals) const;

 private:
  bool is_address(const FoldedText& text) const;
  void add_part(const FoldedText& text, std::size_t begin, std::size_t end);
  void add_korean(const FoldedText& text);

  DescriptorReason reason_;
  PlaceIndex places_;
  IdIndex roads_;
};

}  // namespace naru::dicom
