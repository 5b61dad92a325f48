/// Persons of a file's header, found in free text.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/descriptor_index.h"
#include "dicom/deidentify/descriptor_text.h"
#include "dicom/deidentify/descriptors.h"

namespace naru::dicom {

/// What goes: folded characters from `begin` to before `end`.
struct Removal {
  std::uint32_t begin = 0, end = 0;
  DescriptorReason reason = DescriptorReason::name;
};
using Removals = std::vector<Removal>;

/// True for what may stand between the parts of one name: nothing, or up to three of space - _ . , ^ / and apostrophes.
bool joins_names(std::u32string_view gap);

class NameIndex {
 public:
  /// @param person_name a PN value in UTF-8 with all its component groups. A Korean name is found in Hangul, Hanja and
  /// Latin letters, whichever of them the header has.
  void add(std::string_view person_name);

  /// Parts that identify alone go wherever they stand as words; others (words of protocols, one or two letters, one
  /// syllable) beside another part of the same name.
  void find(const FoldedText& text, Removals& removals) const;

  /// "CHEST HJY", "H J Y", "H.J.Y.": the initials of a name that are no word. Of two words they may be anything, but
  /// for "R.W." with their points.
  void find_initials(const FoldedText& text, Removals& removals) const;

  /// True where the word is a part of some name, be it weak.
  bool is_part(WordHash hash) const { return index_.contains(hash); }

 private:
  static constexpr std::size_t kComponents = 5;
  static constexpr std::size_t kMostWords = 4;        ///< of a component
  static constexpr std::size_t kShortestPartial = 5;  ///< where a part stands in a longer word, or in pieces
  static constexpr std::size_t kShortestBeginning = 4;
  enum class Rank : std::uint8_t { weak, strong, whole };
  struct Part {
    std::uint16_t person = 0;
    std::uint8_t number = 0;  ///< which part of the name: two that differ make a name
    Rank rank = Rank::weak;
    std::uint8_t length = 0;
    bool operator==(const Part&) const = default;
  };
  struct Unit {
    std::uint32_t first = 0, last = 0;  ///< tokens, inclusive
    std::uint32_t begin = 0, end = 0;   ///< folded characters
    Part part;
    bool is_removed = false;
  };
  using Units = std::vector<Unit>;

  /// The initials of one name: a bit for each letter, of each of its parts.
  class Initials {
   public:
    void add(char32_t letter, std::uint8_t number) {
      if (letter >= U'a' && letter <= U'z') of_part_[number] |= 1U << (letter - U'a');
    }
    /// @param used parts that do not count, a bit each
    bool contains(char32_t letter, std::uint32_t used = 0) const {
      if (letter < U'a' || letter > U'z') return false;
      for (std::size_t n = 0; n < of_part_.size(); ++n) {
        if ((used >> n & 1U) == 0 && (of_part_[n] >> (letter - U'a') & 1U) != 0) return true;
      }
      return false;
    }

   private:
    std::array<std::uint32_t, kComponents * kMostWords> of_part_{};
  };

  void add_group(std::string_view group);
  void add_component(std::string_view component, std::uint8_t number);
  void add_words(std::string_view component, std::uint8_t number, bool are_short_telling = true);
  void add_east_asian(std::u32string_view family, std::u32string_view given);
  void add_romanised(std::u32string_view family, std::u32string_view given);
  void add_latin(std::string_view family, std::string_view given);
  void add_kana(const FoldedText& component, std::uint8_t number);
  void add_latin_for_kana(std::string letters, std::uint8_t number);
  void add_beginnings(std::u32string_view word, std::uint8_t number);
  void add_initials(std::span<const std::u32string> letters);
  void add_part(WordHash hash, char32_t first, std::size_t length, std::uint8_t number, Rank rank);
  void note_word(const Token& token, bool is_telling, std::uint8_t number);
  static Rank rank_of(const Token& token, WordHash hash, std::size_t length);

  void find_words(const FoldedText& text, Units& units) const;
  void find_word(const FoldedText& text, std::uint32_t i, Units& units) const;
  void find_rows(const FoldedText& text, std::uint32_t i, Units& units) const;
  std::uint32_t end_of_tone(const FoldedText& text, std::uint32_t token) const;
  void find_inflected(const FoldedText& text, std::uint32_t i, Units& units) const;
  void find_kana(const FoldedText& text, std::uint32_t i, Units& units) const;
  void find_shortened(const FoldedText& text, std::uint32_t i, Units& units) const;
  bool is_two_beginnings(std::u32string_view letters, const Part& first) const;
  void find_joined(const FoldedText& text, std::uint32_t i, Units& units) const;
  void find_at_edges(const FoldedText& text, std::uint32_t i, std::u32string_view letters, Units& units) const;
  template <typename F>
  void for_each_part(std::u32string_view word, std::u32string_view behind, F f) const;
  void find_spaced(const FoldedText& text, std::uint32_t i, Units& units) const;
  void find_hanja(const FoldedText& text, std::uint32_t i, Units& units) const;
  void find_in_run(const FoldedText& text, std::uint32_t i, Units& units) const;
  bool may_name(WordHash hash, std::uint16_t person) const;
  void find_login(const FoldedText& text, std::uint32_t i, Units& units) const;
  bool is_cover(std::u32string_view letters, std::uint16_t person, std::uint32_t used, int parts) const;
  void keep_names(const FoldedText& text, Units& units) const;
  bool has_initial(const FoldedText& text, const Unit& unit) const;
  bool has_bare_initial(const FoldedText& text, const Unit& unit) const;
  static bool is_short_name(const FoldedText& text, const Unit& unit);
  bool is_told(const FoldedText& text, const Unit& unit) const;
  static std::uint32_t parts_beside(const Units& units, std::size_t unit);
  void remove_initials(const FoldedText& text, const Unit& unit, std::uint32_t used, Removals& removals) const;
  bool is_initial(const FoldedText& text, std::size_t i, std::uint16_t person, std::uint32_t used) const;

  /// Small Latin letters that may be a Korean name.
  struct LatinName {
    std::string letters;
    Part part;
    bool begins_with_surname = false;
    bool is_reversed = false;  ///< the given name is a surname as well, and stands first
  };

  /// A part of a name in Kana, or one in small Latin letters that may stand in Kana in a text.
  struct KanaName {
    std::u32string kana;
    std::string letters;
    Part part;
  };

  WordIndex<Part> index_;
  WordIndex<Part> stems_;       ///< of Cyrillic names, without their endings
  WordIndex<Part> beginnings_;  ///< of Latin names, of four letters or more; `Part::length` is the whole name's
  std::vector<LatinName> latin_;
  std::vector<KanaName> kana_, latin_for_kana_;
  std::vector<Initials> initials_;  ///< of each person
  WordIndex<bool> whole_initials_;  ///< of names of two to five words, or of a surname and two syllables
  struct Words {
    bool has_telling = false;  ///< a part that is more than a word
    bool has_plain = false;    ///< one that nobody is called: "Phantom"
    std::uint32_t names = 0;   ///< parts that are words and names, a bit each
  };
  std::vector<Words> words_;  ///< of each person
};

}  // namespace naru::dicom
