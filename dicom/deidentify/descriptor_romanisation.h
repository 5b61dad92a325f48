/// How Korean names are written in Latin letters.
/// Source: Revised Romanisation (2000), McCune-Reischauer without its marks, and the spellings that passports show.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dicom/deidentify/descriptor_text.h"

namespace naru::dicom {

/// True for a syllable (or two) that is a Korean surname.
bool is_korean_surname(std::u32string_view hangul);

/// Length in syllables of the surname that a full name begins with: 2 for 남궁, 황보 and the like; 1 otherwise.
std::size_t surname_length(std::u32string_view hangul);

/// The usual spellings of a surname in small letters, between spaces; empty for one that is not known.
std::string_view surname_spellings(std::u32string_view hangul);

/// Hashes and lengths of every usual spelling of syllables written as one word: 길동 gives gildong, kildong, giltong
/// ...
struct Spelling {
  WordHash hash = kHashSeed;
  std::uint32_t length = 0;
  char32_t first = 0;  ///< letter
};
std::vector<Spelling> spellings(std::u32string_view hangul);

/// Places in a word of up to 63 letters, a bit each: where reading on from one of `places` by one of the spellings
/// ends.
/// @param list between spaces, "." for none
std::uint64_t read_on(std::string_view letters, std::uint64_t places, std::string_view list);

/// True for small letters that are a usual spelling of some surname.
bool is_surname_spelling(std::string_view letters);

/// True where small letters are, from the first to the last, a usual spelling of the syllables.
/// @param letters up to 63
/// @param begins_with_surname the first syllable (or two) is a surname, spelled as one; false where it is none
bool is_spelling(std::string_view letters, std::u32string_view hangul, bool begins_with_surname);

}  // namespace naru::dicom
