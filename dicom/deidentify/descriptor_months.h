/// Names of months, days of the week and eras in the languages that descriptions are written in.
#pragma once

#include "dicom/deidentify/descriptor_text.h"

namespace naru::dicom {

struct MonthName {
  WordHash hash = 0;
  int month = 0;
  bool is_word_too = false;  ///< means something else as well: counts only beside day and year, or as a header's date
};

/// English, German, French, Spanish, Portuguese, Italian, Dutch, Polish and Russian names and their short forms;
/// nullptr for other words.
const MonthName* find_month(WordHash hash);

/// English, German, Korean, Japanese and Chinese days of the week.
/// @param is_apart signs set the word apart, so that what is a word as well ("sat", "sun", "화") counts
bool is_day_of_week(std::u32string_view word, bool is_apart);

/// The first year of a Japanese or Chinese era whose name ends the word, less one; 0 where none does.
std::int64_t year_before_era(std::u32string_view word);

}  // namespace naru::dicom
