/// Names of months in the languages that descriptions are written in.
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

}  // namespace naru::dicom
