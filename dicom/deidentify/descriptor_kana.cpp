#include "dicom/deidentify/descriptor_kana.h"

#include <algorithm>
#include <string>

#include "dicom/deidentify/descriptor_romanisation.h"

namespace naru::dicom {

namespace {

struct Kana {
  char32_t kana;
  std::string_view spellings;
};
constexpr Kana kKana[] = {{U'あ', "a"},
                          {U'い', "i"},
                          {U'う', "u"},
                          {U'え', "e"},
                          {U'お', "o"},
                          {U'か', "ka ga"},
                          {U'き', "ki gi"},
                          {U'く', "ku gu"},
                          {U'け', "ke ge"},
                          {U'こ', "ko go"},
                          {U'さ', "sa za"},
                          {U'し', "shi si ji zi"},
                          {U'す', "su zu"},
                          {U'せ', "se ze"},
                          {U'そ', "so zo"},
                          {U'た', "ta da"},
                          {U'ち', "chi ti ji di"},
                          {U'つ', "tsu tu zu du"},
                          {U'て', "te de"},
                          {U'と', "to do"},
                          {U'な', "na"},
                          {U'に', "ni"},
                          {U'ぬ', "nu"},
                          {U'ね', "ne"},
                          {U'の', "no"},
                          {U'は', "ha ba pa"},
                          {U'ひ', "hi bi pi"},
                          {U'ふ', "fu hu bu pu"},
                          {U'へ', "he be pe"},
                          {U'ほ', "ho bo po"},
                          {U'ま', "ma"},
                          {U'み', "mi"},
                          {U'む', "mu"},
                          {U'め', "me"},
                          {U'も', "mo"},
                          {U'や', "ya"},
                          {U'ゆ', "yu"},
                          {U'よ', "yo"},
                          {U'ら', "ra"},
                          {U'り', "ri"},
                          {U'る', "ru"},
                          {U'れ', "re"},
                          {U'ろ', "ro"},
                          {U'わ', "wa"},
                          {U'を', "o wo"},
                          {U'ん', "n m"},
                          {U'っ', "k s t p c"},
                          {U'ー', ". h a i u e o"}};
// Behind another sound "う" makes it long, and so does "お".
constexpr std::string_view kLongU = ". u o h", kLongO = "o .";

std::string_view spellings_of(char32_t kana) {
  const auto* row = std::find_if(std::begin(kKana), std::end(kKana), [&](const Kana& k) { return k.kana == kana; });
  return row == std::end(kKana) ? std::string_view() : row->spellings;
}

/// "き" before a small "ゃ": "kya"; of "し" "sha" and "sya".
std::string drawn_together(std::string_view spellings, char vowel) {
  std::string together;
  for (std::size_t begin = 0; begin < spellings.size();) {
    const std::size_t end = std::min(spellings.find(' ', begin), spellings.size());
    const std::string consonant(spellings.substr(begin, end - begin - 1));
    if (!together.empty()) together += ' ';
    together += consonant + 'y' + vowel + ' ' + consonant + vowel;
    begin = end + 1;
  }
  return together;
}

char vowel_of_small(char32_t kana) { return kana == U'ゃ' ? 'a' : kana == U'ゅ' ? 'u' : kana == U'ょ' ? 'o' : '\0'; }

}  // namespace

bool is_kana_spelling(std::string_view letters, std::u32string_view kana) {
  constexpr std::size_t kLongest = 63;
  if (letters.empty() || letters.size() > kLongest) return false;
  std::uint64_t places = 1;
  for (std::size_t i = 0; i < kana.size() && places != 0; ++i) {
    const char small = i + 1 < kana.size() ? vowel_of_small(kana[i + 1]) : '\0';
    const std::string_view list = i > 0 && kana[i] == U'う'   ? kLongU
                                  : i > 0 && kana[i] == U'お' ? kLongO
                                                              : spellings_of(kana[i]);
    places = small == '\0' ? read_on(letters, places, list) : read_on(letters, places, drawn_together(list, small));
    if (small != '\0') ++i;
  }
  return (places >> letters.size() & 1U) != 0;
}

}  // namespace naru::dicom
