#include "dicom/deidentify/descriptor_date_reader.h"

namespace naru::dicom {

std::size_t DateFinder::Reader::joined(std::size_t at) const {
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

std::size_t DateFinder::Reader::separated(std::size_t at) const {
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

bool DateFinder::Reader::is_short_year_first(std::size_t at) const {
  constexpr std::uint32_t kShortestLabel = 3;
  const std::uint32_t begin = tokens()[at].begin;
  const bool has_apostrophe = begin > 0 && text.folded(begin - 1, begin) == U"'";
  const bool is_labelled = at > 0 && tokens()[at - 1].kind == TokenKind::hangul &&
                           tokens()[at - 1].length >= kShortestLabel && is_among(text.gap_before(at), U" :=", 2) &&
                           text.folded(tokens()[at - 1]).ends_with(U'일');
  return tokens()[at].length == 2 && (has_apostrophe || is_labelled);
}

std::size_t DateFinder::Reader::short_year(std::size_t at, std::u32string_view gap) const {
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

std::size_t DateFinder::Reader::year_month(std::size_t at) const {
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

std::size_t DateFinder::Reader::own_day(std::size_t at) const {
  if (!is_number(at, 1, 2) || !is_number(at + 1, 1, 2) || text.gap_before(at + 1) != U"/") return at;
  const bool goes_on = at + 2 < tokens().size() && tokens()[at + 2].is_number() && text.gap_before(at + 2) == U"/";
  const std::int64_t a = value(at), b = value(at + 1);
  const bool is_own = finder.is_own(-1, a, b) || finder.is_own(-1, b, a);
  return is_own && !goes_on && is_behind_event(at) && !has_unit(at, at + 2) ? at + 2 : at;
}

std::size_t DateFinder::Reader::week(std::size_t at) const {
  constexpr std::int64_t kWeeks = 53, kDaysOfWeek = 7;
  if (!is_number(at, 4, 4) || !is_year(value(at)) || !is_number(at + 2, 2, 3)) return at;
  const bool is_week = text.folded(tokens()[at + 1]) == U"w" && is_among(text.gap_before(at + 1), U"-", 1) &&
                       tokens()[at + 2].is_glued && value(at + 2, 0, 2) >= 1 && value(at + 2, 0, 2) <= kWeeks;
  if (!is_week || tokens()[at + 2].length != 2) return is_week && text.gap_before(at + 1).empty() ? at + 3 : at;
  const bool has_day =
      is_number(at + 3, 1, 1) && value(at + 3) >= 1 && value(at + 3) <= kDaysOfWeek && text.gap_before(at + 3) == U"-";
  return has_day ? at + 4 : at + 3;
}

}  // namespace naru::dicom
