#include "dicom/deidentify/descriptor_inflections.h"

namespace naru::dicom {

std::u32string_view cyrillic_stem(std::u32string_view folded) {
  constexpr std::u32string_view kFirstCases[] = {U"ии", U"ыи", U"ои", U"ая", U"яя", U"а", U"я", U"и", U"ь"};
  constexpr std::size_t kShortest = 3;
  if (folded.size() < kShortest || folded[0] < 0x0400 || folded[0] > 0x04FF) return {};
  for (const std::u32string_view ending : kFirstCases) {
    if (folded.ends_with(ending))
      folded.remove_suffix(ending.size());
    else
      continue;
    break;
  }
  return folded.size() < kShortest ? std::u32string_view() : folded;
}

}  // namespace naru::dicom
