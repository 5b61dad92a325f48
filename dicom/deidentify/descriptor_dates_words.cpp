#include <algorithm>
#include <iterator>

#include "dicom/deidentify/descriptor_date_reader.h"
#include "dicom/deidentify/descriptor_months.h"

namespace naru::dicom {

bool DateFinder::Reader::is_day_ending(std::size_t i) const {
  constexpr std::u32string_view kEndings[] = {U"st", U"nd", U"rd", U"th", U"er"};
  return i < tokens().size() && tokens()[i].is_glued &&
         std::find(std::begin(kEndings), std::end(kEndings), text.folded(tokens()[i])) != std::end(kEndings);
}

bool DateFinder::Reader::is_date_gap(std::size_t i) const {
  return i < tokens().size() && is_among(text.gap_before(i), U" -./_,'", 2);
}

std::size_t DateFinder::Reader::after_of(std::size_t i) const {
  if (!is_date_gap(i) || !tokens()[i].is_letters()) return i;
  const std::u32string_view word = text.folded(tokens()[i]);
  return word == U"of" || word == U"de" || word == U"del" ? i + 1 : i;
}

bool DateFinder::Reader::is_year_at(std::size_t i) const {
  if (!is_date_gap(i) || !is_number(i, 2, 4) || tokens()[i].length == 3) return false;
  return tokens()[i].length == 2 || is_year(value(i));
}

std::size_t DateFinder::Reader::day_month(std::size_t at) const {
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

std::size_t DateFinder::Reader::roman_month(std::size_t at) const {
  constexpr std::u32string_view kMonths[] = {U"i",   U"ii",   U"iii", U"iv", U"v",  U"vi",
                                             U"vii", U"viii", U"ix",  U"x",  U"xi", U"xii"};
  const std::size_t year = at + 2;
  if (!is_number(at, 1, 2) || tokens()[at].is_glued || !is_number(year, 2, 4) || tokens()[year].length == 3) return at;
  const std::u32string_view gap = text.gap_before(at + 1);
  if ((gap != U"/" && gap != U"-" && gap != U".") || text.gap_before(year) != gap) return at;
  const auto* month = std::find(std::begin(kMonths), std::end(kMonths), text.folded(tokens()[at + 1]));
  if (month == std::end(kMonths) || tokens()[at + 1].token_case != TokenCase::upper) return at;
  const bool is_short = tokens()[year].length == 2;
  if (is_short && tokens()[at].length != 2) return at;
  const std::int64_t year_value = is_short ? century(value(year)) : value(year);
  return is_date(year_value, month - std::begin(kMonths) + 1, value(at)) ? at + 3 : at;
}

std::size_t DateFinder::Reader::month_day(std::size_t at) const {
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

std::size_t DateFinder::Reader::year_month_name(std::size_t at) const {
  if (!is_number(at, 4, 4) || !is_year(value(at)) || !is_date_gap(at + 1) || !tokens()[at + 1].is_letters()) return at;
  const MonthName* month = find_month(tokens()[at + 1].hash);
  if (month == nullptr || !is_date_gap(at + 2) || !is_number(at + 2, 1, 2)) return at;
  return is_date(value(at), month->month, value(at + 2)) ? at + 3 : at;
}

}  // namespace naru::dicom
