#include <algorithm>
#include <span>

#include "dicom/deidentify/descriptor_context.h"

namespace naru::dicom {

namespace {

// Ages of 90 and more identify by themselves: 45 CFR 164.514(b)(2)(i)(C).
constexpr std::int64_t kOldest = 89, kNobodyIs = 130;

constexpr std::u32string_view kYears[] = {
    U"yo",     U"yr",     U"yrs",    U"year",   U"years",   U"yearold",  U"yearsold", U"yrold",    U"yrsold",
    U"yom",    U"yof",    U"jahre",  U"jahren", U"jahrige", U"jahriger", U"jahrigen", U"jahrigem", U"jahriges",
    U"ans",    U"anos",   U"anni",   U"jaar",   U"лет",     U"года",     U"세",       U"세의",     U"세인",
    U"세남",   U"세여",   U"세남자", U"세여자", U"세남성",  U"세여성",   U"세된",     U"세이며",   U"세이고",
    U"세이상", U"세환자", U"세남환", U"세여환", U"살",      U"살의"};
// Of East Asia, with what is written behind them at once: "95歳女性".
constexpr std::u32string_view kHanYears[] = {U"歳", U"岁", U"歲", U"才", U"周岁", U"周歲", U"週歲", U"週歳"};
constexpr std::u32string_view kLabels[] = {U"age",  U"aged", U"ages", U"alter", U"edad", U"나이",
                                           U"연령", U"연세", U"年齢", U"年龄",  U"年齡"};
constexpr std::u32string_view kSexes[] = {U"m",    U"f",    U"male", U"female", U"남",   U"여",
                                          U"남자", U"여자", U"男",   U"女",     U"男性", U"女性"};
// Behind "92F" these tell that it is a woman's age, no number of frames.
constexpr std::u32string_view kOfPersons[] = {
    U"with",  U"w",   U"presents", U"presenting", U"presented", U"who",  U"hx",
    U"has",   U"had", U"fall",     U"fell",       U"status",    U"pain", U"cough",
    U"fever", U"sob", U"dyspnea",  U"weakness",   U"syncope",   U"ams",  U"headache"};
// "95 female": no number of anything else stands before them.
constexpr std::u32string_view kSpelledSexes[] = {U"female", U"male", U"woman", U"man"};
// "age of 95", "age at scan was 95"
constexpr std::u32string_view kFillers[] = {U"of", U"is", U"was", U"von", U"de"};
constexpr std::u32string_view kMonths[] = {U"m", U"mo", U"mos", U"mth", U"months"};
// Behind "bone age 96" or "age 100" these tell that it is a child's or a percentile, and no years.
constexpr std::u32string_view kNoYears[] = {
    U"pct",    U"percent", U"percentile", U"centile", U"th",       U"mo",    U"mos",  U"month",
    U"months", U"wk",      U"wks",        U"week",    U"weeks",    U"day",   U"days", U"monat",
    U"monate", U"wochen",  U"tage",       U"mois",    U"semaines", U"jours", U"개월", U"주",
    U"일",     U"か月",    U"ヶ月",       U"ヵ月",    U"个月",     U"個月",  U"天",   U"日"};

class AgeReader {
 public:
  explicit AgeReader(const FoldedText& text) : text_(text), tokens_(text.tokens()) {}

  bool is_old_age(std::size_t i) const {
    const Token& token = tokens_[i];
    if (!token.is_number() || token.length < 2 || token.length > 3) return false;
    const std::int64_t years = text_.number(token);
    if (years <= kOldest || years >= kNobodyIs || is_fraction(i)) return false;
    return has_unit(i) || has_label(i) || has_sex(i);
  }

  /// "ninety-three year old": the token behind the number, or `i`.
  std::size_t end_of_spelled_age(std::size_t i) const {
    constexpr std::u32string_view kOnes[] = {U"one", U"two",   U"three", U"four", U"five",
                                             U"six", U"seven", U"eight", U"nine"};
    if (word(i) != U"ninety") return i;
    const std::size_t end = is_one_of(word(i + 1), kOnes) ? i + 2 : i + 1;
    return is_one_of(word(end), kYears) ? end : i;
  }

 private:
  /// "1.95 yr"
  bool is_fraction(std::size_t i) const { return i > 0 && tokens_[i - 1].is_number() && text_.gap_before(i) == U"."; }

  std::u32string_view word(std::size_t i) const {
    return i < tokens_.size() ? text_.folded(tokens_[i]) : std::u32string_view();
  }

  /// "95yo", "95-year-old", "095Y", "95 y/o", "95세", "95歳"
  bool has_unit(std::size_t i) const {
    const std::u32string_view gap = text_.gap_before(i + 1), unit = word(i + 1);
    if (unit.empty() || !(gap.empty() || gap == U" " || gap == U"-")) return false;
    if (is_one_of(unit, kYears)) return true;
    const auto begins_unit = [&](std::u32string_view years) { return unit.starts_with(years); };
    if (tokens_[i + 1].kind == TokenKind::han) return std::ranges::any_of(kHanYears, begins_unit);
    if (unit == U"j") return text_.gap_before(i + 2).starts_with(U'.');  // "95 J."
    if (unit != U"y" || gap == U"-") return false;
    const bool is_spelled = word(i + 2) == U"o" && (text_.gap_before(i + 2) == U"/" || text_.gap_before(i + 2) == U".");
    const bool may_be_yttrium = word(i) == U"90";
    const bool is_coordinate = i > 0 && word(i - 1) == U"x";
    return is_spelled || !(may_be_yttrium || is_coordinate || (is_number_of(i + 1) && !has_months(i + 1)));
  }

  /// "Y95", "F18": a letter that belongs to the number behind it
  bool is_number_of(std::size_t letter) const {
    return letter + 1 < tokens_.size() && tokens_[letter + 1].is_number() && tokens_[letter + 1].is_glued;
  }

  /// "95y7m"
  bool has_months(std::size_t letter) const {
    return is_number_of(letter) && is_one_of(word(letter + 2), kMonths) && tokens_[letter + 2].is_glued;
  }

  /// "age: 95", "aged 95", "age of 95", but not "age 95%"
  bool has_label(std::size_t i) const {
    constexpr std::size_t kLongestGap = 3;
    const bool has_filler = i > 1 && text_.gap_before(i) == U" " && is_one_of(word(i - 1), kFillers);
    const std::size_t label_end = has_filler ? i - 1 : i;
    const std::u32string_view gap = text_.gap_before(label_end);
    return label_end > 0 && gap.size() <= kLongestGap && gap.find_first_not_of(U" :=") == gap.npos &&
           is_one_of(word(label_end - 1), kLabels) && !is_one_of(word(i + 1), kNoYears) &&
           text_.gap_before(i + 1).substr(0, 2).find(U'%') == gap.npos;
  }

  /// "M/95", "95/F", "95 female", "92F with", "92 F s/p", "(92F)"
  bool has_sex(std::size_t i) const {
    if (i > 0 && text_.gap_before(i) == U"/" && is_sex(i - 1) && !tokens_[i - 1].is_glued) return true;
    const bool is_behind_letters = tokens_[i].is_glued && !tokens_[i - 1].is_east_asian();  // "T91F pain"
    const bool is_technetium = i > 0 && word(i) == U"99" && word(i - 1) == U"tc";
    if (is_technetium) return false;
    if (is_in_brackets(i, i + 1, i + 1) || (i > 0 && is_in_brackets(i - 1, i, i - 1))) return true;
    if (!is_sex(i + 1) && !is_one_of(word(i + 1), kSpelledSexes)) return false;
    const std::u32string_view gap = text_.gap_before(i + 1);
    if (gap == U"/") return !is_number_of(i + 1);
    if ((gap == U" " || gap == U"-") && is_one_of(word(i + 1), kSpelledSexes)) return true;
    const bool is_beside = gap.empty() || gap == U" ";
    return is_beside && !is_behind_letters && tokens_[i + 1].is_raised() && tells_of_person(i + 2);
  }

  bool is_sex(std::size_t i) const { return i < tokens_.size() && is_one_of(word(i), kSexes); }

  /// "(95F)", "(F, 95)": nothing else between the brackets.
  bool is_in_brackets(std::size_t first, std::size_t last, std::size_t sex) const {
    constexpr std::u32string_view kBetween[] = {U"", U" ", U",", U", ", U"/"};
    return is_sex(sex) && is_one_of(text_.gap_before(last), kBetween) && text_.gap_before(first).ends_with(U'(') &&
           text_.gap_before(last + 1).starts_with(U')');
  }

  /// "with pain", "s/p fall", "c/o pain"
  bool tells_of_person(std::size_t i) const {
    const bool is_short = (word(i) == U"s" && word(i + 1) == U"p") || (word(i) == U"c" && word(i + 1) == U"o");
    return text_.gap_before(i).starts_with(U' ') &&
           (is_one_of(word(i), kOfPersons) || word(i + 1) == U"pain" || (is_short && text_.gap_before(i + 1) == U"/"));
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
};

}  // namespace

bool is_person_at(const FoldedText& text, std::size_t i) {
  constexpr std::u32string_view kSexes[] = {U"m", U"f", U"남", U"여", U"남자", U"여자", U"male", U"female"};
  constexpr std::u32string_view kYears[] = {U"세", U"y", U"yo", U"yr", U"yrs", U"years", U"yrsold"};
  const auto& tokens = text.tokens();
  const auto is_one_of = [&](std::size_t k, std::span<const std::u32string_view> words) {
    return k < tokens.size() && std::find(words.begin(), words.end(), text.folded(tokens[k])) != words.end();
  };
  const auto is_age = [&](std::size_t k) {
    return k < tokens.size() && tokens[k].is_number() && tokens[k].length <= 3 && text.number(tokens[k]) <= 120;
  };
  const auto is_near = [&](std::size_t k) {
    const std::u32string_view gap = text.gap_before(k);
    return gap.size() <= 2 && gap.find_first_not_of(U" /,-(") == std::u32string_view::npos;
  };
  if (i == 0 || i >= tokens.size() || !is_near(i) || tokens[i].is_glued) return false;
  const bool is_spaced = i + 1 < tokens.size() && is_near(i + 1);
  if (is_one_of(i, kSexes)) {
    if (!is_spaced || !is_age(i + 1)) return false;
    // "M 45" alone may be anything.
    return text.gap_before(i + 1) != U" " || (is_one_of(i + 2, kYears) && is_near(i + 2));
  }
  if (!is_age(i) || !is_spaced) return false;
  return is_one_of(i + 1, kYears) || (is_one_of(i + 1, kSexes) && text.gap_before(i + 1) == U"/");
}

void find_old_ages(const FoldedText& text, Removals& removals) {
  const AgeReader reader(text);
  for (std::size_t i = 0; i < text.tokens().size(); ++i) {
    const std::size_t end = reader.is_old_age(i) ? i + 1 : reader.end_of_spelled_age(i);
    if (end != i) removals.push_back({text.tokens()[i].begin, text.tokens()[end - 1].end, DescriptorReason::age});
  }
}

}  // namespace naru::dicom
