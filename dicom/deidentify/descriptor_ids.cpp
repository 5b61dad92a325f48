#include "dicom/deidentify/descriptor_ids.h"

#include <algorithm>

#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kShortestId = 5, kShortestMixed = 4, kShortestDigits = 6, kShortestPhrase = 5;
constexpr std::size_t kMostTokens = 12;
/// Longer rows of digits are not looked into: that takes the square of their length.
constexpr std::size_t kLongestNumber = 64;

/// "-", "- ", " - ", ") ", ", "
bool joins_ids(std::u32string_view gap) {
  constexpr std::u32string_view kJoining = U"-./_ :#";
  const auto is_joining = [&](char32_t sign) { return kJoining.find(sign) != std::u32string_view::npos; };
  if (gap.size() == 3) return gap == U" - " || gap == U" / " || gap == U" . ";
  if (gap.starts_with(U')')) gap.remove_prefix(1);
  return gap.empty() || (gap.size() == 1 && is_joining(gap[0])) ||
         (gap.size() == 2 && gap[1] == U' ' && (gap[0] == U',' || is_joining(gap[0])));
}

/// Goes on with a token; zeros at the very beginning do not count.
struct IdHash {
  WordHash hash = kHashSeed;
  std::uint32_t length = 0;
  char32_t first = 0;

  void append(std::u32string_view token) {
    for (const char32_t code : token) {
      if ((length == 0 && code == U'0') || code == U'\'' || code == U'\u2019') continue;
      if (length == 0) first = code;
      hash = hash_on(hash, code);
      ++length;
    }
  }
};

/// What an id is made of.
struct IdShape {
  std::size_t letters = 0, digits = 0;
  bool is_one_char = true;
  bool is_all_words = true;  ///< its letters are words of the vocabulary or placeholders
  bool is_placeholder = false;
};
IdShape shape_of(const FoldedText& text) {
  IdShape shape;
  char32_t first = 0;
  for (const Token& token : text.tokens()) {
    (token.is_number() ? shape.digits : shape.letters) += token.length;
    const WordFlags flags = token.is_number() ? 0 : word_flags(token.hash);
    if (!token.is_number()) {
      shape.is_all_words = shape.is_all_words && (token.length < 2 || (flags & (kProtocolWord | kPlaceholder)) != 0);
    }
    if ((flags & kPlaceholder) != 0) shape.is_placeholder = true;
    for (const char32_t code : text.folded(token)) {
      if (first == 0) first = code;
      shape.is_one_char = shape.is_one_char && code == first;
    }
  }
  return shape;
}

IdHash hash_of(const FoldedText& text) {
  IdHash hash;
  for (const Token& token : text.tokens()) hash.append(text.folded(token));
  return hash;
}

bool is_telling_id(const FoldedText& text, const IdShape& shape) {
  if (text.tokens().size() > kMostTokens || shape.is_one_char) return false;
  constexpr std::size_t kFewDigits = 2, kManyDigits = 4;
  if (shape.letters > 0 && shape.is_all_words && shape.digits <= (shape.is_placeholder ? kManyDigits : kFewDigits)) {
    return false;
  }
  const bool is_mixed = shape.letters > 0 && shape.digits > 0;
  return hash_of(text).length >= (is_mixed ? kShortestMixed : kShortestId);
}

/// A number, or letters and a number that are no word of the vocabulary with up to two digits ("K77", but not "MR12").
bool is_short_id(const FoldedText& text, const IdShape& shape) {
  constexpr std::size_t kFewestOfNumber = 3, kFewestDigits = 2;
  const auto& tokens = text.tokens();
  if (shape.is_placeholder || shape.is_one_char || tokens.empty() || tokens.size() > 2) return false;
  if (tokens.size() == 1) return tokens[0].is_number() && shape.digits >= kFewestOfNumber;
  if (shape.letters == 0 || shape.digits < kFewestDigits) return false;
  const bool is_word =
      std::any_of(tokens.begin(), tokens.end(), [](const Token& t) { return t.is_letters() && t.length > 1; }) &&
      shape.is_all_words;
  return text.gap_before(1) == U"-" || (text.gap_before(1).empty() && !is_word);
}

WordHash continued(WordHash hash, const FoldedText& text, const Token& token) {
  for (const char32_t code : text.folded(token)) hash = hash_on(hash, code);
  return hash;
}

/// "Pt 4321", "ID:4321", "Pt4321", "P-4321", "#4321"
bool is_labelled_id(const FoldedText& text, std::size_t begin) {
  constexpr std::u32string_view kLabels[] = {
      U"pid",  U"id",  U"pt",        U"patient", U"no",   U"nr",    U"mrn",  U"chart", U"case",     U"subject",
      U"subj", U"sub", U"accession", U"acc",     U"exam", U"study", U"환자", U"번호",  U"등록번호", U"환자번호"};
  const std::u32string_view gap = text.gap_before(begin);
  if (begin == 0 || gap.ends_with(U'#')) return gap.ends_with(U'#');
  const std::u32string_view label = text.folded(text.tokens()[begin - 1]);
  if (label == U"p") return gap == U"-";
  return gap.size() <= 2 && gap.find_first_not_of(U" .:#=_-") == std::u32string_view::npos && is_one_of(label, kLabels);
}

/// Words with usual endings are words as well: only a phrase with something else in it tells anything.
bool is_telling_phrase(const FoldedText& text, const IdShape& shape) {
  if (shape.is_one_char || text.tokens().size() > kMostTokens || shape.letters + shape.digits < kShortestPhrase) {
    return false;
  }
  if (shape.digits >= kShortestId) return true;
  return !shape.is_all_words && std::any_of(text.tokens().begin(), text.tokens().end(), [&](const Token& token) {
    return !token.is_number() && token.length > 2 && !is_known_word(text.folded(token));
  });
}

}  // namespace

bool is_telling_id(std::string_view id) {
  const FoldedText text(id);
  return is_telling_id(text, shape_of(text));
}

bool is_short_id(std::string_view id) {
  const FoldedText text(id);
  return is_short_id(text, shape_of(text));
}

bool is_telling_phrase(std::string_view phrase) {
  const FoldedText text(phrase);
  return is_telling_phrase(text, shape_of(text));
}

void IdIndex::add(std::string_view id, DescriptorReason reason) {
  const FoldedText text(id);
  const IdShape shape = shape_of(text);
  if (!is_telling_id(text, shape)) return add_short(text, reason);
  const IdHash hash = hash_of(text);
  const bool is_mixed = shape.letters > 0 && shape.digits > 0;
  index_.add(hash.hash, hash.first, {reason, hash.length});
  longest_ = std::max(longest_, hash.length);
  most_tokens_ = std::max(most_tokens_, text.tokens().size());
  if (is_mixed) add_digits(text, reason);
  add_rows(text, reason);
}

/// "2014-CT-00731" is "CT00731" as well, "1234567-8" "1234567": each row of its parts with a long number in it.
void IdIndex::add_rows(const FoldedText& text, DescriptorReason reason) {
  constexpr std::size_t kMostParts = 5;  // UIDs have more
  const auto& tokens = text.tokens();
  for (std::size_t begin = 0; begin < tokens.size() && tokens.size() <= kMostParts; ++begin) {
    IdHash hash;
    bool is_telling = false, is_number = true;
    for (std::size_t end = begin; end < tokens.size(); ++end) {
      hash.append(text.folded(tokens[end]));
      is_number = is_number && tokens[end].is_number();
      is_telling = is_telling || (tokens[end].is_number() && tokens[end].length >= kShortestId);
      const bool is_inside =
          (begin > 0 && tokens[begin].is_glued) || (end + 1 < tokens.size() && tokens[end + 1].is_glued);
      if (is_telling && !is_inside && hash.length >= (is_number ? kShortestDigits : kShortestId)) {
        index_.add(hash.hash, hash.first, {reason, hash.length});
      }
    }
  }
}

/// "555-0142" of "330-555-0142".
void IdIndex::add_telephone(std::string_view number) {
  constexpr std::size_t kAmerican = 10, kLocal = 7, kKoreanMobile = 11, kKoreanLocal = 8;
  if (number.find_first_not_of("0123456789+-.()/ ") != std::string_view::npos) return;
  const FoldedText text(number);
  std::u32string digits;
  for (const Token& token : text.tokens()) digits += text.folded(token);
  std::size_t length = 0;
  if (const auto& tokens = text.tokens(); tokens.size() >= 3) length = tokens.back().length + tokens.end()[-2].length;
  if (digits.size() == kAmerican && digits[0] != U'0') length = kLocal;
  if (digits.size() == kKoreanMobile && digits.starts_with(U"010")) length = kKoreanLocal;
  if (length < kLocal || length >= digits.size()) return;
  const std::u32string local = digits.substr(digits.size() - length);
  local_.add(hash_of_folded(local), local[0], true);
}

/// The token after a telephone number without its area's code at token `begin`, or `begin`.
std::size_t IdIndex::find_local(const FoldedText& text, std::size_t begin, Removals& removals) const {
  const auto& tokens = text.tokens();
  if (!tokens[begin].is_number() || tokens[begin].is_glued) return begin;
  WordHash hash = kHashSeed;
  for (std::size_t end = begin; end < std::min(tokens.size(), begin + 2) && tokens[end].is_number(); ++end) {
    if (end > begin && text.gap_before(end) != U"-" && text.gap_before(end) != U".") break;
    hash = continued(hash, text, tokens[end]);
    if (!local_.contains(hash)) continue;
    removals.push_back({tokens[begin].begin, tokens[end].end, DescriptorReason::contact});
    return end + 1;
  }
  return begin;
}

/// "PID-00123456" is "123456" as well; where the digits stand apart, five are enough.
void IdIndex::add_digits(const FoldedText& text, DescriptorReason reason) {
  for (const Token& token : text.tokens()) {
    const std::size_t shortest = token.begin > 0 && !token.is_glued ? kShortestId : kShortestDigits;
    if (!token.is_number() || token.length < shortest) continue;
    IdHash hash;
    hash.append(text.folded(token));
    if (hash.length >= shortest) index_.add(hash.hash, hash.first, {reason, hash.length});
  }
}

void IdIndex::add_short(const FoldedText& text, DescriptorReason reason) {
  if (reason != DescriptorReason::id || !is_short_id(text, shape_of(text))) return;
  const auto& tokens = text.tokens();
  WordHash hash = kHashSeed;
  for (const Token& token : tokens) hash = continued(hash, text, token);
  short_.add(hash, text.chars()[tokens.front().begin].code, {reason, static_cast<std::uint32_t>(tokens.size())});
}

/// The token after a short id of `parts` tokens at token `begin`, or `begin`.
std::size_t IdIndex::find_short(const FoldedText& text, std::size_t begin, std::size_t parts,
                                Removals& removals) const {
  const auto& tokens = text.tokens();
  const std::size_t end = begin + parts;
  if (end > tokens.size() || (end < tokens.size() && tokens[end].is_glued)) return begin;
  const bool is_dashed = parts == 2 && text.gap_before(begin + 1) == U"-";
  if (parts == 2 && !is_dashed && !tokens[begin + 1].is_glued) return begin;
  WordHash hash = kHashSeed;
  for (std::size_t i = begin; i < end; ++i) hash = continued(hash, text, tokens[i]);
  bool is_found = false;
  short_.for_each(hash, [&](const Entry& entry) { is_found = is_found || entry.length == parts; });
  if (!is_found) return begin;
  // At the beginning of a name of parts: inside of it numbers are settings ("t2_tse_tra_320").
  constexpr std::uint32_t kShortestUnlabelled = 4;
  const std::u32string_view before = text.gap_before(begin);
  const bool is_first = (begin == 0 && before.empty()) || before.ends_with(U' ');
  const bool is_named_part =
      is_first && text.gap_before(end) == U"_" && (parts == 2 || tokens[begin].length >= kShortestUnlabelled);
  const bool stands_out = (is_dashed && !tokens[begin].is_glued) || is_named_part;
  if (!stands_out && !is_labelled_id(text, begin)) return begin;
  removals.push_back({tokens[begin].begin, tokens[end - 1].end, DescriptorReason::id});
  return end;
}

void IdIndex::add_phrase(std::string_view phrase, DescriptorReason reason) {
  const FoldedText text(phrase);
  if (!is_telling_phrase(text, shape_of(text))) return;
  const IdHash hash = hash_of(text);
  index_.add(hash.hash, hash.first, {reason, hash.length});
  longest_ = std::max(longest_, hash.length);
  most_tokens_ = std::max(most_tokens_, text.tokens().size());
}

void IdIndex::find(const FoldedText& text, Removals& removals) const {
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; !short_.empty() && i < tokens.size();) {
    const std::size_t begin = i;
    for (std::size_t parts = 1; parts <= 2 && i == begin; ++parts) i = find_short(text, begin, parts, removals);
    if (i == begin) ++i;
  }
  for (std::size_t i = 0; !local_.empty() && i < tokens.size();) i = std::max(i + 1, find_local(text, i, removals));
  if (index_.empty()) return;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    IdHash hash;
    std::size_t found = 0;
    DescriptorReason reason = DescriptorReason::id;
    std::size_t parts = 0;
    for (std::size_t last = i; last < tokens.size(); ++last) {
      if (last > i && !joins_ids(text.gap_before(last))) break;
      // "QuAcKeNbUsH" is cut into many pieces, but one word.
      parts += tokens[last].is_letters() && tokens[last].is_glued ? 0 : 1;
      if (parts > most_tokens_ + 3 || hash.length > longest_) break;
      const auto look_up = [&](const IdHash& looked_up) {
        index_.for_each(looked_up.hash, [&](const Entry& entry) {
          if (entry.length != looked_up.length) return;
          found = last + 1;
          reason = entry.reason;
        });
      };
      const std::u32string_view stem = possessive_stem(text.folded(tokens[last]));
      IdHash of_stem = hash;
      of_stem.append(stem);
      hash.append(text.folded(tokens[last]));
      if (hash.length > 0 && !index_.may_begin_with(hash.first)) break;
      look_up(hash);
      if (!stem.empty()) look_up(of_stem);
    }
    if (found > 0) {
      const bool closes_bracket =
          text.gap_before(i).ends_with(U'(') &&
          text.folded(tokens[i].begin, tokens[found - 1].end).find(U')') != std::u32string_view::npos;
      removals.push_back({tokens[i].begin - (closes_bracket ? 1U : 0U), tokens[found - 1].end, reason});
      i = found - 1;
    } else if (tokens[i].is_number() && tokens[i].length > kShortestId && tokens[i].length <= kLongestNumber) {
      find_in_number(text, tokens[i], removals);
    }
  }
}

bool IdIndex::has_number(std::string_view digits) const {
  IdHash hash;
  hash.append(std::u32string(digits.begin(), digits.end()));
  bool is_found = false;
  index_.for_each(hash.hash, [&](const Entry& entry) { is_found = is_found || entry.length == hash.length; });
  return is_found;
}

/// An id at the beginning or end of a longer number takes the number with it.
bool IdIndex::find_in_number(const FoldedText& text, const Token& token, Removals& removals) const {
  const std::u32string_view digits = text.folded(token);
  bool is_found = false;
  DescriptorReason reason = DescriptorReason::id;
  const auto look_up = [&](const IdHash& hash) {
    index_.for_each(hash.hash, [&](const Entry& entry) {
      if (entry.length != hash.length || hash.length < kShortestId) return;
      is_found = true;
      reason = entry.reason;
    });
  };
  IdHash prefix;
  for (std::size_t n = 0; n + 1 < digits.size() && !is_found; ++n) {
    prefix.append(digits.substr(n, 1));
    look_up(prefix);
  }
  for (std::size_t n = 1; n + kShortestId <= digits.size() && !is_found; ++n) {
    IdHash suffix;
    suffix.append(digits.substr(n));
    look_up(suffix);
  }
  if (is_found) removals.push_back({token.begin, token.end, reason});
  return is_found;
}

namespace {

constexpr std::size_t kFewestComponents = 6, kFewestDigitsOfUuid = 10;

}  // namespace

bool is_short_uid(std::string_view uid) {
  constexpr std::string_view kUuid = "2.25.";
  if (uid.starts_with(kUuid)) return uid.size() < kUuid.size() + kFewestDigitsOfUuid;
  return std::ranges::count(uid, '.') + 1 < static_cast<std::ptrdiff_t>(kFewestComponents);
}

void find_uids(const FoldedText& text, Removals& removals) {
  constexpr std::u32string_view kStandard = U"1.2.840.10008.", kUuid = U"2.25.";
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; i < tokens.size();) {
    std::size_t end = i + 1;
    if (tokens[i].is_number()) {
      while (end < tokens.size() && tokens[end].is_number() && text.gap_before(end) == U".") ++end;
    }
    const std::u32string_view uid = text.folded(tokens[i].begin, tokens[end - 1].end);
    const bool is_uuid = uid.starts_with(kUuid) && uid.size() >= kUuid.size() + kFewestDigitsOfUuid;
    if ((end - i >= kFewestComponents && !uid.starts_with(kStandard)) || is_uuid) {
      removals.push_back({tokens[i].begin, tokens[end - 1].end, DescriptorReason::id});
    }
    i = end;
  }
}

}  // namespace naru::dicom
