/// How Koreans read Chinese characters: a name that stands in one script is found in the other.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::dicom {

struct HanjaReading {
  char32_t hangul;
  std::u32string_view hanja;  ///< all characters that are read so
};
std::span<const HanjaReading> hanja_readings();

/// True for a character that Korean surnames are written with.
bool is_surname_hanja(char32_t hanja);

/// Behind a name in Han characters, with a space or without; Japanese and Chinese.
inline constexpr std::u32string_view kHanTitles[] = {U"様",   U"殿",   U"先生", U"医師", U"医师",
                                                     U"醫師", U"医生", U"醫生", U"教授", U"大夫"};

/// What a name's characters are read as, the first as a surname ("金哲洙": 김철수), in all ways but for a limit; none
/// where a character has no reading or the first is no surname's.
/// @param hanja up to four characters
std::vector<std::u32string> name_readings(std::u32string_view hanja);

}  // namespace naru::dicom
