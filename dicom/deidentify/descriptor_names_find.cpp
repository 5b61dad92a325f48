#include <algorithm>
#include <bit>
#include <string>

#include "dicom/deidentify/descriptor_hanja.h"
#include "dicom/deidentify/descriptor_inflections.h"
#include "dicom/deidentify/descriptor_kana.h"
#include "dicom/deidentify/descriptor_names.h"
#include "dicom/deidentify/descriptor_romanisation.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

/// Longer words are no names joined: so looking inside them costs no more than their length.
constexpr std::size_t kLongestJoined = 40;

// What is said after a name without a space; a known word may follow as well ("환자", "교수").
constexpr std::u32string_view kParticles[] = {U"님",   U"씨",   U"군",   U"양",   U"의",   U"은",     U"는",   U"이",
                                              U"가",   U"을",   U"를",   U"께",   U"에",   U"에게",   U"께서", U"님의",
                                              U"님이", U"님은", U"さん", U"さま", U"くん", U"ちゃん", U"の",   U"は",
                                              U"か",   U"も",   U"に",   U"氏",   U"女士", U"技師",   U"技师", U"院長",
                                              U"院长", U"部長", U"主任", U"护士", U"護士", U"看護師"};

bool may_follow_name(std::u32string_view rest) {
  return is_one_of(rest, kParticles) || is_one_of(rest, kHanTitles) || is_known_word(rest);
}

bool has_apostrophe(const Token& token) { return token.length != token.end - token.begin; }

/// A token's letters alone: "dangelo" of "D'Angelo's".
std::u32string letters_of(const FoldedText& text, const Token& token) {
  std::u32string letters(text.folded(token));
  if (!has_apostrophe(token)) return letters;
  if (!possessive_stem(letters).empty()) letters.resize(letters.size() - 2);
  std::erase_if(letters, is_apostrophe);
  return letters;
}

/// As joins_names, or a word is broken at the end of a line ("David-\nson").
bool joins_pieces(std::u32string_view gap) {
  return joins_names(gap) || (gap.size() <= 3 && gap.find_first_not_of(U"-\r\n") == std::u32string_view::npos);
}

}  // namespace

bool joins_names(std::u32string_view gap) {
  constexpr std::u32string_view kJoining = U" -_.,^'/\u2019\u00B7\u30FB\u2010";
  return gap.size() <= 3 && gap.find_first_not_of(kJoining) == std::u32string_view::npos;
}

void NameIndex::find(const FoldedText& text, Removals& removals) const {
  if (index_.empty()) return;
  Units units;
  find_words(text, units);
  if (units.empty()) return;
  keep_names(text, units);
  for (std::size_t n = 0; n < units.size(); ++n) {
    if (!units[n].is_removed) continue;
    removals.push_back({units[n].begin, units[n].end, DescriptorReason::name});
    remove_initials(text, units[n], parts_beside(units, n), removals);
  }
}

/// What is the word, as it is written, or as its Latin spelling is. Many a word is spelled as some name is ("강도",
/// Kang Do): a known one is a name only before what is said to persons.
template <typename F>
void NameIndex::for_each_part(std::u32string_view word, std::u32string_view behind, F f) const {
  index_.for_each(hash_of_folded(word), f);
  constexpr std::size_t kLongest = 4;
  if (latin_.empty() || word.size() > kLongest) return;
  const bool is_person = behind.starts_with(U'님') || behind.starts_with(U'씨');
  if (!is_person && is_known_word(word)) return;
  for (const LatinName& name : latin_) {
    if (name.is_reversed && word.size() == 2 && !is_person) continue;
    if (is_spelling(name.letters, word, name.begins_with_surname)) f(name.part);
  }
}

/// All words and rows of up to four words that are a part of some name.
void NameIndex::find_words(const FoldedText& text, Units& units) const {
  // One word may be a part of a thousand persons, and units are compared with those beside them.
  constexpr std::size_t kMostOfAWord = 48;
  for (std::uint32_t i = 0; i < text.tokens().size(); ++i) {
    const std::size_t most = units.size() + kMostOfAWord;
    if (!text.tokens()[i].is_number()) find_word(text, i, units);
    if (units.size() > most) units.erase(units.begin() + static_cast<std::ptrdiff_t>(most), units.end());
  }
}

/// From token `i` on.
void NameIndex::find_word(const FoldedText& text, std::uint32_t i, Units& units) const {
  const auto& tokens = text.tokens();
  const std::size_t found_before = units.size();
  if (index_.may_begin_with(text.chars()[tokens[i].begin].code)) find_rows(text, i, units);
  find_kana(text, i, units);
  if (units.size() == found_before) find_inflected(text, i, units);
  if (units.size() != found_before) return;
  if (tokens[i].is_east_asian()) {
    find_in_run(text, i, units);
    if (units.size() == found_before && tokens[i].kind == TokenKind::hangul) find_spaced(text, i, units);
    if (units.size() == found_before && tokens[i].kind == TokenKind::han) find_hanja(text, i, units);
  } else if (tokens[i].length >= kShortestBeginning && tokens[i].length <= kLongestJoined &&
             (word_flags(tokens[i].hash) & kProtocolWord) == 0) {
    find_login(text, i, units);
    if (units.size() == found_before) find_shortened(text, i, units);
    if (units.size() == found_before && tokens[i].length >= kShortestPartial) find_joined(text, i, units);
  }
}

/// Rows of words from token `i` on: "Mc Allister", "O'Brien's".
void NameIndex::find_rows(const FoldedText& text, std::uint32_t i, Units& units) const {
  const auto& tokens = text.tokens();
  WordHash hash = kHashSeed;
  std::size_t length = 0, words = 1;
  for (std::uint32_t last = i;;) {
    const std::u32string_view stem = has_apostrophe(tokens[last]) ? possessive_stem(text.folded(tokens[last])) : U"";
    const WordHash of_stem = hash_on(hash, stem);
    hash = hash_on(hash, text.folded(tokens[last]));
    length += tokens[last].length;
    const bool is_loose = last > i && length < kShortestPartial && !tokens[last].is_glued;
    const auto add = [&](Part part) {
      if (is_loose && part.rank == Rank::strong && tokens[i].is_letters()) part.rank = Rank::weak;
      units.push_back({i, last, tokens[i].begin, tokens[end_of_tone(text, last)].end, part});
    };
    index_.for_each(hash, add);
    if (!stem.empty()) index_.for_each(of_stem, add);
    last = end_of_tone(text, last) + 1;
    if (last == tokens.size() || tokens[last].kind != tokens[i].kind || !joins_pieces(text.gap_before(last))) return;
    // "QuAcKeNbUsH" is cut into many pieces, but one word.
    words += tokens[last].is_glued ? 0 : 1;
    if (words > kMostWords || length > kLongestJoined) return;
  }
}

/// "wang2 xiao3ming2": the token of a tone's number behind one of letters, or the token itself.
std::uint32_t NameIndex::end_of_tone(const FoldedText& text, std::uint32_t token) const {
  const auto& tokens = text.tokens();
  const std::uint32_t next = token + 1;
  constexpr std::int64_t kTones = 5;
  const bool is_tone = next < tokens.size() && tokens[token].is_letters() && tokens[next].is_number() &&
                       tokens[next].is_glued && tokens[next].length == 1 && text.number(tokens[next]) <= kTones &&
                       (next + 1 == tokens.size() || !tokens[next + 1].is_glued ||
                        (tokens[next + 1].token_case == TokenCase::lower && tokens[next + 1].length > 1));
  return is_tone && text.number(tokens[next]) > 0 ? next : token;
}

/// "Иванову", where the header has "Иванов" or "Иванова".
void NameIndex::find_inflected(const FoldedText& text, std::uint32_t i, Units& units) const {
  const Token& token = text.tokens()[i];
  if (stems_.empty() || !token.is_raised()) return;
  for_each_cyrillic_stem(text.folded(token), [&](std::u32string_view stem) {
    stems_.for_each(hash_of_folded(stem), [&](const Part& part) {
      units.push_back({i, i, token.begin, token.end, part});
    });
  });
}

/// "やまだ" and "ヤマダ" where the header has "Yamada", and the other way round.
void NameIndex::find_kana(const FoldedText& text, std::uint32_t i, Units& units) const {
  const Token& token = text.tokens()[i];
  const std::u32string_view word = text.folded(token);
  constexpr std::size_t kShortestKana = 3, kShortestLetters = 4, kLongest = 24;
  const bool is_kana = token.kind == TokenKind::kana;
  const auto& names = is_kana ? latin_for_kana_ : kana_;
  const bool is_latin = token.is_letters() && word[0] < 0x80;
  if (names.empty() || (!is_kana && !is_latin) || word.size() > kLongest || is_known_word(word)) return;
  // Words of other languages have long sounds ("ガード"), names in Kana seldom.
  const bool is_doubtful = word.find(U'ー') != word.npos;
  const auto add = [&](std::size_t length, std::size_t shortest, Part part) {
    if (length < shortest || is_doubtful) part.rank = Rank::weak;
    units.push_back({i, i, token.begin, static_cast<std::uint32_t>(token.begin + length), part});
  };
  const std::string letters = is_kana ? std::string() : std::string(word.begin(), word.end());
  for (const KanaName& name : names) {
    if (!is_kana && is_kana_spelling(letters, name.kana)) add(word.size(), kShortestLetters, name.part);
    for (std::size_t n = word.size(); is_kana && n >= 2; --n) {
      if (n < word.size() && !may_follow_name(word.substr(n))) continue;
      if (!is_kana_spelling(name.letters, word.substr(0, n))) continue;
      add(n, kShortestKana, name.part);
      break;
    }
  }
}

/// "jslee", "leejs", "wangxm": a part, be it a word as well, behind or before initials of others; what is a word itself
/// ("echo") is none.
void NameIndex::find_login(const FoldedText& text, std::uint32_t i, Units& units) const {
  constexpr std::size_t kShortestPart = 3, kMostInitials = 3, kMostBesideAWord = 2;
  const auto& tokens = text.tokens();
  const Token& token = tokens[i];
  const bool is_in_pieces = token.is_glued || (i + 1 < tokens.size() && tokens[i + 1].is_glued);
  if (is_in_pieces || text.folded(token)[0] >= 0x80) return;
  const std::u32string plain = has_apostrophe(token) ? letters_of(text, token) : std::u32string();
  const std::u32string_view letters = plain.empty() ? text.folded(token) : std::u32string_view(plain);
  const auto look_up = [&](std::u32string_view part, std::u32string_view initials) {
    if (part.size() < kShortestPart || !index_.may_begin_with(part[0])) return;
    index_.for_each(hash_of_folded(part), [&](Part one) {
      const bool is_word = one.rank == Rank::weak;
      if (is_word && (initials.size() > kMostBesideAWord || !may_name(hash_of_folded(part), one.person))) return;
      const std::uint32_t used = 1U << one.number;
      const bool is_all =
          std::ranges::all_of(initials, [&](char32_t code) { return initials_[one.person].contains(code, used); });
      if (!is_all || is_known_word(letters)) return;
      one.rank = Rank::strong;
      units.push_back({i, i, token.begin, token.end, one});
    });
  };
  for (std::size_t n = 1; n <= kMostInitials && n < letters.size(); ++n) {
    look_up(letters.substr(n), letters.substr(0, n));
    look_up(letters.substr(0, letters.size() - n), letters.substr(letters.size() - n));
  }
}

/// A word that somebody of the header is called and many others are ("Lee", "Brown"), not one of a test's ("Phantom").
bool NameIndex::may_name(WordHash hash, std::uint16_t person) const {
  const Words& words = words_[person];
  const bool is_somebody = words.has_telling || (!words.has_plain && std::popcount(words.names) >= 2);
  return is_somebody && (word_flags(hash) & (kAlsoName | kKnownName)) != 0;
}

/// True where letters are nothing but different parts and initials of one person's name.
bool NameIndex::is_cover(std::u32string_view letters, std::uint16_t person, std::uint32_t used, int parts) const {
  if (letters.empty()) return parts >= 2;
  bool is_covered = false;
  WordHash hash = kHashSeed;
  for (std::size_t n = 1; n <= letters.size() && !is_covered; ++n) {
    hash = hash_on(hash, letters[n - 1]);
    if (n == 1) continue;
    index_.for_each(hash, [&](const Part& part) {
      const std::uint32_t bit = 1U << (part.number % 32U);
      if (is_covered || part.person != person || (used & bit) != 0) return;
      is_covered = is_cover(letters.substr(n), person, used | bit, parts + 1);
    });
  }
  // Initials before or after a part of at least four letters.
  if (!is_covered && letters.size() <= 2 && parts == 1) {
    is_covered =
        std::all_of(letters.begin(), letters.end(), [&](char32_t code) { return initials_[person].contains(code); });
  }
  return is_covered;
}

/// True for the beginning of another part of the name, or that part.
bool NameIndex::is_two_beginnings(std::u32string_view letters, const Part& first) const {
  if (letters.size() < kShortestBeginning) return false;
  bool is_found = false;
  const auto look = [&](const Part& part) {
    is_found = is_found || (part.person == first.person && part.number != first.number);
  };
  beginnings_.for_each(hash_of_folded(letters), look);
  index_.for_each(hash_of_folded(letters), look);
  return is_found;
}

/// "Davids" of "Davidson": half of a name and five letters alone; five with a point or an initial ("ddavid"); four
/// beside another part of the name.
void NameIndex::find_shortened(const FoldedText& text, std::uint32_t i, Units& units) const {
  const auto& tokens = text.tokens();
  const Token& token = tokens[i];
  const std::u32string_view letters = text.folded(token);
  if (beginnings_.empty() || is_known_word(letters)) return;
  const bool has_point = text.gap_before(i + 1).starts_with(U'.');
  const auto add = [&](Part part, bool is_strong) {
    part.rank = is_strong ? Rank::strong : Rank::weak;
    units.push_back({i, i, token.begin, token.end + (has_point ? 1U : 0U), part});
  };
  const bool is_long = letters.size() >= kShortestPartial;
  beginnings_.for_each(token.hash, [&](const Part& part) {
    const bool is_behind_initial =
        i > 0 && token.is_glued && tokens[i - 1].length == 1 && is_initial(text, i - 1, part.person, 0);
    add(part, is_long && (2 * letters.size() >= part.length || has_point || is_behind_initial));
  });
  if (letters.size() > kShortestPartial) {
    beginnings_.for_each(hash_of_folded(letters.substr(1)), [&](const Part& part) {
      if (initials_[part.person].contains(letters.front())) add(part, true);
    });
    beginnings_.for_each(hash_of_folded(letters.substr(0, letters.size() - 1)), [&](const Part& part) {
      if (initials_[part.person].contains(letters.back())) add(part, true);
    });
  }
  WordHash hash = kHashSeed;
  for (std::size_t n = 1; n + kShortestBeginning <= letters.size(); ++n) {
    hash = hash_on(hash, letters[n - 1]);
    if (n < kShortestBeginning) continue;
    const auto look = [&](const Part& part) {
      if (is_two_beginnings(letters.substr(n), part)) add(part, true);
    };
    beginnings_.for_each(hash, look);
    index_.for_each(hash, look);
  }
}

/// "davidsondouglas", "ddavidson", "hongkildong"
void NameIndex::find_joined(const FoldedText& text, std::uint32_t i, Units& units) const {
  const Token& token = text.tokens()[i];
  const std::u32string all = letters_of(text, token);
  const std::u32string_view letters = all;
  const std::size_t found_before = units.size();
  WordHash hash = kHashSeed;
  for (std::size_t n = 1; n < letters.size() && units.size() == found_before; ++n) {
    hash = hash_on(hash, letters[n - 1]);
    if (!index_.may_begin_with(letters[0]) || n < 2) continue;
    index_.for_each(hash, [&](const Part& part) {
      if (units.size() != found_before) return;
      const std::u32string_view rest = letters.substr(n);
      const bool has_initials = rest.size() <= 2 && !index_.contains(hash_of_folded(rest));
      if (has_initials && part.rank == Rank::weak) return;
      if (is_cover(rest, part.person, 1U << (part.number % 32U), 1)) {
        units.push_back({i, i, token.begin, token.end, {part.person, part.number, Rank::strong, part.length}});
      }
    });
  }
  if (units.size() == found_before && !is_known_word(letters)) find_at_edges(text, i, letters, units);
}

/// "ddavidson"; "davidsonct" and "ctdavidson": a part of at least five letters at the beginning or end of a longer
/// word.
void NameIndex::find_at_edges(const FoldedText& text, std::uint32_t i, std::u32string_view letters,
                              Units& units) const {
  const Token& token = text.tokens()[i];
  const bool is_whole = has_apostrophe(token);  // places in `letters` are not those of the text
  const auto add = [&](std::size_t begin, std::size_t end) {
    const std::u32string_view word = letters.substr(begin, end - begin);
    if (!index_.may_begin_with(word[0])) return false;
    const std::u32string_view rest = begin == 0 ? letters.substr(end) : letters.substr(0, begin);
    bool is_found = false;
    index_.for_each(hash_of_folded(word), [&](const Part& part) {
      if (is_found || part.rank == Rank::weak) return;
      const bool is_initial = begin == 1 && initials_[part.person].contains(rest[0]);
      const bool is_long = word.size() > kShortestPartial;
      if (!is_initial && !is_long && !(word.size() == kShortestPartial && is_known_word(rest))) return;
      is_found = true;
      const auto from = static_cast<std::uint32_t>(token.begin + (is_initial || is_whole ? 0 : begin));
      const auto to = is_whole ? token.end : static_cast<std::uint32_t>(token.begin + end);
      units.push_back({i, i, from, to, part});
    });
    return is_found;
  };
  for (std::size_t n = letters.size() - 1; n >= kShortestPartial; --n) {
    if (add(0, n)) return;
  }
  for (std::size_t n = letters.size() - 1; n >= 4; --n) {
    if (add(letters.size() - n, letters.size())) return;
  }
}

/// Inside a run of Hangul, Han or Kana: whole names anywhere, other strong parts where the rest is a known word or a
/// particle. A match that belongs to a known word ("이상소" in "이상소견") is none.
void NameIndex::find_in_run(const FoldedText& text, std::uint32_t i, Units& units) const {
  const Token& token = text.tokens()[i];
  const std::u32string_view run = text.folded(token);
  constexpr std::size_t kLongest = 8;
  if (is_known_word(run)) return;
  for (std::size_t begin = 0; begin + 2 <= run.size(); ++begin) {
    if (!index_.may_begin_with(run[begin]) && latin_.empty()) continue;
    for (std::size_t end = std::min(run.size(), begin + kLongest); end >= begin + 2; --end) {
      bool is_found = false;
      for_each_part(run.substr(begin, end - begin), run.substr(end), [&](const Part& part) {
        if (is_found || part.rank == Rank::weak) return;
        const bool stands_out = (begin == 0 && (end == run.size() || may_follow_name(run.substr(end)))) ||
                                (end == run.size() && is_known_word(run.substr(0, begin)));
        bool is_in_word = false;
        for (std::size_t n = end + 1; n <= std::min(run.size(), begin + kLongest); ++n) {
          is_in_word = is_in_word || is_known_word(run.substr(begin, n - begin));
        }
        if ((part.rank != Rank::whole && !stands_out) || (is_in_word && !stands_out)) return;
        is_found = true;
        units.push_back({i, i, static_cast<std::uint32_t>(token.begin + begin),
                         static_cast<std::uint32_t>(token.begin + end), part});
      });
      if (is_found) return;
    }
  }
}

/// "김 민지", where the header has Latin letters. "이 상태" is "this state".
void NameIndex::find_spaced(const FoldedText& text, std::uint32_t i, Units& units) const {
  const auto& tokens = text.tokens();
  constexpr std::size_t kShortest = 3, kLongest = 4;
  std::u32string name(text.folded(tokens[i]));
  if (latin_.empty() || name.size() > 2 || !is_korean_surname(name)) return;
  for (std::uint32_t last = i + 1; last < tokens.size() && tokens[last].kind == TokenKind::hangul; ++last) {
    name += text.folded(tokens[last]);
    if (name.size() > kLongest || !joins_names(text.gap_before(last))) return;
    if (last == i + 1 && is_known_word(text.folded(tokens[last]))) return;
    if (name.size() < kShortest) continue;
    for (const LatinName& latin : latin_) {
      if (!latin.begins_with_surname || !is_spelling(latin.letters, name, true)) continue;
      return units.push_back({i, last, tokens[i].begin, tokens[last].end, latin.part});
    }
  }
}

/// "金哲洙腹部", where the header has another script. Two characters alone may be a word: they stand for themselves.
void NameIndex::find_hanja(const FoldedText& text, std::uint32_t i, Units& units) const {
  const Token& token = text.tokens()[i];
  const std::u32string_view run = text.folded(token);
  constexpr std::size_t kLongest = 4;
  for (std::size_t begin = 0; begin + 2 <= run.size(); ++begin) {
    if (!is_surname_hanja(run[begin])) continue;
    for (std::size_t end = std::min(run.size(), begin + kLongest); end >= begin + 2; --end) {
      if (end - begin == 2 && run.size() != 2) continue;
      bool is_found = false;
      for (const std::u32string& reading : name_readings(run.substr(begin, end - begin))) {
        for_each_part(reading, {}, [&](const Part& part) {
          if (is_found || part.number != 2 * kMostWords || part.rank == Rank::weak) return;
          is_found = true;
          units.push_back({i, i, static_cast<std::uint32_t>(token.begin + begin),
                           static_cast<std::uint32_t>(token.begin + end), part});
        });
      }
      if (is_found) return;
    }
  }
}

}  // namespace naru::dicom
