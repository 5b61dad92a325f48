/// Names in Latin letters that the words around them give away: what find_names_by_context is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dicom/deidentify/descriptor_names.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

/// What a word says about the one behind it.
enum class Trigger : std::uint8_t {
  verb,  ///< "ordered": with "by" behind it, a person follows for certain
  by,    ///< "by": a person or what it was done with
  for_,  ///< "for": a person or a purpose
  role,  ///< "radiologist": a person, for certain behind a colon
};
const Trigger* find_trigger(WordHash hash);

/// Titles that stand for nothing else, however they are written.
inline constexpr std::u32string_view kOnlyTitles[] = {U"doctor", U"prof", U"professor", U"mrs",
                                                      U"frau",   U"herr", U"madame",    U"dra"};

class NameContext {
 public:
  NameContext(const FoldedText& text, const NameIndex& names, Removals& removals)
      : text_(text), tokens_(text.tokens()), names_(names), removals_(removals) {}

  void find();

 private:
  bool is_own(const Token& token) const { return names_.is_part(token.hash); }
  WordFlags flags(std::size_t i) const { return word_flags(tokens_[i].hash); }
  bool is_known_name(std::size_t i) const { return (flags(i) & (kKnownName | kAlsoName)) != 0 || is_own(tokens_[i]); }
  /// A name's word. `is_certain`: a person stands here, so that words that are names as well count.
  bool is_name_word(std::size_t i, bool is_certain) const;
  bool is_initial(std::size_t i) const;
  /// The token after a name that begins at `first`; `first` where none does.
  std::size_t end_of_name(std::size_t first, bool is_certain) const;
  /// A word that stands for nothing but a name: raised, of three letters or more, in no list of words.
  bool is_only_name(std::size_t i) const;
  bool has_gap(std::size_t i, std::u32string_view allowed) const;
  void remove(std::size_t first, std::size_t end, DescriptorReason reason = DescriptorReason::title);

  /// "baby girl of Smith", "Twin A of Johansson"
  void behind_kin(std::size_t i);
  /// "KANG GAMCHAN M 45Y": two names or more before sex and age.
  void before_person(std::size_t i);
  /// "Smith^John", "SMITH, JOHN": two names, one of them well known, with what stands between family and given name.
  void around_sign(std::size_t i);
  /// "Mª Carmen Ruiz": nothing but a name is written so.
  void at_short_maria(std::size_t i);

  // descriptor_context_titles.cpp: behind titles, before degrees
  /// "DR" and "MR" are modalities as well, "MS" a disease: in capitals and without a point they are titles only before
  /// what is known as a name.
  void behind_title(std::size_t i);
  /// "LIVER_DR_PAPADIMITRIOU_3PH", "HEAD^DR OKONKWO": behind "DR" a long word that no list knows; digital radiography
  /// is of parts of the body.
  bool is_joined_doctor(std::size_t i) const;
  /// "LATDECUB", "LONGLEG"
  static bool is_two_words(std::u32string_view word);
  /// "6 Fr. Terumo"
  bool is_catheter_size(std::size_t i) const;
  bool is_dotted_degree(std::size_t i) const;
  /// "John Smith, MD". MD is mean diffusivity as well: only a name's words before it count.
  void before_degree(std::size_t i);
  /// "Pomeroy, NP", "J. Pomeroy PA-C", "Lena Pomeroy, RT(R)": letters that sign behind a name.
  bool is_signature(std::size_t i) const;

  // descriptor_context_triggers.cpp: behind "ordered by", "for", "radiologist:"
  /// "Pat: Smith", "Referred: Abernathy": words that a person follows behind a colon alone.
  bool is_labelled_person(std::size_t i) const;
  void behind_trigger(std::size_t i, Trigger trigger);
  /// "Osgood-Schlatter"
  bool is_hyphenated(std::size_t first, std::size_t end) const;
  /// "discussed with Hargreaves", "d/w Hargreaves", "called to Hargreaves", "c/o Hargreaves"; "C/O MALAISE" is what a
  /// patient complains of. One word behind "c/o" may be a complaint that no list has: it goes from no other text.
  void behind_talk(std::size_t i);
  /// "read by comparing", "technologist: repeated"
  static bool is_deed(std::u32string_view word);
  /// Whether words behind "for" are a name: one that is known as such, or words that no list knows and that are
  /// written as names are. In a text of capitals that tells nothing.
  bool is_plausible(std::size_t trigger, std::size_t end, Trigger kind) const;
  /// "Hargreaves and Pomeroy", "Hargreaves/Pomeroy": who is named behind a person whose name ends before token `end`.
  void second_person(std::size_t end);
  /// Behind initials that end before token `end` those of a second person: "AB/CD".
  std::size_t after_second_initials(std::size_t end) const;
  /// "by NR", "by N.R."
  void initials_at(std::size_t i);

  // descriptor_context_small.cpp: names in small letters
  /// A word in small letters that no list knows, or a name.
  bool is_small_name(std::size_t i, std::size_t shortest) const;
  /// "Patient name: gruber hans", "Ms. gruber", "dr hargreaves", "read by hargreaves", "physician: gruber"
  void small_letters(std::size_t i);
  bool is_behind_verb(std::size_t i) const;
  /// "kpl": two or three small letters without a vowel that are no word
  bool is_small_initials(std::size_t i) const;
  /// Words of a name in small letters from token `first` on.
  void remove_small(std::size_t first, std::size_t shortest);

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  const NameIndex& names_;
  Removals& removals_;
};

}  // namespace naru::dicom
