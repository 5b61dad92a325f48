/// Dates and times of events in free text.
///
/// Found in any text: YYYYMMDD, MMDDYYYY and DDMMYYYY of the calendar's years 1900 to 2099; year, month and day between
/// - / . or spaces in any usual order; months by name (English, German, French, Spanish, Portuguese, Italian, Dutch,
/// Polish, Russian); Korean, Japanese and Chinese forms (2014년 3월 12일, 2014年3月12日), month and year alone; a time
/// beside a date. Found only where they are a date of the header: YYMMDD and the like, a day and a month without a year
/// where the words could mean something else, seconds, milliseconds and microseconds since 1970.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dicom/deidentify/descriptor_names.h"

namespace naru::dicom {

class DateFinder {
 public:
  /// @param date of the header, YYYYMMDD
  void add(std::string_view date);

  void find(const FoldedText& text, Removals& removals) const;

  /// Dates of the header alone, in forms that leave no doubt: with all digits of the year, or six digits and nothing
  /// else.
  void find_own(const FoldedText& text, Removals& removals) const;

  /// True for seconds, milliseconds or microseconds since 1970, of 10, 13 and 16 digits, on a date of the header in
  /// some time zone.
  bool is_own_time(std::int64_t since_1970) const;

 private:
  struct Reader;

  bool is_own(std::int64_t year, std::int64_t month, std::int64_t day) const;
  std::vector<std::int64_t> own_;       ///< YYYYMMDD
  std::vector<std::int64_t> own_days_;  ///< since 1970
};

/// True where year, month and day stand before token `i`, as in "2014-03-22-2014-03-23": a number there is no part of
/// them.
bool is_behind_date(const FoldedText& text, std::size_t i);

}  // namespace naru::dicom
