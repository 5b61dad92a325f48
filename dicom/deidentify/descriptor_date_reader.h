/// How a date is read at one place of a text: its many forms, and what stands beside it. Each kind has a source of its
/// own: descriptor_dates_digits.cpp, _words.cpp, _eras.cpp, _times.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dicom/deidentify/descriptor_dates.h"

namespace naru::dicom {

inline constexpr std::int64_t kFirstYear = 1900, kLastYear = 2099;

/// Reads forms of dates at one token; each function returns the token after the date, or `at` where there is none.
struct DateFinder::Reader {
  const DateFinder& finder;
  const FoldedText& text;

  static bool is_year(std::int64_t year) { return year >= kFirstYear && year <= kLastYear; }
  static bool is_month(std::int64_t month) { return month >= 1 && month <= 12; }
  static bool is_day(std::int64_t year, std::int64_t month, std::int64_t day);
  static bool is_date(std::int64_t year, std::int64_t month, std::int64_t day) {
    return is_year(year) && is_day(year, month, day);
  }
  /// Two digits of a year: 00 to 68 is this century, as POSIX reads it.
  static std::int64_t century(std::int64_t year) { return year < 69 ? 2000 + year : 1900 + year; }
  static bool is_among(std::u32string_view gap, std::u32string_view allowed, std::size_t longest) {
    return gap.size() <= longest && gap.find_first_not_of(allowed) == std::u32string_view::npos;
  }

  const std::vector<Token>& tokens() const { return text.tokens(); }
  bool is_number(std::size_t i, std::uint32_t shortest, std::uint32_t longest) const {
    return i < tokens().size() && tokens()[i].is_number() && tokens()[i].length >= shortest &&
           tokens()[i].length <= longest;
  }
  std::int64_t value(std::size_t i) const { return text.number(tokens()[i]); }
  std::int64_t value(std::size_t i, std::size_t begin, std::size_t count) const;
  /// A setting's name before, or a unit after: the numbers are no date.
  bool has_unit(std::size_t first, std::size_t end) const;

  /// A date of the header that leaves no doubt: with all digits of its year.
  std::size_t own(std::size_t at) const;
  /// "14AUG1962", "1962-Aug-14", "Aug 14, 1962"
  std::size_t own_named(std::size_t at) const;
  /// "620814", where nothing else stands in the text.
  std::size_t own_alone(std::size_t at) const;
  /// "DOB 541107", "생년월일: 541107"
  bool is_behind_birth(std::size_t at) const;
  /// "prior 7/11/15", "seen May 5", "compared to 8/9/10", "exam071115": words that a date follows.
  bool is_behind_event(std::size_t at) const;

  /// Any of the forms below.
  std::size_t date(std::size_t at) const;

  // descriptor_dates_digits.cpp
  /// Digits alone.
  std::size_t joined(std::size_t at) const;
  /// Three numbers between the same signs.
  std::size_t separated(std::size_t at) const;
  /// "'19.3.14", "수술일 24/3/5"
  bool is_short_year_first(std::size_t at) const;
  /// "03/21/14": of numbers that could mean anything, so what stands around them decides.
  std::size_t short_year(std::size_t at, std::u32string_view gap) const;
  /// Year and month alone: "2014-03", "03/2014".
  std::size_t year_month(std::size_t at) const;
  /// "seen 3/12": a day and a month of the header.
  std::size_t own_day(std::size_t at) const;
  /// "2020-W01-4" (ISO 8601)
  std::size_t week(std::size_t at) const;

  // descriptor_dates_words.cpp: the month is one
  bool is_day_ending(std::size_t i) const;
  bool is_date_gap(std::size_t i) const;
  /// "of", "de": between day, month and year.
  std::size_t after_of(std::size_t i) const;
  bool is_year_at(std::size_t i) const;
  /// "12-Mar-2014", "12th of March 2014", "12 March"
  std::size_t day_month(std::size_t at) const;
  /// "14/III/2019", "14-III-19"
  std::size_t roman_month(std::size_t at) const;
  /// "March 12, 2014", "Mar 2014", "March 12"
  std::size_t month_day(std::size_t at) const;
  /// "2014 Mar 21", "2014-March-21"
  std::size_t year_month_name(std::size_t at) const;

  // descriptor_dates_eras.cpp: dates of East Asia, with counters and in years of an era
  /// "1954년생", "54년생", "born 1954"
  std::size_t birth_year(std::size_t at) const;
  /// The length of a counter such as 년 at token i: 1 where it is there, glued or after one space.
  bool is_counter(std::size_t i, std::u32string_view counters) const;
  /// "2014년 3월 12일", "3월 12일", "2014年3月12日"
  std::size_t east_asian(std::size_t at) const;
  /// "令和2年1月2日", "令和元年5月22日", "昭和32年": from the token of the era on.
  std::size_t era_date(std::size_t at) const;
  /// Where a date begins in its first token: "撮影日令和2年".
  std::uint32_t begin_of(std::size_t at) const;
  /// "H31.5.22", "S32.3.14": as forms have Japanese eras. "R2.1.2" is a version as well.
  std::size_t era_letter(std::size_t at) const;

  // descriptor_dates_times.cpp: the time and the day of the week beside a date
  /// "12:30", "12:30:59.123", with "AM" and the like.
  std::size_t clock(std::size_t at) const;
  /// "오후 3시 20분", "오전 10:30", "14時 5分": a time that a date may follow.
  std::size_t time_before(std::size_t at) const;
  /// "3/5(화)": day and month alone, where the day of the week says what they are.
  std::size_t before_weekday(std::size_t at) const;
  /// What follows a date, or its day of the week, which may stand in brackets, as its time.
  std::size_t time_after(std::size_t at, bool is_behind_weekday) const;
  /// "(화)", ", Tue", " Tuesday": the token of a day of the week beside a date, which would tell by how many days the
  /// date was moved, but for weeks.
  bool is_weekday(std::size_t i, std::u32string_view between, bool is_in_brackets) const;
  /// Behind a date; the token after it, or `at` where there is none.
  std::size_t weekday_after(std::size_t at) const;
  /// Before the date that begins with token `at`: the token of the day, or `at` where there is none.
  std::size_t weekday_before(std::size_t at) const;
  /// The folded character after the last token: of a counter with more behind it ("12일자") only the counter goes.
  std::uint32_t end_of(std::size_t end) const;
};

}  // namespace naru::dicom
