#include "dicom/deidentify/descriptor_name_context.h"

namespace naru::dicom {

namespace {

// Done by nobody but people.
constexpr std::u32string_view kOfPeople[] = {U"read",    U"reported",  U"interpreted", U"dictated",
                                             U"ordered", U"requested", U"referred",    U"ref",
                                             U"req",     U"signed",    U"verified",    U"reviewed"};

}  // namespace

bool NameContext::is_small_name(std::size_t i, std::size_t shortest) const {
  if (i >= tokens_.size() || (i + 1 < tokens_.size() && tokens_[i + 1].is_glued)) return false;
  const Token& token = tokens_[i];
  const bool is_name = (flags(i) & (kKnownName | kProtocolWord)) == kKnownName;
  return token.is_letters() && !token.is_glued && token.token_case == TokenCase::lower && token.length >= shortest &&
         find_trigger(token.hash) == nullptr && (is_name || !is_known_word(text_.folded(token))) &&
         (flags(i) & (kTitle | kDegree | kPlaceholder | kMeasure | kInstitution | kInstitutionFiller)) == 0;
}

void NameContext::small_letters(std::size_t i) {
  constexpr std::u32string_view kWhose[] = {U"patient", U"patients", U"pt", U"pat", U"full", U"last", U"family"};
  const std::u32string_view word = text_.folded(tokens_[i]), gap = text_.gap_before(i + 1);
  const bool has_colon = gap == U": " || gap == U":" || gap == U"=";
  const bool is_name_label =
      word == U"name" && has_colon && (i == 0 || is_one_of(text_.folded(tokens_[i - 1]), kWhose));
  constexpr std::u32string_view kTitles[] = {U"dr", U"mr", U"mrs", U"ms", U"prof", U"herr", U"frau", U"fr", U"mme"};
  const bool is_title =
      gap == U". " && !is_catheter_size(i) && is_one_of(word, kTitles) && tokens_[i].token_case != TokenCase::upper;
  const bool is_only_title =
      gap == U" " && tokens_[i].token_case != TokenCase::upper && (word == U"dr" || is_one_of(word, kOnlyTitles));
  constexpr std::size_t kShortest = 3, kShortestInDoubt = 4;
  // "Dr_hargreaves_knee"
  const bool is_underscored =
      gap == U"_" && tokens_[i].token_case == TokenCase::capitalised && (word == U"dr" || is_one_of(word, kOnlyTitles));
  if (is_underscored && is_small_name(i + 1, kShortestInDoubt)) return remove(i + 1, i + 2);
  if (is_name_label || is_title) return remove_small(i + 1, kShortest);
  if (is_only_title) return remove_small(i + 1, kShortestInDoubt);
  const Trigger* trigger = find_trigger(tokens_[i].hash);
  if (trigger == nullptr || i + 1 >= tokens_.size()) return;
  const bool is_by = word == U"by" && gap == U" " && i > 0 && is_one_of(text_.folded(tokens_[i - 1]), kOfPeople);
  if (word == U"by" && gap == U" " && is_behind_verb(i) && is_small_initials(i + 1)) return remove(i + 1, i + 2);
  const bool is_role = *trigger == Trigger::role && has_colon && !is_one_of(word, kWhose) && word != U"name";
  if ((is_by || is_role) && !is_deed(text_.folded(tokens_[i + 1]))) remove_small(i + 1, kShortestInDoubt);
}

bool NameContext::is_behind_verb(std::size_t i) const {
  const Trigger* before = i > 0 ? find_trigger(tokens_[i - 1].hash) : nullptr;
  return before != nullptr && *before == Trigger::verb;
}

bool NameContext::is_small_initials(std::size_t i) const {
  const Token& token = tokens_[i];
  const std::u32string_view letters = text_.folded(token);
  const bool is_whole = i + 1 >= tokens_.size() || !tokens_[i + 1].is_glued;
  return is_whole && token.is_letters() && token.token_case == TokenCase::lower &&
         (letters.size() == 2 || letters.size() == 3) && letters.find_first_of(U"aeiouy") == letters.npos &&
         !is_known_word(letters) && flags(i) == 0;
}

void NameContext::remove_small(std::size_t first, std::size_t shortest) {
  constexpr std::size_t kMostWords = 3;
  std::size_t end = first;
  while (end < first + kMostWords && is_small_name(end, shortest) &&
         (end == first || joins_names(text_.gap_before(end))))
    ++end;
  if (end > first) remove(first, end);
}

}  // namespace naru::dicom
