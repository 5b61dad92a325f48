#include "dicom/deidentify/descriptor_date_reader.h"
#include "dicom/deidentify/descriptor_months.h"

namespace naru::dicom {

std::size_t DateFinder::Reader::birth_year(std::size_t at) const {
  if (is_behind_birth(at) && is_number(at, 4, 4) && is_year(value(at))) return at + 1;
  const bool is_year_number = is_number(at, 2, 2) || (is_number(at, 4, 4) && is_year(value(at)));
  if (!is_year_number || at + 1 >= tokens().size() || !is_among(text.gap_before(at + 1), U" ", 1)) return at;
  return text.folded(tokens()[at + 1]).starts_with(U"년생") ? at + 2 : at;
}

bool DateFinder::Reader::is_counter(std::size_t i, std::u32string_view counters) const {
  if (i >= tokens().size() || !is_among(text.gap_before(i), U" ", 1)) return false;
  return counters.find(text.folded(tokens()[i])[0]) != std::u32string_view::npos;
}

std::size_t DateFinder::Reader::east_asian(std::size_t at) const {
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

std::size_t DateFinder::Reader::era_date(std::size_t at) const {
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

std::uint32_t DateFinder::Reader::begin_of(std::size_t at) const {
  const Token& token = tokens()[at];
  if (token.kind != TokenKind::han) return token.begin;
  constexpr std::uint32_t kEraLength = 2, kWithFirstYear = 4;
  return token.end - (text.folded(token).ends_with(U"元年") ? kWithFirstYear : kEraLength);
}

std::size_t DateFinder::Reader::era_letter(std::size_t at) const {
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

}  // namespace naru::dicom
