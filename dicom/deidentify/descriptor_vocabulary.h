/// The words of protocols and descriptions: what stays, and what tells names from words.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dicom/deidentify/descriptor_text.h"

namespace naru::dicom {

/// What a word is known as; a word may be several things.
enum WordFlag : std::uint16_t {
  kProtocolWord = 1,        ///< of anatomy, scanners, findings, or of everyday language
  kAlsoName = 2,            ///< such a word that is a common name as well
  kKnownName = 4,           ///< a common given name or surname
  kInstitution = 8,         ///< "hospital": the words around it name one
  kInstitutionFiller = 16,  ///< "general", "of": belongs to an institution's name and tells nothing alone
  kMeasure = 32,            ///< a setting or unit: numbers beside it are values
  kTitle = 64,              ///< "Dr": a name follows
  kDegree = 128,            ///< "MD": a name precedes
  kNameParticle = 256,      ///< "van": may stand inside a name
  kPlaceholder = 512,       ///< "UNKNOWN": stands where an identifier is not known
};
using WordFlags = std::uint16_t;

struct WordList {
  WordFlags flags;
  std::string_view words;  ///< between white space
};
std::span<const WordList> word_lists();

/// 0 for a word that no list holds.
WordFlags word_flags(WordHash hash);

/// True for a word of the vocabulary, its usual endings, or a word with an ending of medicine ("appendicitis").
/// @param folded as FoldedText gives it
bool is_known_word(std::u32string_view folded);

/// True where token i is there and is a unit or the name of a setting: a number beside it measures something.
bool is_measure(const FoldedText& text, std::size_t i);

/// True where a word of the vocabulary begins with these letters and goes on ("contr"); of four letters or more.
bool begins_known_word(WordHash hash);

}  // namespace naru::dicom
