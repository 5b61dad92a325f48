#include "dicom/deidentify/descriptor_names.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "dicom/deidentify/descriptor_han_forms.h"
#include "dicom/deidentify/descriptor_hanja.h"
#include "dicom/deidentify/descriptor_inflections.h"
#include "dicom/deidentify/descriptor_romanisation.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kShortestStrong = 3, kShortestStem = 4;

/// What stands behind the last part that there may be belongs to it.
std::vector<std::string_view> split(std::string_view text, char separator, std::size_t most) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const bool is_last = parts.size() + 1 == most;
    const std::size_t end = is_last ? text.size() : std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

struct Replacement {
  std::string_view from, to;
};
// How letters are written where they are missing, and back; "ü" as passports and keyboards have it in Pinyin. Each row
// may or may not be so in a text: "Bjoernebraten". Two letters come before one, which gives them.
struct OtherWay {
  std::vector<Replacement> replacements;
  bool shortens_to_words = false;  ///< what it leaves of four letters may be an abbreviation ("Maar", "MAR")
};
const std::vector<OtherWay>& other_ways() {
  static const std::vector<OtherWay> rows = {
      {{{"ae", "a"}, {"Ae", "A"}, {"AE", "A"}}},
      {{{"oe", "o"}, {"Oe", "O"}, {"OE", "O"}}},
      {{{"ue", "u"}, {"Ue", "U"}, {"UE", "U"}}},
      {{{"aa", "a"}, {"Aa", "A"}, {"AA", "A"}}, true},
      {{{"dj", "d"}, {"Dj", "D"}, {"DJ", "D"}}, true},
      {{{"ä", "ae"}, {"Ä", "Ae"}}},
      {{{"ö", "oe"}, {"Ö", "Oe"}, {"ø", "oe"}, {"Ø", "Oe"}}},
      {{{"ü", "ue"}, {"Ü", "Ue"}}},
      {{{"å", "aa"}, {"Å", "Aa"}}},
      {{{"đ", "dj"}, {"Đ", "Dj"}}},
      {{{"Mc", "Mac"}, {"MC", "MAC"}}},
      {{{"Mac", "Mc"}, {"MAC", "MC"}}, true},
      {{{"lü", "lv"}, {"nü", "nv"}, {"Lü", "Lv"}, {"Nü", "Nv"}, {"LÜ", "LV"}, {"NÜ", "NV"}}},
      {{{"lü", "lyu"}, {"nü", "nyu"}, {"Lü", "Lyu"}, {"Nü", "Nyu"}, {"LÜ", "LYU"}, {"NÜ", "NYU"}}},
  };
  return rows;
}

std::string replaced(std::string_view text, std::span<const Replacement> replacements) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto row = std::find_if(replacements.begin(), replacements.end(),
                                  [&](const Replacement& r) { return text.substr(i).starts_with(r.from); });
    result += row == replacements.end() ? text.substr(i, 1) : row->to;
    i += row == replacements.end() ? 1 : row->from.size();
  }
  return result;
}

/// Without apostrophes.
std::string ascii(std::u32string_view word) {
  std::string letters;
  for (const char32_t code : word) {
    if (!is_apostrophe(code)) letters += static_cast<char>(code);
  }
  return letters;
}

/// A title, a degree, or what stands where no name is known; "NA" is a surname all the same.
bool tells_nobody(const FoldedText& text, const Token& token) {
  const WordFlags flags = word_flags(token.hash);
  if ((flags & (kTitle | kDegree)) != 0) return true;
  return (flags & kPlaceholder) != 0 && !(token.is_letters() && is_surname_spelling(ascii(text.folded(token))));
}

bool is_latin(const FoldedText& text, const Token& token) {
  const std::u32string_view word = text.folded(token);
  return token.is_letters() && !tells_nobody(text, token) &&
         std::all_of(word.begin(), word.end(), [](char32_t code) { return code < 0x80 || is_apostrophe(code); });
}

/// A word that is a surname or a usual given name as well: not "Phantom", "Water".
bool is_called_so(const Token& token, std::u32string_view word) {
  if ((word_flags(token.hash) & kKnownName) != 0) return true;
  return token.is_letters() && is_surname_spelling(ascii(word));
}

/// Of Korea, or one of those in Pinyin that most of China are called.
bool is_east_asian_surname(std::string_view letters) {
  constexpr std::string_view kChinese[] = {
      "cai",  "cao",  "chen", "cheng", "deng", "ding",  "dong",  "du",    "fan",   "feng", "fu",   "gao", "guo",
      "han",  "he",   "hu",   "huang", "jia",  "jiang", "li",    "liang", "lin",   "liu",  "lu",   "luo", "ma",
      "peng", "shen", "song", "su",    "sun",  "tang",  "tian",  "wang",  "wei",   "wu",   "xiao", "xie", "xu",
      "xue",  "yang", "ye",   "yu",    "yuan", "zeng",  "zhang", "zhao",  "zheng", "zhou", "zhu"};
  return is_surname_spelling(letters) || std::ranges::find(kChinese, letters) != std::end(kChinese);
}

/// Letters that begin the second syllable of a name in Korean or Chinese: "s" of "Jisoo", "m" of "Xiaoming".
std::string later_syllables(std::string_view given) {
  constexpr std::string_view kVowels = "aeiou", kSemivowels = "wyh", kCodas = "nglmkbptr";
  const auto is_in = [&](std::string_view letters, std::size_t i) {
    return i < given.size() && letters.find(given[i]) != std::string_view::npos;
  };
  std::string initials;
  for (std::size_t i = 2; i < given.size(); ++i) {
    const bool begins = !is_in(kVowels, i) && (is_in(kVowels, i + 1) || is_in(kSemivowels, i + 1));
    const bool is_behind = is_in(kVowels, i - 1) || (is_in(kCodas, i - 1) && is_in(kVowels, i - 2)) ||
                           (i >= 3 && given[i - 1] == 'g' && given[i - 2] == 'n');
    if (begins && is_behind) initials += given[i];
  }
  return initials;
}

std::string joined(std::span<const std::string> words) {
  std::string all;
  for (const std::string& word : words) all += word;
  return all;
}

std::u32string first_letter(std::string_view word) {
  return word.empty() ? std::u32string() : std::u32string(1, static_cast<unsigned char>(word[0]));
}

}  // namespace

void NameIndex::add(std::string_view person_name) {
  initials_.emplace_back();
  words_.emplace_back();
  for (const std::string_view group : split(person_name, '=', 3)) add_group(group);
}

void NameIndex::add_group(std::string_view group) {
  const auto components = split(group, '^', kComponents);
  std::array<std::u32string, 2> east_asian;  // family and given name
  std::array<std::vector<std::string>, 2> latin;
  for (std::size_t i = 0; i < components.size(); ++i) {
    add_component(components[i], static_cast<std::uint8_t>(i * kMostWords));
    const FoldedText text(components[i]);
    if (i < 2) add_kana(text, static_cast<std::uint8_t>(i * kMostWords));
    for (const Token& token : text.tokens()) {
      if (token.is_east_asian() && i < 2) east_asian[i] += text.folded(token);
      if (is_latin(text, token) && i < 3) latin[std::min<std::size_t>(i, 1)].push_back(ascii(text.folded(token)));
    }
  }
  if (latin[0].size() == 1 && latin[1].size() == 1 && is_east_asian_surname(latin[0][0])) {
    const std::string later = later_syllables(latin[1][0]);
    for (const char c : later) initials_.back().add(static_cast<unsigned char>(c), kMostWords + 1);
    const std::u32string of_three[] = {
        first_letter(latin[0][0]), first_letter(latin[1][0]), {later.begin(), later.end()}};
    add_initials(of_three);
  }
  std::vector<std::u32string> all;
  for (const auto& words : latin) std::ranges::transform(words, std::back_inserter(all), first_letter);
  add_initials(all);
  if (!latin[0].empty() && !latin[1].empty()) {
    add_latin_for_kana(joined(latin[0]) + joined(latin[1]), 2 * kMostWords);
    add_latin_for_kana(joined(latin[1]) + joined(latin[0]), 2 * kMostWords);
  }
  auto& [family, given] = east_asian;
  if (given.empty() && family.size() >= 2) {
    const std::size_t length = surname_length(family);
    given = family.substr(length);
    family.resize(length);
  }
  if (!family.empty() && !given.empty()) {
    add_east_asian(family, given);
    for (const std::u32string& form : han_forms(family + given)) {
      add_east_asian(form.substr(0, family.size()), form.substr(family.size()));
    }
  }
  if (!latin[1].empty()) return add_latin(joined(latin[0]), joined(latin[1]));
  // "LEE SOO MIN", "Soo Min Lee", "LEESOOMIN"
  std::vector<std::string>& words = latin[0];
  if (words.size() < 2) return add_latin(joined(words), "");
  add_latin(words.front(), joined(std::span(words).subspan(1)));
  add_latin(words.back(), joined(std::span(words).first(words.size() - 1)));
}

/// The whole name, and the given name alone. Which of two parts is the family's name, headers do not always say.
void NameIndex::add_latin(std::string_view family, std::string_view given) {
  constexpr std::size_t kShortestWhole = 4, kShortestGiven = 4, kLongest = 40;
  const auto person = static_cast<std::uint16_t>(initials_.size() - 1);
  const std::size_t length = family.size() + given.size();
  if (length < kShortestWhole || length > kLongest) return;
  const auto add = [&](std::string letters, std::size_t number, bool is_whole, bool is_reversed) {
    const auto size = static_cast<std::uint8_t>(letters.size());
    const Part part{person, static_cast<std::uint8_t>(number), Rank::strong, size};
    latin_.push_back({std::move(letters), part, is_whole, is_reversed});
  };
  if (given.empty()) return add(std::string(family), 2 * kMostWords, true, false);
  bool is_reversed = false;
  for (const auto& [first, second] : {std::pair(family, given), std::pair(given, family)}) {
    if (!is_surname_spelling(first)) continue;
    add(std::string(first).append(second), 2 * kMostWords, true, is_reversed);
    if (second.size() >= kShortestGiven) add(std::string(second), kMostWords, false, false);
    is_reversed = true;
  }
}

/// A family's or a given name in Kana or in Latin letters, to be compared with texts in the other.
void NameIndex::add_kana(const FoldedText& component, std::uint8_t number) {
  constexpr std::size_t kShortest = 2, kLongest = 24;
  const auto person = static_cast<std::uint16_t>(initials_.size() - 1);
  for (const Token& token : component.tokens()) {
    const std::u32string_view word = component.folded(token);
    if (is_latin(component, token)) add_latin_for_kana(ascii(word), number);
    if (token.kind != TokenKind::kana || word.size() < kShortest || word.size() > kLongest) continue;
    kana_.push_back({std::u32string(word), {}, {person, number, Rank::strong, static_cast<std::uint8_t>(word.size())}});
  }
}

void NameIndex::add_latin_for_kana(std::string letters, std::uint8_t number) {
  constexpr std::size_t kShortest = 3, kLongest = 40;
  if (letters.size() < kShortest || letters.size() > kLongest) return;
  const auto person = static_cast<std::uint16_t>(initials_.size() - 1);
  const auto size = static_cast<std::uint8_t>(letters.size());
  latin_for_kana_.push_back({{}, std::move(letters), {person, number, Rank::strong, size}});
}

void NameIndex::add_component(std::string_view component, std::uint8_t number) {
  struct Form {
    std::string text;
    bool are_short_telling = true;
  };
  constexpr std::size_t kMostForms = 32;
  std::vector<Form> forms = {{std::string(component)}};
  for (const OtherWay& way : other_ways()) {
    for (std::size_t n = forms.size(); n-- > 0 && forms.size() < kMostForms;) {
      std::string other = replaced(forms[n].text, way.replacements);
      if (other == forms[n].text) continue;
      forms.push_back({std::move(other), forms[n].are_short_telling && !way.shortens_to_words});
    }
  }
  for (const Form& form : forms) add_words(form.text, number, form.are_short_telling);
}

void NameIndex::add_words(std::string_view component, std::uint8_t number, bool are_short_telling) {
  const FoldedText text(component);
  WordHash joined = kHashSeed;
  std::size_t joined_length = 0, words = 0;
  char32_t joined_first = 0;
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].is_number() || tells_nobody(text, tokens[i])) continue;
    // "McDonald" is cut for its capital, but one word.
    std::size_t end = i + 1, length = tokens[i].length;
    WordHash hash = tokens[i].hash;
    for (; end < tokens.size() && tokens[end].is_glued && tokens[end].kind == tokens[i].kind; ++end) {
      hash = hash_on(hash, text.folded(tokens[end]));
      length += tokens[end].length;
    }
    const char32_t first = text.chars()[tokens[i].begin].code;
    const auto word = static_cast<std::uint8_t>(number + std::min(words, kMostWords - 1));
    if (length == 1 && tokens[i].is_letters()) {
      initials_.back().add(first, word);
    } else {
      const bool is_telling = are_short_telling || length > kShortestStrong;
      const Rank rank = is_telling ? rank_of(tokens[i], hash, length) : Rank::weak;
      add_part(hash, first, length, word, rank);
      note_word(tokens[i], is_called_so(tokens[i], text.folded(tokens[i])) || rank == Rank::strong, word);
      if (rank == Rank::strong) add_beginnings(text.folded(tokens[i].begin, tokens[end - 1].end), word);
      const std::u32string_view stem = cyrillic_stem(text.folded(tokens[i]));
      if (!stem.empty()) {
        const auto person = static_cast<std::uint16_t>(initials_.size() - 1);
        stems_.add(hash_of_folded(stem), stem[0],
                   {person, word, stem.size() >= kShortestStem ? rank : Rank::weak, static_cast<std::uint8_t>(length)});
      }
    }
    for (std::size_t k = i; k < end; ++k) joined = hash_on(joined, text.folded(tokens[k]));
    if (words == 0) joined_first = first;
    joined_length += length;
    ++words;
    i = end - 1;
  }
  if (words < 2 || words > kMostWords) return;
  add_part(joined, joined_first, joined_length, number, joined_length >= kShortestPartial ? Rank::strong : Rank::weak);
}

void NameIndex::note_word(const Token& token, bool is_telling, std::uint8_t number) {
  Words& words = words_.back();
  const WordFlags flags = word_flags(token.hash);
  words.has_telling = words.has_telling || is_telling;
  words.has_plain = words.has_plain || (!is_telling && (flags & (kAlsoName | kNameParticle)) == 0);
  if ((flags & kAlsoName) != 0) words.names |= 1U << number;
}

NameIndex::Rank NameIndex::rank_of(const Token& token, WordHash hash, std::size_t length) {
  const std::size_t shortest = token.is_east_asian() ? 2 : kShortestStrong;
  const bool is_word = (word_flags(hash) & (kProtocolWord | kNameParticle)) != 0;
  return length < shortest || is_word ? Rank::weak : Rank::strong;
}

/// What fields cut to their length, abbreviations and logins leave of a name: nothing that is, or begins, a word of the
/// vocabulary ("contr" of "Contreras").
void NameIndex::add_beginnings(std::u32string_view word, std::uint8_t number) {
  if (!std::all_of(word.begin(), word.end(), [](char32_t code) { return code < 0x80 || is_apostrophe(code); })) return;
  const std::string letters = ascii(word);
  const auto length = static_cast<std::uint8_t>(std::min<std::size_t>(letters.size(), 255));
  const auto person = static_cast<std::uint16_t>(initials_.size() - 1);
  WordHash hash = kHashSeed;
  for (std::size_t n = 0; n + 1 < length; ++n) {
    hash = hash_on(hash, static_cast<char32_t>(letters[n]));
    const std::u32string beginning(letters.begin(), letters.begin() + static_cast<std::ptrdiff_t>(n + 1));
    if (n + 1 < kShortestBeginning || begins_known_word(hash) || is_known_word(beginning)) continue;
    beginnings_.add(hash, beginning[0], {person, number, Rank::strong, length});
  }
}

void NameIndex::add_part(WordHash hash, char32_t first, std::size_t length, std::uint8_t number, Rank rank) {
  initials_.back().add(first, number);
  index_.add(hash, first,
             {static_cast<std::uint16_t>(initials_.size() - 1), number, rank,
              static_cast<std::uint8_t>(std::min<std::size_t>(length, 255))});
}

void NameIndex::add_east_asian(std::u32string_view family, std::u32string_view given) {
  const std::u32string whole = std::u32string(family).append(given);
  constexpr std::uint8_t kGiven = kMostWords;
  add_part(hash_of_folded(family), family[0], family.size(), 0, family.size() < 2 ? Rank::weak : Rank::strong);
  const bool is_word = (word_flags(hash_of_folded(given)) & kProtocolWord) != 0;
  add_part(hash_of_folded(given), given[0], given.size(), kGiven,
           given.size() < 2 || is_word ? Rank::weak : Rank::strong);
  const Rank rank = whole.size() >= 3 ? Rank::whole : Rank::strong;
  add_part(hash_of_folded(whole), whole[0], whole.size(), 2 * kMostWords, rank);
  // Given name first: what stands so may be a word with a particle as well ("지연이" is "the delay").
  const std::u32string reversed = std::u32string(given).append(family);
  if (!is_word && given.size() >= 2) {
    add_part(hash_of_folded(reversed), reversed[0], reversed.size(), 2 * kMostWords, Rank::strong);
  }
  add_romanised(family, given);
  for (const std::u32string& reading : name_readings(whole)) {
    const std::size_t length = surname_length(reading);
    add_east_asian(reading.substr(0, length), reading.substr(length));
  }
}

void NameIndex::add_romanised(std::u32string_view family, std::u32string_view given) {
  const std::string_view surnames = surname_spellings(family);
  if (!surnames.empty()) add_words(surnames, 0);
  const auto add_spellings = [&](std::u32string_view hangul, std::uint8_t number, bool is_whole) {
    for (const Spelling& spelling : spellings(hangul)) {
      const bool is_word = (word_flags(spelling.hash) & kProtocolWord) != 0;
      const Rank rank = is_whole && spelling.length > kShortestStrong && !is_word ? Rank::strong : Rank::weak;
      add_part(spelling.hash, spelling.first, spelling.length, number, rank);
    }
  };
  add_spellings(given, kMostWords, true);
  for (std::size_t i = 0; i < given.size() && i < kMostWords && given.size() > 1; ++i) {
    add_spellings(given.substr(i, 1), static_cast<std::uint8_t>(kMostWords + i), false);
  }
  if (given.size() != 2) return;
  const auto letters_of = [](std::u32string_view syllable) {
    std::u32string letters;
    for (const Spelling& spelling : spellings(syllable)) {
      if (letters.find(spelling.first) == letters.npos) letters += spelling.first;
    }
    return letters;
  };
  std::u32string of_family;
  const FoldedText words(surnames);
  for (const Token& token : words.tokens()) {
    const char32_t first = words.chars()[token.begin].code;
    if (of_family.find(first) == of_family.npos) of_family += first;
  }
  const std::u32string of_three[] = {of_family, letters_of(given.substr(0, 1)), letters_of(given.substr(1))};
  add_initials(of_three);
}

/// "HJY", "JYH" and "YHJ", where the header has "Han^Ji Yeong": headers do not always say which is the family's name.
/// @param letters that each of the names, or syllables, may begin with
void NameIndex::add_initials(std::span<const std::u32string> letters) {
  constexpr std::size_t kFewest = 2, kMost = 5;
  if (letters.size() < kFewest || letters.size() > kMost) return;
  std::vector<std::u32string> rows = {U""};
  for (const std::u32string& choices : letters) {
    std::vector<std::u32string> longer;
    for (const std::u32string& row : rows) {
      for (const char32_t letter : choices) longer.push_back(row + letter);
    }
    rows = std::move(longer);
  }
  for (std::u32string& row : rows) {
    for (std::size_t n = 0; n < row.size(); ++n) {
      whole_initials_.add(hash_of_folded(row), row[0], true);
      std::ranges::rotate(row, row.begin() + 1);
    }
  }
}

}  // namespace naru::dicom
