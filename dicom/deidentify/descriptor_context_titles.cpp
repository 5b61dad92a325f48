#include <algorithm>

#include "dicom/deidentify/descriptor_name_context.h"

namespace naru::dicom {

namespace {

// Behind a name and a comma: nurses and technologists sign so.
constexpr std::u32string_view kSignatures[] = {U"np", U"fnp", U"crna", U"aprn", U"rdms", U"cnmt"};

/// A view or a device that is called by a name, and what it is of: "SKULL_DR_CALDWELL" has no doctor.
struct NamedView {
  std::u32string_view region, name;
};
constexpr NamedView kNamedViews[] = {
    {U"skull", U"caldwell"},  {U"skull", U"townes"},      {U"skull", U"waters"},     {U"skull", U"rhese"},
    {U"sinus", U"caldwell"},  {U"sinus", U"waters"},      {U"sinuses", U"caldwell"}, {U"sinuses", U"waters"},
    {U"orbit", U"caldwell"},  {U"orbits", U"waters"},     {U"facial", U"waters"},    {U"knee", U"rosenberg"},
    {U"knees", U"rosenberg"}, {U"knee", U"merchant"},     {U"knees", U"merchant"},   {U"patella", U"merchant"},
    {U"patella", U"laurin"},  {U"knee", U"laurin"},       {U"knee", U"settegast"},   {U"patella", U"settegast"},
    {U"knee", U"beclere"},    {U"patella", U"hughston"},  {U"shoulder", U"stryker"}, {U"shoulders", U"stryker"},
    {U"hip", U"lauenstein"},  {U"pelvis", U"lauenstein"}, {U"hip", U"danelius"},     {U"sacrum", U"ferguson"},
    {U"pelvis", U"ferguson"}, {U"spine", U"ferguson"},    {U"heel", U"harris"},      {U"calcaneus", U"harris"},
    {U"hand", U"norgaard"},   {U"hands", U"norgaard"},    {U"wrist", U"stecher"},    {U"scaphoid", U"stecher"},
    {U"chest", U"bucky"},     {U"abdomen", U"bucky"},     {U"pelvis", U"bucky"},     {U"spine", U"bucky"},
    {U"skull", U"bucky"},     {U"wall", U"bucky"},        {U"table", U"bucky"}};

bool is_named_view(std::u32string_view region, std::u32string_view name) {
  return std::ranges::any_of(kNamedViews,
                             [&](const NamedView& view) { return view.region == region && view.name == name; });
}

}  // namespace

void NameContext::behind_title(std::size_t i) {
  // "Dr. med. Steiner"
  const std::u32string_view next = i + 1 < tokens_.size() ? text_.folded(tokens_[i + 1]) : std::u32string_view();
  const bool is_of_faculty = (next == U"med" || next == U"dent" || next == U"habil") && i + 2 < tokens_.size() &&
                             text_.gap_before(i + 1) == U". " && text_.gap_before(i + 2) == U". ";
  if (is_of_faculty) {
    const std::size_t end = end_of_name(i + 2, true);
    if (end != i + 2) remove(i + 2, end);
    return;
  }
  if (is_catheter_size(i) || (text_.folded(tokens_[i]) == U"fr" && text_.gap_before(i + 1) != U". ")) return;
  if (!has_gap(i + 1, U" .:_^") && !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued)) return;
  const bool has_point = text_.gap_before(i + 1).starts_with(U'.');
  const bool is_doubtful = tokens_[i].token_case == TokenCase::upper && !has_point;
  if (tokens_[i].token_case == TokenCase::lower && !has_point && !is_own(tokens_[i + 1]) &&
      (flags(i + 1) & kKnownName) == 0) {
    return;
  }
  if (is_doubtful) {
    if (i > 0 && is_named_view(text_.folded(tokens_[i - 1]), text_.folded(tokens_[i + 1])) && !is_own(tokens_[i + 1])) {
      return;
    }
    // "FOR DR HARGREAVES", "PROF HARGREAVES"
    const bool is_told = is_one_of(text_.folded(tokens_[i]), kOnlyTitles) ||
                         (i > 0 && find_trigger(tokens_[i - 1].hash) != nullptr && has_gap(i, U" :."));
    const bool is_name = (flags(i + 1) & kKnownName) != 0 || (is_told && is_only_name(i + 1)) || is_joined_doctor(i) ||
                         (is_own(tokens_[i + 1]) && !is_known_word(text_.folded(tokens_[i + 1])));
    if (!is_name) return;
  }
  const std::size_t end = end_of_name(i + 1, true);
  // "Dr. NR", or a word of the header that only a title makes a name.
  const bool is_short = has_point && tokens_[i + 1].token_case == TokenCase::upper && tokens_[i + 1].length <= 3 &&
                        !is_known_word(text_.folded(tokens_[i + 1]));
  if (end != i + 1) {
    remove(i + 1, end);
    second_person(end);
  } else if (is_short || is_own(tokens_[i + 1])) {
    remove(i + 1, i + 2);
  }
}

bool NameContext::is_joined_doctor(std::size_t i) const {
  constexpr std::size_t kShortest = 5;
  const std::u32string_view before = text_.gap_before(i), behind = text_.gap_before(i + 1);
  const bool is_joined = behind == U"_" || behind == U"^" || (behind == U" " && (before == U"_" || before == U"^"));
  return text_.folded(tokens_[i]) == U"dr" && is_joined && is_only_name(i + 1) &&
         !is_two_words(text_.folded(tokens_[i + 1])) && tokens_[i + 1].length >= kShortest &&
         text_.folded(tokens_[i + 1]).find_first_of(U"aeiou") != std::u32string_view::npos;
}

bool NameContext::is_two_words(std::u32string_view word) {
  constexpr std::size_t kShortest = 3;
  for (std::size_t n = kShortest; n + kShortest <= word.size(); ++n) {
    if (is_known_word(word.substr(0, n)) && is_known_word(word.substr(n))) return true;
  }
  return false;
}

bool NameContext::is_catheter_size(std::size_t i) const {
  return text_.folded(tokens_[i]) == U"fr" && i > 0 && tokens_[i - 1].is_number();
}

bool NameContext::is_dotted_degree(std::size_t i) const {
  return i + 1 < tokens_.size() && text_.folded(tokens_[i]) == U"m" && text_.folded(tokens_[i + 1]) == U"d" &&
         text_.gap_before(i + 1) == U"." && tokens_[i].token_case == TokenCase::upper;
}

void NameContext::before_degree(std::size_t i) {
  if (tokens_[i].token_case == TokenCase::lower || !has_gap(i, U" ,.(")) return;
  const bool has_comma = text_.gap_before(i).starts_with(U',');
  std::size_t first = i;
  constexpr std::size_t kMostWords = 3;
  bool is_known = has_comma;
  while (first > 0 && i - first < kMostWords &&
         (is_name_word(first - 1, has_comma) || (first < i && is_initial(first - 1)))) {
    const std::u32string_view gap = text_.gap_before(first);
    // "Hargreaves, Kim (MD)"
    const bool is_family = gap.starts_with(U',') && !has_comma && is_only_name(first - 1);
    if (first < i && (!joins_names(gap) || (gap.starts_with(U',') && !is_family))) break;
    --first;
    is_known = is_known || is_known_name(first) || tokens_[first].token_case == TokenCase::capitalised;
  }
  // Without a point, a letter before a name in capitals may be anything.
  if (first < i && is_initial(first) && !text_.gap_before(first + 1).starts_with(U'.') && !has_comma) ++first;
  if (first < i && is_known) remove(first, i);
}

bool NameContext::is_signature(std::size_t i) const {
  if (i == 0 || tokens_[i].token_case != TokenCase::upper || !is_only_name(i - 1)) return false;
  const std::u32string_view word = text_.folded(tokens_[i]);
  const std::u32string_view gap = text_.gap_before(i), after = text_.gap_before(i + 1);
  if (word == U"pa") return after == U"-" && i + 1 < tokens_.size() && text_.folded(tokens_[i + 1]) == U"c";
  if (word == U"rt") return gap == U", " && after == U"(";
  return gap == U", " && tokens_[i - 1].token_case == TokenCase::capitalised && is_one_of(word, kSignatures);
}

}  // namespace naru::dicom
