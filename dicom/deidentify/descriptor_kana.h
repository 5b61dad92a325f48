/// Japanese names in Kana and in Latin letters.
/// Source: Hepburn, Kunrei and passport romanisation.
#pragma once

#include <string_view>

namespace naru::dicom {

/// True where `letters` (small ASCII) spell `kana` in some usual romanisation: long vowels written or not ("taro",
/// "tarou", "taroh").
/// @param kana Hiragana as FoldedText gives it, without the marks of voice: "か" is "ka" and "ga"
bool is_kana_spelling(std::string_view letters, std::u32string_view kana);

}  // namespace naru::dicom
