#include "dicom/deidentify/descriptor_dates.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "dicom/deidentify/descriptor_months.h"
#include "dicom/deidentify/descriptor_vocabulary.h"
#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

constexpr std::int64_t kFirstYear = 1900, kLastYear = 2099;

bool is_year(std::int64_t year) { return year >= kFirstYear && year <= kLastYear; }
bool is_month(std::int64_t month) { return month >= 1 && month <= 12; }
bool is_day(std::int64_t year, std::int64_t month, std::int64_t day) {
  constexpr std::array<std::int64_t, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!is_month(month) || day < 1 || day > kDays[static_cast<std::size_t>(month - 1)]) return false;
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return !(month == 2 && day == 29 && is_year(year)) || is_leap;
}
bool is_date(std::int64_t year, std::int64_t month, std::int64_t day) {
  return is_year(year) && is_day(year, month, day);
}

/// Two digits of a year: 00 to 68 is this century, as POSIX reads it.
std::int64_t century(std::int64_t year) { return year < 69 ? 2000 + year : 1900 + year; }

bool is_among(std::u32string_view text, std::u32string_view allowed, std::size_t longest) {
  return text.size() <= longest && text.find_first_not_of(allowed) == std::u32string_view::npos;
}

}  // namespace

bool is_behind_date(const FoldedText& text, std::size_t i) {
  if (i < 3) return false;
  const auto is_in = [&](std::size_t k, std::uint32_t length, std::int64_t least, std::int64_t most) {
    const Token& token = text.tokens()[k];
    return token.is_number() && token.length == length && text.number(token) >= least && text.number(token) <= most;
  };
  return is_in(i - 3, 4, kFirstYear, kLastYear) && is_in(i - 2, 2, 1, 12) && is_in(i - 1, 2, 1, 31);
}

void DateFinder::add(std::string_view date) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(date.data(), date.data() + date.size(), value);
  if (error != std::errc() || end != date.data() + date.size() || date.size() != 8) return;
  if (!is_date(value / 10000, value / 100 % 100, value % 100)) return;
  own_.push_back(value);
  if (const auto days = days_of_date(date)) own_days_.push_back(*days);
}

bool DateFinder::is_own_time(std::int64_t since_1970) const {
  constexpr std::int64_t kFewest = 1'000'000'000, kMost = 9'999'999'999, kDaySeconds = 86'400, kPerSecond = 1000;
  std::int64_t seconds = since_1970;
  while (seconds > kMost) seconds /= kPerSecond;
  if (seconds < kFewest) return false;
  const std::int64_t day = seconds / kDaySeconds;
  return std::ranges::any_of(own_days_, [&](std::int64_t own) { return own >= day - 1 && own <= day + 1; });
}

bool DateFinder::is_own(std::int64_t year, std::int64_t month, std::int64_t day) const {
  return std::any_of(own_.begin(), own_.end(), [&](std::int64_t own) {
    const bool is_year = year < 0 || own / 10000 == year || (year < 100 && own / 10000 % 100 == year);
    return is_year && own / 100 % 100 == month && own % 100 == day;
  });
}

/// Reads forms of dates at one token; each function returns the token after the date, or `at` where there is none.
struct DateFinder::Reader {
  const DateFinder& finder;
  const FoldedText& text;

  const std::vector<Token>& tokens() const { return text.tokens(); }
  bool is_number(std::size_t i, std::uint32_t shortest, std::uint32_t longest) const {
    return i < tokens().size() && tokens()[i].is_number() && tokens()[i].length >= shortest &&
           tokens()[i].length <= longest;
  }
  std::int64_t value(std::size_t i) const { return text.number(tokens()[i]); }
  std::int64_t value(std::size_t i, std::size_t begin, std::size_t count) const {
    std::int64_t number = 0;
    for (const char32_t code : text.folded(tokens()[i]).substr(begin, count)) number = number * 10 + (code - U'0');
    return number;
  }
  /// A setting's name before, or a unit after: the numbers are no date.
  bool has_unit(std::size_t first, std::size_t end) const {
    if (first > 0 && is_measure(text, first - 1) && is_among(text.gap_before(first), U" :=_", 2)) return true;
    return end < tokens().size() && is_measure(text, end) && is_among(text.gap_before(end), U" ", 1);
  }

  /// A date of the header that leaves no doubt: with all digits of its year.
  std::size_t own(std::size_t at) const {
    if (is_number(at, 8, 20) && finder.is_own(value(at, 0, 4), value(at, 4, 2), value(at, 6, 2))) return at + 1;
    if (is_number(at, 10, 16) && finder.is_own_time(value(at, 0, 16))) {
      return is_number(at + 1, 1, 9) && text.gap_before(at + 1) == U"." ? at + 2 : at + 1;
    }
    if (!is_number(at, 1, 4) || !is_number(at + 1, 1, 2) || !is_number(at + 2, 1, 4)) return at;
    const std::int64_t a = value(at), b = value(at + 1), c = value(at + 2);
    const bool is_own = tokens()[at].length == 4
                            ? finder.is_own(a, b, c)
                            : tokens()[at + 2].length == 4 && (finder.is_own(c, a, b) || finder.is_own(c, b, a));
    return is_own && text.gap_before(at + 1) == text.gap_before(at + 2) ? at + 3 : at;
  }

  /// "14AUG1962", "1962-Aug-14", "Aug 14, 1962"
  std::size_t own_named(std::size_t at) const {
    if (!is_date_gap(at + 1) || !is_date_gap(at + 2)) return at;
    const std::size_t name = tokens()[at].is_letters() ? at : at + 1, first = name == at ? at + 1 : at, last = at + 2;
    const MonthName* month = tokens()[name].is_letters() ? find_month(tokens()[name].hash) : nullptr;
    if (month == nullptr || !is_number(first, 1, 4) || !is_number(last, 1, 4)) return at;
    const bool is_year_last = tokens()[last].length == 4;
    if (!is_year_last && tokens()[first].length != 4) return at;
    const std::size_t year = is_year_last ? last : first, day = is_year_last ? first : last;
    return finder.is_own(value(year), month->month, value(day)) ? at + 3 : at;
  }

  /// "620814", where nothing else stands in the text.
  std::size_t own_alone(std::size_t at) const {
    return tokens().size() == 1 && is_number(at, 6, 6) && text.chars().size() == 6 ? joined(at) : at;
  }

  /// "DOB 541107", "생년월일: 541107"
  bool is_behind_birth(std::size_t at) const {
    constexpr std::u32string_view kLabels[] = {U"dob",       U"born",     U"geb",      U"geboren",
                                               U"birthdate", U"birthday", U"생년월일", U"생일"};
    return at > 0 && is_among(text.gap_before(at), U" :=.", 3) &&
           std::find(std::begin(kLabels), std::end(kLabels), text.folded(tokens()[at - 1])) != std::end(kLabels);
  }

  /// "prior 7/11/15", "seen May 5", "compared to 8/9/10", "exam071115": words that a date follows.
  bool is_behind_event(std::size_t at) const {
    constexpr std::u32string_view kEvents[] = {U"prior",   U"previous", U"seen",     U"dated",     U"date",
                                               U"since",   U"exam",     U"examined", U"visit",     U"performed",
                                               U"scanned", U"compare",  U"compared", U"comparison"};
    constexpr std::u32string_view kBetween[] = {U"to", U"with", U"from", U"on", U"of"};
    if (at == 0 || !is_among(text.gap_before(at), U" :=._", 2)) return false;
    const std::size_t word = at > 1 && is_one_of(text.folded(tokens()[at - 1]), kBetween) ? at - 2 : at - 1;
    return is_one_of(text.folded(tokens()[word]), kEvents);
  }

  /// Digits alone.
  std::size_t joined(std::size_t at) const {
    const Token& token = tokens()[at];
    const bool is_fraction =
        at > 0 && tokens()[at - 1].is_number() && text.gap_before(at) == U"." && tokens()[at - 1].length < 4;
    if (is_fraction) return at;
    // Behind the seconds some programs write a fraction without a point.
    const bool has_fraction_digits = token.length > 14 && token.length <= 20;
    if (token.length == 8 || token.length == 12 || token.length == 14 || has_fraction_digits) {
      if (is_date(value(at, 0, 4), value(at, 4, 2), value(at, 6, 2))) {
        if (token.length == 8) return at + 1;
        const bool has_fraction = is_number(at + 1, 1, 6) && text.gap_before(at + 1) == U".";
        if (value(at, 8, 2) < 24 && value(at, 10, 2) < 60) return has_fraction ? at + 2 : at + 1;
      }
    }
    if (token.length == 8) {
      const std::int64_t a = value(at, 0, 2), b = value(at, 2, 2), year = value(at, 4, 4);
      return is_date(year, a, b) || is_date(year, b, a) ? at + 1 : at;
    }
    if (token.length != 6) return at;
    // Of the header's dates any century's: births lie further back than two digits of a year tell.
    const std::int64_t a = value(at, 0, 2), b = value(at, 2, 2), c = value(at, 4, 2);
    const bool is_own = finder.is_own(a, b, c) || finder.is_own(c, a, b) || finder.is_own(c, b, a);
    const bool is_told = is_behind_birth(at) || is_behind_event(at);
    return is_own || (is_told && (is_day(-1, b, c) || is_day(-1, a, b) || is_day(-1, b, a))) ? at + 1 : at;
  }

  /// Three numbers between the same signs.
  std::size_t separated(std::size_t at) const {
    if (!is_number(at, 1, 4) || !is_number(at + 1, 1, 2) || !is_number(at + 2, 1, 4)) return at;
    const std::u32string_view gap = text.gap_before(at + 1);
    // "2014. 3. 12", "2014.3. 12"
    const auto is_dot = [](std::u32string_view sign) { return sign == U"." || sign == U". "; };
    const bool is_dotted_loosely = is_dot(gap) && is_dot(text.gap_before(at + 2));
    if (gap.empty() || (gap != text.gap_before(at + 2) && !is_dotted_loosely)) return at;
    // "2019:03:14", as pictures have it
    const bool is_exif =
        gap == U":" && tokens()[at].length == 4 && tokens()[at + 1].length == 2 && is_number(at + 2, 2, 2);
    if (!is_exif && (!is_among(gap, U"-/._ \u2010\u2011\u2012\u2013", 2) || gap == U"  ")) return at;
    const std::int64_t a = value(at), b = value(at + 1), c = value(at + 2);
    const std::uint32_t a_length = tokens()[at].length, b_length = tokens()[at + 1].length,
                        c_length = tokens()[at + 2].length;
    const bool is_chained_before = at > 0 && tokens()[at - 1].is_number() && text.gap_before(at) == gap && gap != U" ";
    if (is_chained_before && !is_behind_date(text, at)) return at;
    const bool is_spaced = gap.find_first_not_of(U" _") == std::u32string_view::npos;
    if (a_length == 4 && c_length <= 2) {
      if (!is_date(a, b, c) || (is_spaced && (b_length + c_length != 4 || has_unit(at, at + 3)))) return at;
      return at + 3;
    }
    const bool is_chained =
        at + 3 < tokens().size() && tokens()[at + 3].is_number() && text.gap_before(at + 3) == gap && gap != U" ";
    // "03/22/2014/1": no row of settings, which would be round.
    const bool is_full = a_length == 2 && b_length == 2 && c_length == 4 && c % 100 != 0;
    if ((is_chained && !is_full) || a_length > 2) return at;
    if (c_length == 4) {
      const bool is_valid = is_date(c, a, b) || is_date(c, b, a);
      return is_valid && !(is_spaced && (a_length + b_length != 4 || has_unit(at, at + 3))) ? at + 3 : at;
    }
    if (c_length == 2 || is_short_year_first(at)) return short_year(at, gap);
    return a_length == 2 && finder.is_own(a, b, c) && !has_unit(at, at + 3) ? at + 3 : at;  // "54.11.7"
  }

  /// "'19.3.14", "수술일 24/3/5"
  bool is_short_year_first(std::size_t at) const {
    constexpr std::uint32_t kShortestLabel = 3;
    const std::uint32_t begin = tokens()[at].begin;
    const bool has_apostrophe = begin > 0 && text.folded(begin - 1, begin) == U"'";
    const bool is_labelled = at > 0 && tokens()[at - 1].kind == TokenKind::hangul &&
                             tokens()[at - 1].length >= kShortestLabel && is_among(text.gap_before(at), U" :=", 2) &&
                             text.folded(tokens()[at - 1]).ends_with(U'일');
    return tokens()[at].length == 2 && (has_apostrophe || is_labelled);
  }

  /// "03/21/14": of numbers that could mean anything, so what stands around them decides.
  std::size_t short_year(std::size_t at, std::u32string_view gap) const {
    const std::int64_t a = value(at), b = value(at + 1), c = value(at + 2);
    const bool is_own =
        finder.is_own(c, a, b) || finder.is_own(c, b, a) || (tokens()[at].length == 2 && finder.is_own(a, b, c));
    if (is_own) return at + 3;
    if (is_short_year_first(at) && is_day(century(a), b, c)) return at + 3;
    const bool is_padded = tokens()[at].length == 2 && tokens()[at + 1].length == 2;
    const bool is_slashed = gap == U"/", is_dashed = gap == U"-", is_dotted = gap == U"." || gap == U". ";
    const bool is_told = is_behind_event(at);
    if (!is_slashed && !((is_dashed || is_dotted) && is_padded) && !(is_dashed && is_told)) return at;
    if (has_unit(at, at + 3)) return at;
    // A version: "VE11.02.10", "v05.01.12", or a list of settings: "5/10/15".
    if (tokens()[at].is_glued && is_dotted) return at;
    const std::u32string_view after = text.gap_before(at + 3);
    if (!after.empty() && (after[0] == U'%' || after[0] == U'\u00B0')) return at;
    const bool is_mdy = is_day(century(c), a, b), is_dmy = is_day(century(c), b, a);
    const bool is_ymd = tokens()[at].length == 2 && is_day(century(a), b, c) && is_padded;
    const bool is_row = b - a == c - b && a != b && !is_padded && !is_told;
    if (is_row) return at;
    if (is_dotted) return is_dmy || is_ymd ? at + 3 : at;
    return is_mdy || is_dmy || is_ymd ? at + 3 : at;
  }

  /// Year and month alone: "2014-03", "03/2014".
  std::size_t year_month(std::size_t at) const {
    if (!is_number(at, 1, 4) || !is_number(at + 1, 2, 4) || tokens()[at].length == 3) return at;
    const std::u32string_view gap = text.gap_before(at + 1);
    if (gap != U"-" && gap != U"/") return at;
    const bool is_inside = (at > 0 && tokens()[at - 1].is_number() && text.gap_before(at) == gap) ||
                           (at + 2 < tokens().size() && tokens()[at + 2].is_number() && text.gap_before(at + 2) == gap);
    if (is_inside || has_unit(at, at + 2)) return at;
    const bool is_year_first =
        tokens()[at].length == 4 && tokens()[at + 1].length == 2 && is_year(value(at)) && is_month(value(at + 1));
    const bool is_year_last = (tokens()[at].length == 2 || gap == U"/") && tokens()[at + 1].length == 4 &&
                              is_year(value(at + 1)) && is_month(value(at));
    return is_year_first || is_year_last ? at + 2 : at;
  }

  /// "seen 3/12": a day and a month of the header.
  std::size_t own_day(std::size_t at) const {
    if (!is_number(at, 1, 2) || !is_number(at + 1, 1, 2) || text.gap_before(at + 1) != U"/") return at;
    const bool goes_on = at + 2 < tokens().size() && tokens()[at + 2].is_number() && text.gap_before(at + 2) == U"/";
    const std::int64_t a = value(at), b = value(at + 1);
    const bool is_own = finder.is_own(-1, a, b) || finder.is_own(-1, b, a);
    return is_own && !goes_on && is_behind_event(at) && !has_unit(at, at + 2) ? at + 2 : at;
  }

  bool is_day_ending(std::size_t i) const {
    constexpr std::u32string_view kEndings[] = {U"st", U"nd", U"rd", U"th", U"er"};
    return i < tokens().size() && tokens()[i].is_glued &&
           std::find(std::begin(kEndings), std::end(kEndings), text.folded(tokens()[i])) != std::end(kEndings);
  }
  bool is_date_gap(std::size_t i) const { return i < tokens().size() && is_among(text.gap_before(i), U" -./_,'", 2); }
  /// "of", "de": between day, month and year.
  std::size_t after_of(std::size_t i) const {
    if (!is_date_gap(i) || !tokens()[i].is_letters()) return i;
    const std::u32string_view word = text.folded(tokens()[i]);
    return word == U"of" || word == U"de" || word == U"del" ? i + 1 : i;
  }
  bool is_year_at(std::size_t i) const {
    if (!is_date_gap(i) || !is_number(i, 2, 4) || tokens()[i].length == 3) return false;
    return tokens()[i].length == 2 || is_year(value(i));
  }

  /// "12-Mar-2014", "12th of March 2014", "12 March"
  std::size_t day_month(std::size_t at) const {
    if (!is_number(at, 1, 2) || value(at) < 1 || value(at) > 31) return at;
    std::size_t i = at + 1;
    if (is_day_ending(i)) ++i;
    i = after_of(i);
    if (!is_date_gap(i) || !tokens()[i].is_letters()) return at;
    const MonthName* month = find_month(tokens()[i].hash);
    if (month == nullptr || !is_day(-1, month->month, value(at))) return at;
    const std::size_t year = after_of(i + 1);
    const bool is_tight = year == i + 1 && year < tokens().size() && text.gap_before(year) == text.gap_before(i);
    if (is_year_at(year) && (tokens()[year].length == 4 || is_tight) &&
        !(tokens()[year].length == 2 && has_unit(at, year + 1))) {
      return year + 1;
    }
    // "14MAR"
    const bool is_stamp = tokens()[at].length == 2 && i == at + 1 && tokens()[i].is_glued && tokens()[i].is_raised() &&
                          !(i + 1 < tokens().size() && tokens()[i + 1].is_glued);
    const bool is_certain = !month->is_word_too || is_stamp || finder.is_own(-1, month->month, value(at));
    return is_certain && !has_unit(at, at + 1) ? i + 1 : at;
  }

  /// "14/III/2019", "14-III-19"
  std::size_t roman_month(std::size_t at) const {
    constexpr std::u32string_view kMonths[] = {U"i",   U"ii",   U"iii", U"iv", U"v",  U"vi",
                                               U"vii", U"viii", U"ix",  U"x",  U"xi", U"xii"};
    const std::size_t year = at + 2;
    if (!is_number(at, 1, 2) || tokens()[at].is_glued || !is_number(year, 2, 4) || tokens()[year].length == 3)
      return at;
    const std::u32string_view gap = text.gap_before(at + 1);
    if ((gap != U"/" && gap != U"-" && gap != U".") || text.gap_before(year) != gap) return at;
    const auto* month = std::find(std::begin(kMonths), std::end(kMonths), text.folded(tokens()[at + 1]));
    if (month == std::end(kMonths) || tokens()[at + 1].token_case != TokenCase::upper) return at;
    const bool is_short = tokens()[year].length == 2;
    if (is_short && tokens()[at].length != 2) return at;
    const std::int64_t year_value = is_short ? century(value(year)) : value(year);
    return is_date(year_value, month - std::begin(kMonths) + 1, value(at)) ? at + 3 : at;
  }

  /// "1954년생", "54년생", "born 1954"
  std::size_t birth_year(std::size_t at) const {
    if (is_behind_birth(at) && is_number(at, 4, 4) && is_year(value(at))) return at + 1;
    const bool is_year_number = is_number(at, 2, 2) || (is_number(at, 4, 4) && is_year(value(at)));
    if (!is_year_number || at + 1 >= tokens().size() || !is_among(text.gap_before(at + 1), U" ", 1)) return at;
    return text.folded(tokens()[at + 1]).starts_with(U"년생") ? at + 2 : at;
  }

  /// "March 12, 2014", "Mar 2014", "March 12"
  std::size_t month_day(std::size_t at) const {
    const MonthName* month = tokens()[at].is_letters() ? find_month(tokens()[at].hash) : nullptr;
    if (month == nullptr || !is_date_gap(at + 1)) return at;
    std::size_t i = after_of(at + 1);
    if (!is_date_gap(i) || !tokens()[i].is_number()) return at;
    if (is_number(i, 4, 4) && is_year(value(i)) && !has_unit(i, i + 1)) return i + 1;
    if (!is_number(i, 1, 2) || !is_day(-1, month->month, value(i))) return at;
    const std::size_t day = i++;
    const bool has_ending = is_day_ending(i);
    if (has_ending) ++i;
    // "Mar 14 10:15:30 2019"
    const std::size_t after_clock = is_date_gap(i) ? clock(i) : i;
    if (after_clock != i && is_number(after_clock, 4, 4) && is_year(value(after_clock))) return after_clock + 1;
    const std::size_t end = i;
    i = after_of(i);
    if (is_year_at(i) && tokens()[i].length == 4) return i + 1;
    const bool has_short_year = is_year_at(i) && text.gap_before(i) != U" " && text.gap_before(i) != U".";
    if (has_short_year && !has_unit(at, i + 1)) return i + 1;
    const bool is_apostrophe_year = has_ending && is_number(i, 2, 2) && text.gap_before(i).ends_with(U'\'');
    if (is_apostrophe_year) return i + 1;
    const bool is_certain =
        !month->is_word_too || has_ending || is_behind_event(at) || finder.is_own(-1, month->month, value(day));
    return is_certain && !has_unit(day, day + 1) ? end : at;
  }

  /// "2014 Mar 21", "2014-March-21"
  std::size_t year_month_name(std::size_t at) const {
    if (!is_number(at, 4, 4) || !is_year(value(at)) || !is_date_gap(at + 1) || !tokens()[at + 1].is_letters())
      return at;
    const MonthName* month = find_month(tokens()[at + 1].hash);
    if (month == nullptr || !is_date_gap(at + 2) || !is_number(at + 2, 1, 2)) return at;
    return is_date(value(at), month->month, value(at + 2)) ? at + 3 : at;
  }

  /// The length of a counter such as 년 at token i: 1 where it is there, glued or after one space.
  bool is_counter(std::size_t i, std::u32string_view counters) const {
    if (i >= tokens().size() || !is_among(text.gap_before(i), U" ", 1)) return false;
    return counters.find(text.folded(tokens()[i])[0]) != std::u32string_view::npos;
  }

  /// "2014년 3월 12일", "3월 12일", "2014年3月12日"; `end_in_token` is how many characters of the last token belong to
  /// it.
  std::size_t east_asian(std::size_t at) const {
    std::size_t i = at;
    int parts = 0;
    if (is_number(i, 2, 4) && is_counter(i + 1, U"년年")) {
      i += 2;
      ++parts;
    }
    const bool has_month = is_number(i, 1, 2) && is_month(value(i)) && is_counter(i + 1, U"월月");
    if (!has_month) return at;
    i += 2;
    ++parts;
    const bool has_day = is_number(i, 1, 2) && value(i) >= 1 && value(i) <= 31 && is_counter(i + 1, U"일日");
    if (has_day) {
      i += 2;
      ++parts;
    }
    return parts >= 2 ? i : at;
  }

  /// "2020-W01-4" (ISO 8601)
  std::size_t week(std::size_t at) const {
    constexpr std::int64_t kWeeks = 53, kDaysOfWeek = 7;
    if (!is_number(at, 4, 4) || !is_year(value(at)) || !is_number(at + 2, 2, 3)) return at;
    const bool is_week = text.folded(tokens()[at + 1]) == U"w" && is_among(text.gap_before(at + 1), U"-", 1) &&
                         tokens()[at + 2].is_glued && value(at + 2, 0, 2) >= 1 && value(at + 2, 0, 2) <= kWeeks;
    if (!is_week || tokens()[at + 2].length != 2) return is_week && text.gap_before(at + 1).empty() ? at + 3 : at;
    const bool has_day = is_number(at + 3, 1, 1) && value(at + 3) >= 1 && value(at + 3) <= kDaysOfWeek &&
                         text.gap_before(at + 3) == U"-";
    return has_day ? at + 4 : at + 3;
  }

  /// "令和2年1月2日", "令和元年5月22日", "昭和32年": from the token of the era on.
  std::size_t era_date(std::size_t at) const {
    std::u32string_view word = text.folded(tokens()[at]);
    constexpr std::u32string_view kFirst = U"元年";
    const bool is_first_year = word.ends_with(kFirst);
    if (is_first_year) word.remove_suffix(kFirst.size());
    if (year_before_era(word) == 0) return at;
    std::size_t i = at + 1;
    if (!is_first_year) {
      if (!is_number(i, 1, 3) || !is_counter(i + 1, U"年")) return at;
      i += 2;
    }
    if (is_number(i, 1, 2) && is_month(value(i)) && is_counter(i + 1, U"月")) i += 2;
    if (is_number(i, 1, 2) && is_counter(i + 1, U"日")) i += 2;
    return i;
  }

  /// Where a date begins in its first token: "撮影日令和2年".
  std::uint32_t begin_of(std::size_t at) const {
    const Token& token = tokens()[at];
    if (token.kind != TokenKind::han) return token.begin;
    constexpr std::uint32_t kEraLength = 2, kWithFirstYear = 4;
    return token.end - (text.folded(token).ends_with(U"元年") ? kWithFirstYear : kEraLength);
  }

  /// "H31.5.22", "S32.3.14": as forms have Japanese eras. "R2.1.2" is a version as well.
  std::size_t era_letter(std::size_t at) const {
    constexpr std::int64_t kBeforeShowa = 1925, kBeforeHeisei = 1988, kBeforeReiwa = 2018, kLastShowa = 64,
                           kLastHeisei = 31;
    const Token& token = tokens()[at];
    const std::u32string_view letter = text.folded(token);
    if (token.length != 1 || token.token_case != TokenCase::upper || token.is_glued || !is_number(at + 1, 1, 2) ||
        !tokens()[at + 1].is_glued || !is_number(at + 2, 1, 2) || !is_number(at + 3, 1, 2)) {
      return at;
    }
    if (text.gap_before(at + 2) != U"." || text.gap_before(at + 3) != U".") return at;
    const std::int64_t before = letter == U"s"   ? kBeforeShowa
                                : letter == U"h" ? kBeforeHeisei
                                : letter == U"r" ? kBeforeReiwa
                                                 : 0;
    const std::int64_t year = value(at + 1), month = value(at + 2), day = value(at + 3);
    const bool goes_on = at + 4 < tokens().size() && tokens()[at + 4].is_number() && text.gap_before(at + 4) == U".";
    if (before == 0 || goes_on || !is_date(before + year, month, day)) return at;
    const bool is_two_digits = tokens()[at + 1].length == 2;
    const bool is_certain =
        is_two_digits && ((letter == U"s" && year <= kLastShowa) || (letter == U"h" && year <= kLastHeisei));
    return is_certain || finder.is_own(before + year, month, day) ? at + 4 : at;
  }

  std::size_t date(std::size_t at) const {
    using Form = std::size_t (Reader::*)(std::size_t) const;
    constexpr Form kForms[] = {&Reader::joined,    &Reader::separated,       &Reader::east_asian,
                               &Reader::day_month, &Reader::year_month_name, &Reader::year_month,
                               &Reader::own_day,   &Reader::roman_month,     &Reader::birth_year,
                               &Reader::week,      &Reader::before_weekday};
    if (tokens()[at].kind == TokenKind::han) return era_date(at);
    if (tokens()[at].is_letters()) return era_letter(at) != at ? era_letter(at) : month_day(at);
    if (!tokens()[at].is_number()) return at;
    for (const Form form : kForms) {
      const std::size_t end = (this->*form)(at);
      if (end != at) return end;
    }
    return at;
  }

  /// "12:30", "12:30:59.123", with "AM" and the like.
  std::size_t clock(std::size_t at) const {
    if (!is_number(at, 1, 2) || value(at) > 24 || !is_number(at + 1, 2, 2) || value(at + 1) > 59) return at;
    if (text.gap_before(at + 1) != U":") return at;
    std::size_t i = at + 2;
    if (is_number(i, 2, 2) && text.gap_before(i) == U":") ++i;
    if (i > at + 2 && is_number(i, 1, 6) && text.gap_before(i) == U".") ++i;
    if (i < tokens().size() && is_among(text.gap_before(i), U" ", 1)) {
      const std::u32string_view word = text.folded(tokens()[i]);
      if (word == U"am" || word == U"pm" || word == U"z" || word == U"uhr") ++i;
    }
    return i;
  }

  /// "오후 3시 20분", "오전 10:30", "14時 5分": a time that a date may follow.
  std::size_t time_before(std::size_t at) const {
    const std::u32string_view word = text.folded(tokens()[at]);
    const bool has_half = (word == U"오전" || word == U"오후" || word == U"午前" || word == U"午後") &&
                          at + 1 < tokens().size() && is_among(text.gap_before(at + 1), U" ", 1);
    const std::size_t first = has_half ? at + 1 : at;
    if (!is_number(first, 1, 2)) return at;
    if (const std::size_t end = clock(first); end != first) return end;
    const auto is_whole = [&](std::size_t i, std::u32string_view counters) {
      return is_counter(i, counters) && tokens()[i].length == 1;
    };
    if (value(first) > 24 || !is_whole(first + 1, U"시時")) return at;
    const std::size_t minutes = first + 2;
    return is_number(minutes, 1, 2) && is_whole(minutes + 1, U"분分") ? minutes + 2 : minutes;
  }

  /// "3/5(화)": day and month alone, where the day of the week says what they are.
  std::size_t before_weekday(std::size_t at) const {
    if (!is_number(at, 1, 2) || !is_number(at + 1, 1, 2)) return at;
    const std::u32string_view gap = text.gap_before(at + 1);
    const bool is_chained = at > 0 && tokens()[at - 1].is_number() && text.gap_before(at) == gap;
    if ((gap != U"/" && gap != U"." && gap != U"-") || is_chained) return at;
    const bool is_valid = is_day(-1, value(at), value(at + 1)) || is_day(-1, value(at + 1), value(at));
    const std::size_t end = at + 2;
    return is_valid && text.gap_before(end).ends_with(U'(') && weekday_after(end) != end ? end : at;
  }

  /// What follows a date, or its day of the week, which may stand in brackets, as its time.
  std::size_t time_after(std::size_t at, bool is_behind_weekday) const {
    std::size_t i = at;
    if (i < tokens().size() && tokens()[i].is_letters()) {
      const std::u32string_view word = text.folded(tokens()[i]);
      const bool is_link =
          (word == U"t" && tokens()[i].is_glued) || word == U"at" || word == U"um" || word == U"oclock";
      if (is_link && is_among(text.gap_before(i), U" ,", 2)) ++i;
    }
    if (i < tokens().size() && tokens()[i].kind == TokenKind::hangul) {
      const std::u32string_view word = text.folded(tokens()[i]);
      if ((word == U"오전" || word == U"오후") && is_among(text.gap_before(i), U" )", 2)) ++i;
    }
    const std::u32string_view between = is_behind_weekday ? U" T_,-.@)" : U" T_,-.@";
    if (i >= tokens().size() || !is_among(text.gap_before(i), between, 3)) return at;
    if (const std::size_t end = clock(i); end != i) return end;
    if (is_number(i, 1, 2) && is_counter(i + 1, U"시時"))
      return is_number(i + 2, 1, 2) && is_counter(i + 3, U"분分") ? i + 4 : i + 2;
    const bool is_digits = is_number(i, 6, 6) && value(i, 0, 2) < 24 && value(i, 2, 2) < 60 && value(i, 4, 2) < 60;
    const bool is_short = i > at && is_number(i, 4, 4) && value(i, 0, 2) < 24 && value(i, 2, 2) < 60;
    if (!is_digits && !is_short) return at;
    return is_number(i + 1, 1, 6) && text.gap_before(i + 1) == U"." ? i + 2 : i + 1;
  }

  /// "(화)", ", Tue", " Tuesday": the token of a day of the week beside a date, which would tell by how many days the
  /// date was moved, but for weeks.
  bool is_weekday(std::size_t i, std::u32string_view between, bool is_in_brackets) const {
    const std::u32string_view word = text.folded(tokens()[i]);
    const bool is_apart = is_in_brackets || between.find(U',') != std::u32string_view::npos;
    return is_among(between, U" ,._", 2) && is_day_of_week(word, is_apart);
  }

  /// Behind a date; the token after it, or `at` where there is none.
  std::size_t weekday_after(std::size_t at) const {
    if (at >= tokens().size()) return at;
    std::u32string_view gap = text.gap_before(at);
    const bool is_in_brackets = gap.ends_with(U'(') && text.gap_before(at + 1).starts_with(U')');
    if (is_in_brackets) gap.remove_suffix(1);
    return is_weekday(at, gap, is_in_brackets) ? at + 1 : at;
  }

  /// Before the date that begins with token `at`: the token of the day, or `at` where there is none.
  std::size_t weekday_before(std::size_t at) const {
    return at > 0 && !tokens()[at].is_glued && is_weekday(at - 1, text.gap_before(at), false) ? at - 1 : at;
  }

  /// The folded character after the last token: of a counter with more behind it ("12일자") only the counter goes.
  std::uint32_t end_of(std::size_t end) const {
    const Token& last = tokens()[end - 1];
    const bool is_counter_token = last.kind == TokenKind::hangul || last.kind == TokenKind::han;
    constexpr std::u32string_view kCounters = U"년월일시분年月日時分";
    const bool has_more =
        is_counter_token && last.length > 1 && kCounters.find(text.folded(last)[0]) != std::u32string_view::npos;
    return has_more ? last.begin + 1 : last.end;
  }
};

void DateFinder::find_own(const FoldedText& text, Removals& removals) const {
  const Reader reader{*this, text};
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t end = std::max({reader.own(i), reader.own_named(i), reader.own_alone(i)});
    if (end != i) removals.push_back({tokens[i].begin, tokens[end - 1].end, DescriptorReason::date});
  }
}

void DateFinder::find(const FoldedText& text, Removals& removals) const {
  const Reader reader{*this, text};
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; i < tokens.size();) {
    const std::size_t end = reader.date(i);
    if (end == i) {
      // A time before its date.
      const std::size_t after = reader.time_before(i);
      const bool has_date =
          after != i && after < tokens.size() && joins_names(text.gap_before(after)) && reader.date(after) != after;
      if (has_date) removals.push_back({tokens[i].begin, tokens[after - 1].end, DescriptorReason::date});
      i = has_date ? after : i + 1;
      continue;
    }
    const std::size_t day = reader.weekday_after(end), with_time = reader.time_after(day, day != end);
    const std::size_t first = reader.weekday_before(i);
    std::uint32_t begin = first == i ? reader.begin_of(i) : tokens[first].begin;
    if (begin > 0 && text.folded(begin - 1, begin) == U"'") --begin;
    std::uint32_t last = reader.end_of(with_time);
    if (day != end && with_time == day) last = tokens[day - 1].end + (text.gap_before(day).starts_with(U')') ? 1 : 0);
    removals.push_back({begin, last, DescriptorReason::date});
    i = with_time;
  }
}

}  // namespace naru::dicom
