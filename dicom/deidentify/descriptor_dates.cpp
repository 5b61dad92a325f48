#include "dicom/deidentify/descriptor_dates.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "dicom/deidentify/descriptor_date_reader.h"
#include "dicom/deidentify/descriptor_months.h"
#include "dicom/deidentify/descriptor_vocabulary.h"
#include "dicom/element_values.h"

namespace naru::dicom {

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
  if (!Reader::is_date(value / 10000, value / 100 % 100, value % 100)) return;
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

bool DateFinder::Reader::is_day(std::int64_t year, std::int64_t month, std::int64_t day) {
  constexpr std::array<std::int64_t, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!is_month(month) || day < 1 || day > kDays[static_cast<std::size_t>(month - 1)]) return false;
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return !(month == 2 && day == 29 && is_year(year)) || is_leap;
}

std::int64_t DateFinder::Reader::value(std::size_t i, std::size_t begin, std::size_t count) const {
  std::int64_t number = 0;
  for (const char32_t code : text.folded(tokens()[i]).substr(begin, count)) number = number * 10 + (code - U'0');
  return number;
}

bool DateFinder::Reader::has_unit(std::size_t first, std::size_t end) const {
  if (first > 0 && is_measure(text, first - 1) && is_among(text.gap_before(first), U" :=_", 2)) return true;
  return end < tokens().size() && is_measure(text, end) && is_among(text.gap_before(end), U" ", 1);
}

std::size_t DateFinder::Reader::own(std::size_t at) const {
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

std::size_t DateFinder::Reader::own_named(std::size_t at) const {
  if (!is_date_gap(at + 1) || !is_date_gap(at + 2)) return at;
  const std::size_t name = tokens()[at].is_letters() ? at : at + 1, first = name == at ? at + 1 : at, last = at + 2;
  const MonthName* month = tokens()[name].is_letters() ? find_month(tokens()[name].hash) : nullptr;
  if (month == nullptr || !is_number(first, 1, 4) || !is_number(last, 1, 4)) return at;
  const bool is_year_last = tokens()[last].length == 4;
  if (!is_year_last && tokens()[first].length != 4) return at;
  const std::size_t year = is_year_last ? last : first, day = is_year_last ? first : last;
  return finder.is_own(value(year), month->month, value(day)) ? at + 3 : at;
}

std::size_t DateFinder::Reader::own_alone(std::size_t at) const {
  return tokens().size() == 1 && is_number(at, 6, 6) && text.chars().size() == 6 ? joined(at) : at;
}

bool DateFinder::Reader::is_behind_birth(std::size_t at) const {
  constexpr std::u32string_view kLabels[] = {U"dob",       U"born",     U"geb",      U"geboren",
                                             U"birthdate", U"birthday", U"생년월일", U"생일"};
  return at > 0 && is_among(text.gap_before(at), U" :=.", 3) &&
         std::find(std::begin(kLabels), std::end(kLabels), text.folded(tokens()[at - 1])) != std::end(kLabels);
}

bool DateFinder::Reader::is_behind_event(std::size_t at) const {
  constexpr std::u32string_view kEvents[] = {U"prior",   U"previous", U"seen",     U"dated",     U"date",
                                             U"since",   U"exam",     U"examined", U"visit",     U"performed",
                                             U"scanned", U"compare",  U"compared", U"comparison"};
  constexpr std::u32string_view kBetween[] = {U"to", U"with", U"from", U"on", U"of"};
  if (at == 0 || !is_among(text.gap_before(at), U" :=._", 2)) return false;
  const std::size_t word = at > 1 && is_one_of(text.folded(tokens()[at - 1]), kBetween) ? at - 2 : at - 1;
  return is_one_of(text.folded(tokens()[word]), kEvents);
}

std::size_t DateFinder::Reader::date(std::size_t at) const {
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
