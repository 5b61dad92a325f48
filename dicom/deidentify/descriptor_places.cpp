#include <algorithm>
#include <string>

#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kShortestTelling = 3, kTellsAlone = 4, kMostWordsOfOne = 3;

// What Korean institutions are called, the longer ones first.
constexpr std::u32string_view kHangulKinds[] = {U"대학교의료원", U"대학교병원", U"대학병원", U"의료원", U"한방병원",
                                                U"요양병원",     U"대병원",     U"병원",     U"의원",   U"대학교",
                                                U"보건소",       U"클리닉",     U"연구소",   U"센터"};

bool joins_places(std::u32string_view gap) {
  constexpr std::u32string_view kJoining = U" -_.,'/&()\u2019";
  return gap.size() <= 3 && gap.find_first_not_of(kJoining) == std::u32string_view::npos;
}

bool has_vowel(std::u32string_view word) { return word.find_first_of(U"aeiouy") != std::u32string_view::npos; }

/// "Hand Surgery", "Head": what images are of tells no place, whoever else may be called so.
bool is_body_part(std::u32string_view word) {
  constexpr std::u32string_view kParts[] = {U"head", U"neck", U"hand", U"foot", U"bone",
                                            U"back", U"shin", U"chin", U"field"};
  return std::find(std::begin(kParts), std::end(kParts), word) != std::end(kParts);
}

/// "Akron Hall": what homes and parts of institutions are called behind a name that is no person's.
bool is_house(const FoldedText& text, std::size_t i) {
  constexpr std::u32string_view kHouses[] = {U"hall",      U"house", U"lodge",    U"manor",    U"tower",
                                             U"residence", U"wing",  U"pavilion", U"building", U"villa"};
  if (i == 0 || !is_one_of(text.folded(text.tokens()[i]), kHouses)) return false;
  return (word_flags(text.tokens()[i - 1].hash) & (kKnownName | kAlsoName)) == 0;
}

}  // namespace

void PlaceIndex::add(std::string_view place) {
  const FoldedText text(place);
  const auto number = static_cast<std::uint16_t>(places_.size());
  Place entry;
  std::size_t lower_words = 0;
  for (const Token& token : text.tokens()) lower_words += token.token_case == TokenCase::upper ? 0U : 1U;
  std::vector<const Token*> acronyms;
  std::u32string joined;
  std::size_t telling_length = 0;
  for (const Token& token : text.tokens()) {
    const WordFlags flags = word_flags(token.hash);
    if ((flags & kPlaceholder) != 0) continue;
    if (token.kind == TokenKind::hangul) add_hangul(text.folded(token));
    Word word{number, entry.words, Weight::filler};
    const std::u32string_view letters = text.folded(token);
    const bool is_word = ((flags & kAlsoName) == 0 || is_body_part(letters)) && is_known_word(letters);
    const auto i = static_cast<std::size_t>(&token - text.tokens().data());
    if ((flags & kInstitution) != 0 || is_house(text, i))
      word.weight = Weight::kind;
    else if (!token.is_number() && !is_word && token.length >= kShortestTelling - (token.is_letters() ? 0U : 1U)) {
      word.weight = Weight::telling;
      ++entry.telling;
      if (token.is_letters()) joined += letters;
      telling_length = token.length;
      const bool is_alone = text.tokens().size() == 1 || lower_words > 0 || !has_vowel(text.folded(token));
      if (token.token_case == TokenCase::upper && token.length <= 6 && is_alone) acronyms.push_back(&token);
    }
    words_.add(token.hash, text.chars()[token.begin].code, word);
    const std::u32string_view stem = possessive_stem(letters);  // "St. Mary's" is "St Mary" elsewhere
    if (!stem.empty() && !is_known_word(stem)) words_.add(hash_of_folded(stem), stem.front(), word);
    ++entry.words;
  }
  // "Asan Medical Center" is known as Asan, "Seoul National University Hospital" not as Seoul.
  entry.tells_alone = entry.telling == 1 && telling_length >= kTellsAlone && entry.words <= kMostWordsOfOne;
  places_.push_back(entry);
  if (entry.telling >= 2) add_joined(joined);
  for (const Token* token : acronyms) add_acronym(token->hash, text.chars()[token->begin].code);
  add_initials(text);
}

/// "cedarhollow.jpg": the words that tell, as one.
void PlaceIndex::add_joined(std::u32string_view letters) {
  constexpr std::size_t kShortest = 8;
  if (letters.size() < kShortest || is_known_word(letters)) return;
  words_.add(hash_of_folded(letters), letters[0], {static_cast<std::uint16_t>(places_.size()), 0, Weight::telling});
  places_.push_back({1, 1, false, true});
}

void PlaceIndex::add_acronym(WordHash hash, char32_t first) {
  words_.add(hash, first, {static_cast<std::uint16_t>(places_.size()), 0, Weight::telling});
  places_.push_back({1, 1, true, true});
}

/// "Seoul National University Hospital" is "SNUH".
void PlaceIndex::add_initials(const FoldedText& text) {
  constexpr std::size_t kFewest = 4;
  WordHash hash = kHashSeed;
  std::size_t count = 0;
  std::u32string initials;
  for (const Token& token : text.tokens()) {
    if (!token.is_letters() || token.is_glued || (token.length <= 3 && token.token_case == TokenCase::lower)) continue;
    const char32_t first = text.chars()[token.begin].code;
    hash = hash_on(hash, first);
    initials += first;
    ++count;
  }
  if (count >= kFewest && !is_known_word(initials)) add_acronym(hash, initials[0]);
}

void PlaceIndex::add_name(std::u32string_view hangul) {
  if (hangul.size() < kShortestTelling || is_known_word(hangul)) return;
  hangul_.add(hash_of_folded(hangul), hangul[0], static_cast<std::uint32_t>(hangul.size()));
}

/// "서울대학교병원" is "서울대병원" and "서울대" as well.
void PlaceIndex::add_hangul(std::u32string_view word) {
  const auto* kind = std::find_if(std::begin(kHangulKinds), std::end(kHangulKinds),
                                  [&](std::u32string_view ending) { return word.ends_with(ending); });
  if (kind == std::end(kHangulKinds)) return;
  const std::u32string stem(word.substr(0, word.size() - kind->size()));
  if (stem.empty() || is_known_word(word) || is_known_word(stem)) return;
  add_name(word);
  if (kind->find(U"대") == 0) add_name(stem + U"대");
  add_name(stem);
  add_name(stem + U"병원");
}

void PlaceIndex::find(const FoldedText& text, Removals& removals) const {
  if (places_.empty() && hangul_.empty()) return;
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; i < tokens.size();) {
    if (tokens[i].kind == TokenKind::hangul && !hangul_.empty()) find_hangul(text, tokens[i], removals);
    const bool may_begin = words_.may_begin_with(text.chars()[tokens[i].begin].code);
    i = may_begin ? find_run(text, i, removals) : i + 1;
  }
}

void PlaceIndex::find_hangul(const FoldedText& text, const Token& token, Removals& removals) const {
  const std::u32string_view run = text.folded(token);
  for (std::size_t begin = 0; begin + kShortestTelling <= run.size(); ++begin) {
    if (!hangul_.may_begin_with(run[begin])) continue;
    for (std::size_t end = run.size(); end >= begin + kShortestTelling; --end) {
      if (!hangul_.contains(hash_of_folded(run.substr(begin, end - begin)))) continue;
      // The kind of institution goes with its name.
      for (const std::u32string_view kind : kHangulKinds) {
        if (!run.substr(end).starts_with(kind)) continue;
        end += kind.size();
        break;
      }
      removals.push_back({static_cast<std::uint32_t>(token.begin + begin),
                          static_cast<std::uint32_t>(token.begin + end), DescriptorReason::place});
      begin = end - 1;
      break;
    }
  }
}

/// A word of a place, or one with "'s" behind it.
template <typename F>
void PlaceIndex::for_each_word(const FoldedText& text, const Token& token, F f) const {
  words_.for_each(token.hash, f);
  const std::u32string_view stem = possessive_stem(text.folded(token));
  if (!stem.empty()) words_.for_each(hash_of_folded(stem), f);
}

/// The longest row of words from token `begin` on that names a place; returns the token after it.
std::size_t PlaceIndex::find_run(const FoldedText& text, std::size_t begin, Removals& removals) const {
  const auto& tokens = text.tokens();
  std::size_t longest = begin;
  for_each_word(text, tokens[begin], [&](const Word& word) {
    if (places_[word.place].is_acronym && tokens[begin].token_case != TokenCase::upper) return;
    longest = std::max(longest, match(text, begin, word));
  });
  if (longest == begin) return find_in_pieces(text, begin, removals);
  removals.push_back({tokens[begin].begin, tokens[longest - 1].end, DescriptorReason::place});
  return longest;
}

/// "QuAcKeNbUsH", where one word tells the place: cut into many pieces, but one word. Returns the token behind it, or
/// behind `begin`.
std::size_t PlaceIndex::find_in_pieces(const FoldedText& text, std::size_t begin, Removals& removals) const {
  constexpr std::size_t kLongest = 40;
  const auto& tokens = text.tokens();
  std::size_t end = begin + 1;
  while (end < tokens.size() && tokens[end].is_glued && tokens[end].is_letters() &&
         tokens[end].end - tokens[begin].begin <= kLongest) {
    ++end;
  }
  const std::u32string_view word = text.folded(tokens[begin].begin, tokens[end - 1].end);
  bool is_found = false;
  if (end > begin + 1 && tokens[begin].is_letters()) {
    words_.for_each(hash_of_folded(word), [&](const Word& one) {
      is_found = is_found || (one.weight == Weight::telling && places_[one.place].tells_alone);
    });
  }
  if (!is_found) return begin + 1;
  removals.push_back({tokens[begin].begin, tokens[end - 1].end, DescriptorReason::place});
  return end;
}

/// Words of one place in its order, few left out. Returns the token after them, or `begin` where they do not tell.
std::size_t PlaceIndex::match(const FoldedText& text, std::size_t begin, const Word& first) const {
  const auto& tokens = text.tokens();
  const Place& place = places_[first.place];
  constexpr int kMostLeftOut = 2;
  constexpr std::u32string_view kOfNames[] = {U"general",  U"regional",     U"memorial", U"community", U"county",
                                              U"veterans", U"metropolitan", U"royal",    U"national"};
  int words = 0, telling = 0, kinds = 0;
  Word last = first;
  std::size_t end = begin, telling_end = begin;
  for (std::size_t i = begin; i < tokens.size(); ++i) {
    if (i > begin && !joins_places(text.gap_before(i))) break;
    bool goes_on = i == begin;
    if (i > begin) {
      for_each_word(text, tokens[i], [&](const Word& word) {
        if (goes_on || word.place != first.place || word.position <= last.position) return;
        if (word.position > last.position + 1 + kMostLeftOut) return;
        last = word;
        goes_on = true;
      });
    }
    if (!goes_on) break;
    ++words;
    telling += last.weight == Weight::telling ? 1 : 0;
    kinds += last.weight == Weight::kind ? 1 : 0;
    end = i + 1;
    // "Mercy General", where the header has "Mercy General Hospital"
    const bool is_of_name = tokens[i].is_raised() && is_one_of(text.folded(tokens[i]), kOfNames);
    if (last.weight != Weight::filler || words == place.words || (is_of_name && telling > 0)) telling_end = end;
  }
  const bool is_whole = words == place.words && words >= 3 && kinds > 0;
  const bool is_named = telling >= 2 || (telling == 1 && (kinds > 0 || place.tells_alone));
  // A row that begins with "of" or "general" is looked at again from its next word, unless it is the whole name.
  if (first.weight == Weight::filler && !is_whole && first.position != 0) return begin;
  return is_whole || is_named ? telling_end : begin;
}

}  // namespace naru::dicom
