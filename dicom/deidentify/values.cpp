#include "dicom/deidentify/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/ascii_case.h"
#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

using namespace std::chrono;

constexpr std::array kCharsetVrs = {vr("LO"), vr("LT"), vr("PN"), vr("SH"), vr("ST"), vr("UC"), vr("UT")};
constexpr std::array kOtherTextVrs = {vr("AE"), vr("AS"), vr("CS"), vr("DA"), vr("DS"),
                                      vr("DT"), vr("IS"), vr("TM"), vr("UI"), vr("UR")};

struct Dummy {
  Vr value_representation;
  std::string_view value;
};
using namespace std::string_view_literals;
constexpr std::array kDummies = {
    Dummy{vr("AE"), "REMOVED"},
    Dummy{vr("AS"), "000Y"},
    Dummy{vr("AT"), "\0\0\0\0"sv},
    Dummy{vr("CS"), "REMOVED"},
    Dummy{vr("DA"), "19000101"},
    Dummy{vr("DS"), "0"},
    Dummy{vr("DT"), "19000101000000"},
    Dummy{vr("FD"), "\0\0\0\0\0\0\0\0"sv},
    Dummy{vr("FL"), "\0\0\0\0"sv},
    Dummy{vr("IS"), "0"},
    Dummy{vr("LO"), "REMOVED"},
    Dummy{vr("LT"), "REMOVED"},
    Dummy{vr("OB"), "\0\0"sv},
    Dummy{vr("OD"), "\0\0\0\0\0\0\0\0"sv},
    Dummy{vr("OF"), "\0\0\0\0"sv},
    Dummy{vr("OL"), "\0\0\0\0"sv},
    Dummy{vr("OV"), "\0\0\0\0\0\0\0\0"sv},
    Dummy{vr("OW"), "\0\0"sv},
    Dummy{vr("PN"), "REMOVED"},
    Dummy{vr("SH"), "REMOVED"},
    Dummy{vr("SL"), "\0\0\0\0"sv},
    Dummy{vr("SS"), "\0\0"sv},
    Dummy{vr("ST"), "REMOVED"},
    Dummy{vr("SV"), "\0\0\0\0\0\0\0\0"sv},
    Dummy{vr("TM"), "000000"},
    Dummy{vr("UC"), "REMOVED"},
    Dummy{vr("UI"), "2.25.0"},
    Dummy{vr("UL"), "\0\0\0\0"sv},
    Dummy{vr("UN"), "\0\0"sv},
    Dummy{vr("UR"), "about:blank"},
    Dummy{vr("US"), "\0\0"sv},
    Dummy{vr("UT"), "REMOVED"},
    Dummy{vr("UV"), "\0\0\0\0\0\0\0\0"sv},
};

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

unsigned number_of(std::string_view digits) {
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// YYYYMMDD, a date of the calendar.
std::optional<sys_days> day_of(std::string_view digits) {
  const auto since_1970 = days_of_date(digits);
  return since_1970 ? std::optional(sys_days(days(*since_1970))) : std::nullopt;
}

/// Empty where DA cannot say it: its years have four digits.
std::optional<std::string> digits_of(sys_days date) {
  const year_month_day ymd(date);
  if (ymd.year() < year{1} || ymd.year() > year{9999}) return std::nullopt;
  return fmt::format("{:04}{:02}{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

/// A whole or partial date of digits alone.
std::optional<std::string> shift_digits(std::string_view digits, int days_by) {
  constexpr std::array<std::size_t, 3> kLengths = {4, 6, 8};
  if (std::ranges::find(kLengths, digits.size()) == kLengths.end() || !is_digits(digits)) return std::nullopt;
  const std::string whole = std::string(digits) + std::string("0101").substr(digits.size() == 4 ? 0 : 2);
  const auto date = day_of(whole.substr(0, 8));
  if (!date) return std::nullopt;
  if (is_placeholder_date(digits)) return std::string(digits);
  const auto shifted = digits_of(*date + days(days_by));
  return shifted ? std::optional(shifted->substr(0, digits.size())) : std::nullopt;
}

/// "2014.03.21" (ACR-NEMA) without its dots; other text as it is.
std::string without_dots(std::string_view date) {
  if (date.size() != 10 || date[4] != '.' || date[7] != '.') return std::string(date);
  return fmt::format("{}{}{}", date.substr(0, 4), date.substr(5, 2), date.substr(8, 2));
}

/// Takes `count` digits that make a number below `limit` from the beginning of `text`; false where there are none.
bool take_number(std::string_view& text, std::size_t count, unsigned limit) {
  if (text.size() < count || !is_digits(text.substr(0, count)) || number_of(text.substr(0, count)) >= limit) {
    return false;
  }
  text.remove_prefix(count);
  return true;
}

/// Takes a time from the beginning of `text`: HH, HHMM, HHMMSS, a fraction of up to six digits; with the retired colons
/// too. Nothing that a number or a name could hide in.
void take_time(std::string_view& text) {
  const auto colon = [&] {
    if (text.starts_with(':')) text.remove_prefix(1);
  };
  if (!take_number(text, 2, 24)) return;
  colon();
  if (!take_number(text, 2, 60)) return;
  colon();
  if (!take_number(text, 2, 61) || !text.starts_with('.')) return;
  constexpr std::size_t kMostDigits = 6;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
  if (end > 1 && end <= 1 + kMostDigits) text.remove_prefix(end);
}

bool is_time(std::string_view text) {
  take_time(text);
  return text.empty();
}

/// Behind the date of a DT: a time, and an offset from UTC.
bool is_time_with_offset(std::string_view text) {
  take_time(text);
  if (!text.starts_with('+') && !text.starts_with('-')) return text.empty();
  text.remove_prefix(1);
  return take_number(text, 2, 15) && take_number(text, 2, 60) && text.empty();
}

std::optional<std::string> shift_one(std::string_view value, Vr value_representation, int days_by) {
  const std::string_view text = text_of(std::as_bytes(std::span(value)));
  if (text.empty()) return "";
  if (value_representation == vr("TM")) return is_time(text) ? std::optional(std::string(text)) : std::nullopt;
  const std::string plain = without_dots(text);
  const std::size_t offset_at = plain.find_first_of("+-");
  const std::size_t date_end = std::min<std::size_t>({8, plain.size(), offset_at});
  const auto date = shift_digits(std::string_view(plain).substr(0, date_end), days_by);
  const std::string_view rest = std::string_view(plain).substr(date_end);
  // A DA has nothing behind its date; some writers put a DT there, others a range.
  if (!date || !is_time_with_offset(rest) || (value_representation == vr("DA") && rest.find_first_of("+-:") == 0)) {
    return std::nullopt;
  }
  return *date + std::string(rest);
}

/// Numbers or nothing: "1931-05-04" and "1234567-8" are made of the signs of numbers, and none.
bool are_numbers(std::string_view value, std::size_t longest) {
  const auto values = texts_of(std::as_bytes(std::span(value)));
  return std::ranges::all_of(values, [&](const std::string& one) {
    return one.empty() || (one.size() <= longest && decimal(one).has_value());
  });
}

/// Seconds with a point and no decimals, or with up to nine of them: six are legal (PS3.5 6.2).
std::string with_legal_fraction(std::string text) {
  constexpr std::size_t kLegal = 6, kMost = 9;
  const std::size_t point = text.find('.');
  if (point == std::string::npos) return text;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", point + 1), text.size());
  const std::size_t digits = end - point - 1;
  if (digits == 0 && end == text.size()) text.erase(point);
  if (digits > kLegal && digits <= kMost) text.erase(point + 1 + kLegal, digits - kLegal);
  return text;
}

template <class Convert>
std::optional<std::string> for_each_value(std::string_view value, Convert convert) {
  std::string result;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(value.find('\\', begin), value.size());
    const auto converted = convert(value.substr(begin, end - begin));
    if (!converted) return std::nullopt;
    result += *converted;
    if (end == value.size()) return result;
    result += '\\';
    begin = end + 1;
  }
}

}  // namespace

bool is_charset_text(Vr value_representation) {
  return std::ranges::find(kCharsetVrs, value_representation) != kCharsetVrs.end();
}

bool is_text(Vr value_representation) {
  return is_charset_text(value_representation) ||
         std::ranges::find(kOtherTextVrs, value_representation) != kOtherTextVrs.end();
}

std::string as_meant(std::string_view value, Vr v) {
  const bool is_number = v == vr("DS") || v == vr("IS"), is_time = v == vr("TM") || v == vr("DT");
  std::string text(value);
  if (is_number)
    std::ranges::replace_if(
        text, [](char c) { return c == '\t' || c == '\r' || c == '\n'; }, ' ');
  if (!is_time || text.find('.') == std::string::npos) return text;
  std::vector<std::string> values = texts_of(std::as_bytes(std::span(text)));
  bool is_changed = false;
  for (std::string& one : values) {
    std::string legal = with_legal_fraction(one);
    is_changed = is_changed || legal != one;
    one = std::move(legal);
  }
  return is_changed ? fmt::format("{}", fmt::join(values, "\\")) : text;
}

std::string_view digits_of(std::string_view number) {
  number.remove_prefix(std::min(number.find_first_not_of(" +-"), number.size()));
  return number.substr(0, number.find_first_not_of("0123456789"));
}

std::string_view long_digits(std::string_view number) {
  constexpr std::size_t kFewest = 5;
  const std::string_view digits = digits_of(number);
  const std::string_view rest = number.substr(static_cast<std::size_t>(digits.data() - number.data()) + digits.size());
  const bool is_whole = rest.find_first_not_of(" ") == std::string_view::npos ||
                        (rest.front() == '.' && rest.find_first_not_of(".0 ") == std::string_view::npos);
  return is_whole && digits.size() >= kFewest ? digits : std::string_view();
}

bool is_date(Vr value_representation) { return value_representation == vr("DA") || value_representation == vr("DT"); }

std::string dummy_value(Vr value_representation) {
  const auto row = std::ranges::find(kDummies, value_representation, &Dummy::value_representation);
  return row == kDummies.end() ? std::string() : std::string(row->value);
}

std::optional<std::string> shift_dates(std::string_view value, Vr value_representation, int days_by) {
  return for_each_value(value, [&](std::string_view one) { return shift_one(one, value_representation, days_by); });
}

std::optional<std::string> shift_epoch_text(std::string_view value, int days_by) {
  return for_each_value(value, [&](std::string_view one) -> std::optional<std::string> {
    const auto seconds = integer(text_of(std::as_bytes(std::span(one))));
    if (!seconds) return std::nullopt;
    if (is_placeholder_epoch(static_cast<double>(*seconds))) return std::string(one);
    return std::to_string(*seconds + std::int64_t{86400} * days_by);
  });
}

bool is_placeholder_epoch(double seconds) {
  constexpr double kDay = 86400;
  constexpr std::array<double, 4> kNone = {-1, -2147483648.0, 2147483647.0, 4294967295.0};
  return (seconds >= 0 && seconds < kDay) || std::ranges::find(kNone, seconds) != kNone.end();
}

bool is_placeholder_date(std::string_view digits) {
  constexpr std::array<std::string_view, 5> kDates = {"00010101", "18991230", "19000101", "19700101", "99991231"};
  return digits.size() >= 8 && std::ranges::find(kDates, digits.substr(0, 8)) != kDates.end();
}

std::optional<std::string> whole_date(std::string_view value) {
  const std::string plain = without_dots(text_of(std::as_bytes(std::span(value))));
  if (plain.size() < 8 || !is_digits(std::string_view(plain).substr(0, 8)) || !day_of(plain)) return std::nullopt;
  return plain.substr(0, 8);
}

std::optional<std::string> capped_age(std::string_view value) {
  constexpr unsigned kOldest = 89;
  const std::string_view text = text_of(std::as_bytes(std::span(value)));
  if (text.empty()) return "";
  const bool is_age = text.size() == 4 && is_digits(text.substr(0, 3)) &&
                      std::string_view("DWMY").find(text[3]) != std::string_view::npos;
  if (!is_age) return std::nullopt;
  const bool is_old = text[3] == 'Y' && number_of(text.substr(0, 3)) > kOldest;
  return is_old ? "090Y" : std::string(text);
}

bool is_legal(std::string_view value, Vr value_representation) {
  const auto holds_only = [&](std::string_view signs) {
    return value.find_first_not_of(signs) == std::string_view::npos;
  };
  // Many writers give a DS more digits than its 16, and some an integer decimals ("12.0", "350.5").
  constexpr std::size_t kLongestInteger = 16, kAnyLength = std::string_view::npos;
  if (value_representation == vr("DS")) return are_numbers(value, kAnyLength);
  if (value_representation == vr("IS")) return are_numbers(value, kLongestInteger);
  if (value_representation == vr("UI")) return holds_only("0123456789.\\ ");
  if (is_date(value_representation) || value_representation == vr("TM")) {
    return shift_dates(value, value_representation, 0).has_value();
  }
  return value_representation != vr("AS") || capped_age(value).has_value();
}

char padding_of(Vr value_representation) {
  return is_text(value_representation) && value_representation != vr("UI") ? ' ' : '\0';
}

bool is_placeholder_name(std::string_view name) {
  constexpr std::array<std::string_view, 13> kNames = {
      "anon",    "anonymous",    "anonymized", "anonymised", "unknown", "none",     "null",
      "removed", "deidentified", "not given",  "unnamed",    "no name", "not known"};
  std::string words(name.substr(0, name.find_last_not_of(" ^=") + 1));
  std::ranges::transform(words, words.begin(), [](char c) { return c == '^' ? ' ' : small_letter(c); });
  return std::ranges::find(kNames, words) != kNames.end();
}

}  // namespace naru::dicom
