#include "dicom/deidentify/descriptor_context.h"

#include <algorithm>

#include "dicom/deidentify/descriptor_name_context.h"

namespace naru::dicom {

void NameContext::find() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!tokens_[i].is_letters()) continue;
    const WordFlags flags = word_flags(tokens_[i].hash);
    if ((flags & kTitle) != 0) behind_title(i);
    if ((flags & kDegree) != 0 || is_dotted_degree(i) || is_signature(i)) before_degree(i);
    if (const Trigger* trigger = find_trigger(tokens_[i].hash)) behind_trigger(i, *trigger);
    if (is_labelled_person(i)) behind_trigger(i, Trigger::role);
    if (text_.folded(tokens_[i]) == U"initials" && has_gap(i + 1, U" :")) initials_at(i + 1);
    if (text_.folded(tokens_[i]) == U"of" && i > 0) behind_kin(i);
    behind_talk(i);
    at_short_maria(i);
    small_letters(i);
    before_person(i);
    around_sign(i);
  }
}

bool NameContext::is_name_word(std::size_t i, bool is_certain) const {
  const Token& token = tokens_[i];
  if (token.kind == TokenKind::hangul) return is_certain && token.length <= 4 && !is_known_word(text_.folded(token));
  if (!token.is_raised() || token.length < 2 || (flags(i) & (kTitle | kDegree)) != 0) return false;
  if (is_certain && (is_own(token) || (flags(i) & kAlsoName) != 0)) return true;
  // Where a person stands for certain, "Winters" is no plural.
  const bool is_word = is_certain ? (flags(i) & kProtocolWord) != 0 : is_known_word(text_.folded(token));
  return !is_word && (flags(i) & (kPlaceholder | kMeasure)) == 0;
}

bool NameContext::is_initial(std::size_t i) const {
  return i < tokens_.size() && tokens_[i].is_letters() && tokens_[i].length == 1 &&
         tokens_[i].token_case == TokenCase::upper && !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued);
}

std::size_t NameContext::end_of_name(std::size_t first, bool is_certain) const {
  constexpr int kMostWords = 4;
  int words = 0;
  std::size_t end = first;
  for (std::size_t i = first; i < tokens_.size() && words < kMostWords; ++i) {
    if (i > first && !joins_names(text_.gap_before(i))) break;
    if (i > first && text_.gap_before(i).find(U'/') != std::u32string_view::npos) break;
    // A sentence ends behind a word: behind an initial or a title the point belongs to it.
    const bool ends_sentence =
        i > first && text_.gap_before(i).starts_with(U". ") && !is_initial(i - 1) && (flags(i - 1) & kTitle) == 0;
    if (ends_sentence) break;
    // Behind one word of a name, words that are names as well are one.
    const bool is_before_name = tokens_[i].is_raised() && (flags(i) & kAlsoName) != 0 && i + 1 < tokens_.size() &&
                                tokens_[i + 1].is_raised() &&
                                (flags(i + 1) & (kKnownName | kProtocolWord)) == kKnownName;
    if (is_before_name || is_name_word(i, is_certain || words > 0)) {
      ++words;
      end = i + 1;
    } else if (is_initial(i)) {
      // Before a name or behind one; an initial alone is none.
      if (words > 0) end = i + 1;
    } else if ((flags(i) & kNameParticle) == 0 || i + 1 == tokens_.size()) {
      break;
    }
  }
  return words > 0 ? end : first;
}

void NameContext::remove(std::size_t first, std::size_t end, DescriptorReason reason) {
  removals_.push_back({tokens_[first].begin, tokens_[end - 1].end, reason});
}

void NameContext::behind_kin(std::size_t i) {
  constexpr std::u32string_view kKin[] = {U"baby",     U"boy",    U"girl",   U"child",  U"twin", U"newborn", U"son",
                                          U"daughter", U"infant", U"mother", U"father", U"wife", U"husband"};
  const std::size_t kin = is_initial(i - 1) && i > 1 ? i - 2 : i - 1;
  if (!is_one_of(text_.folded(tokens_[kin]), kKin) || !has_gap(i + 1, U" ")) return;
  const std::size_t end = end_of_name(i + 1, true);
  if (end != i + 1) remove(i + 1, end);
}

bool NameContext::is_only_name(std::size_t i) const {
  const Token& token = tokens_[i];
  constexpr std::size_t kShortest = 3;
  const bool is_whole = !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued) && !token.is_glued;
  // Of other alphabets the lists know few words.
  const bool is_ascii =
      text_.folded(token).find_first_not_of(U"abcdefghijklmnopqrstuvwxyz'") == std::u32string_view::npos;
  return is_whole && is_ascii && token.is_raised() && token.length >= kShortest &&
         !is_known_word(text_.folded(token)) &&
         (flags(i) & (kTitle | kDegree | kPlaceholder | kMeasure | kInstitution | kInstitutionFiller)) == 0;
}

void NameContext::before_person(std::size_t i) {
  constexpr std::size_t kMostWords = 4;
  if (!is_person_at(text_, i + 1)) return;
  std::size_t first = i + 1;
  const auto is_part = [&](std::size_t k) {
    const bool is_particle = k > 0 && k < i && tokens_[k].is_raised() && (flags(k) & kNameParticle) != 0;
    return tokens_[k].is_letters() && (is_only_name(k) || (is_particle && is_only_name(k - 1)));
  };
  while (first > 0 && i + 1 - first < kMostWords && is_part(first - 1) &&
         (first == i + 1 || joins_names(text_.gap_before(first)))) {
    --first;
  }
  if (first <= i && (i > first || (flags(i) & kKnownName) != 0)) remove(first, i + 1);
}

void NameContext::around_sign(std::size_t i) {
  if (i + 1 >= tokens_.size() || !tokens_[i + 1].is_letters()) return;
  const std::u32string_view gap = text_.gap_before(i + 1);
  const bool is_upper = tokens_[i].token_case == TokenCase::upper && tokens_[i + 1].token_case == TokenCase::upper;
  if (gap != U"^" && !(is_upper && (gap == U"," || gap == U", "))) return;
  if (!is_only_name(i) || !is_only_name(i + 1) || ((flags(i) | flags(i + 1)) & kKnownName) == 0) return;
  remove(i, i + 2);
}

void NameContext::at_short_maria(std::size_t i) {
  const auto& chars = text_.chars();
  const bool is_short =
      text_.folded(tokens_[i]) == U"maria" && chars[tokens_[i].begin + 1].begin == chars[tokens_[i].end - 1].begin;
  if (is_short) remove(i, std::max(end_of_name(i, true), i + 1));
}

bool NameContext::has_gap(std::size_t i, std::u32string_view allowed) const {
  if (i >= tokens_.size()) return false;
  const std::u32string_view gap = text_.gap_before(i);
  return !gap.empty() && gap.size() <= 3 && gap.find_first_not_of(allowed) == std::u32string_view::npos;
}

void find_names_by_context(const FoldedText& text, const NameIndex& names, Removals& removals) {
  NameContext(text, names, removals).find();
}

}  // namespace naru::dicom
