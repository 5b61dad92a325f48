/// New values for old ones: dummies that are legal for their VR, and dates moved by whole days.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// True for VRs whose values are text in the data set's character set (PS3.5 6.1.2.2).
bool is_charset_text(Vr value_representation);
/// True for all VRs whose values are characters.
bool is_text(Vr value_representation);

/// True for DA and DT.
bool is_date(Vr value_representation);

/// A value as its writer meant it: numbers between any white space, times with more decimals than are legal.
std::string as_meant(std::string_view value, Vr value_representation);

/// The digits before the point of a number.
std::string_view digits_of(std::string_view number);

/// The digits of a whole number that is long enough to be an id; empty for all others.
std::string_view long_digits(std::string_view number);

/// A legal value that says nothing: "REMOVED", 1 January 1900, zero. Without padding. Empty for SQ.
/// Source: PS3.15 E.1.1 ("dummy"), PS3.5 6.2.
std::string dummy_value(Vr value_representation);

/// A value of DA, DT or TM, or a date in a text, moved by `days`; several values between backslashes. Times, fractions
/// and offsets from UTC stay. Partial dates (YYYY, YYYYMM) move with their first day and stay partial; the retired
/// YYYY.MM.DD becomes YYYYMMDD. An empty value stays empty, and a placeholder stays what it is.
/// Empty where a value is no date of the calendar, or where that to which it moves has no four digits of a year: it
/// must not stay.
std::optional<std::string> shift_dates(std::string_view value, Vr value_representation, int days);

/// True for dates that programs write where they know none, YYYYMMDD and anything behind it: the beginnings of their
/// calendars, and the end. Everybody knows them, so that one that was moved would tell by how much all others were.
bool is_placeholder_date(std::string_view digits);

/// True for what programs write for a name where they know none ("ANONYMOUS", "No^Name"), in any case.
bool is_placeholder_name(std::string_view name);

/// True for seconds since 1970 that programs write where they know none: those of its first day, as above, -1, and the
/// least and the greatest integers.
bool is_placeholder_epoch(double seconds);

/// Seconds since 1970 as text, moved by `days`; a placeholder stays.
std::optional<std::string> shift_epoch_text(std::string_view value, int days);

/// The date part of a DA or DT value as YYYYMMDD; empty where it has no whole date.
std::optional<std::string> whole_date(std::string_view value);

/// An age (AS) above 89 years as "090Y" (45 CFR 164.514(b)(2)(i)(C)); others as they are. Empty where it is no age.
std::optional<std::string> capped_age(std::string_view value);

/// True for text that DS, IS, UI, DA, DT, TM and AS allow, several values between backslashes; true for all other VRs.
bool is_legal(std::string_view value, Vr value_representation);

/// The byte that fills a value up to an even length (PS3.5 6.2): a space for text, NUL for UIDs and binary values.
char padding_of(Vr value_representation);

}  // namespace naru::dicom
