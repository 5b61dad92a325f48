/// The cases of Russian names: "Иванов", "Иванова", "Ивановым".
#pragma once

#include <array>
#include <string_view>

namespace naru::dicom {

/// A Cyrillic name without the ending of its first case; empty where it is none, or shorter than three letters.
/// @param folded as FoldedText gives it: "й" is "и", "ё" is "е"
std::u32string_view cyrillic_stem(std::u32string_view folded);

/// Endings of the other cases, of men's and women's names.
inline constexpr std::array<std::u32string_view, 26> kCyrillicEndings = {
    U"",   U"а",  U"я",  U"у",  U"ю",  U"е",  U"и",  U"ы",  U"ои", U"еи",  U"ом",  U"ем",  U"ым",
    U"им", U"ых", U"их", U"ую", U"юю", U"ая", U"яя", U"ии", U"ыи", U"ого", U"его", U"ому", U"ему"};

/// Calls `f` with what is left of a Cyrillic word without each ending that it has.
template <typename F>
void for_each_cyrillic_stem(std::u32string_view folded, F f) {
  constexpr std::size_t kShortest = 3;
  if (folded.empty() || folded[0] < 0x0400 || folded[0] > 0x04FF) return;
  for (const std::u32string_view ending : kCyrillicEndings) {
    if (folded.size() >= ending.size() + kShortest && folded.ends_with(ending)) {
      f(folded.substr(0, folded.size() - ending.size()));
    }
  }
}

}  // namespace naru::dicom
