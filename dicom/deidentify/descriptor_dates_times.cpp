#include "dicom/deidentify/descriptor_date_reader.h"
#include "dicom/deidentify/descriptor_months.h"

namespace naru::dicom {

std::size_t DateFinder::Reader::clock(std::size_t at) const {
  if (!is_number(at, 1, 2) || value(at) > 24 || !is_number(at + 1, 2, 2) || value(at + 1) > 59) return at;
  if (text.gap_before(at + 1) != U":") return at;
  std::size_t i = at + 2;
  if (is_number(i, 2, 2) && text.gap_before(i) == U":") ++i;
  if (i > at + 2 && is_number(i, 1, 6) && text.gap_before(i) == U".") ++i;
  if (i < tokens().size() && is_among(text.gap_before(i), U" ", 1)) {
    const std::u32string_view word = text.folded(tokens()[i]);
    if (word == U"am" || word == U"pm" || word == U"z" || word == U"uhr") ++i;
  }
  return i;
}

std::size_t DateFinder::Reader::time_before(std::size_t at) const {
  const std::u32string_view word = text.folded(tokens()[at]);
  const bool has_half = (word == U"오전" || word == U"오후" || word == U"午前" || word == U"午後") &&
                        at + 1 < tokens().size() && is_among(text.gap_before(at + 1), U" ", 1);
  const std::size_t first = has_half ? at + 1 : at;
  if (!is_number(first, 1, 2)) return at;
  if (const std::size_t end = clock(first); end != first) return end;
  const auto is_whole = [&](std::size_t i, std::u32string_view counters) {
    return is_counter(i, counters) && tokens()[i].length == 1;
  };
  if (value(first) > 24 || !is_whole(first + 1, U"시時")) return at;
  const std::size_t minutes = first + 2;
  return is_number(minutes, 1, 2) && is_whole(minutes + 1, U"분分") ? minutes + 2 : minutes;
}

std::size_t DateFinder::Reader::before_weekday(std::size_t at) const {
  if (!is_number(at, 1, 2) || !is_number(at + 1, 1, 2)) return at;
  const std::u32string_view gap = text.gap_before(at + 1);
  const bool is_chained = at > 0 && tokens()[at - 1].is_number() && text.gap_before(at) == gap;
  if ((gap != U"/" && gap != U"." && gap != U"-") || is_chained) return at;
  const bool is_valid = is_day(-1, value(at), value(at + 1)) || is_day(-1, value(at + 1), value(at));
  const std::size_t end = at + 2;
  return is_valid && text.gap_before(end).ends_with(U'(') && weekday_after(end) != end ? end : at;
}

std::size_t DateFinder::Reader::time_after(std::size_t at, bool is_behind_weekday) const {
  std::size_t i = at;
  if (i < tokens().size() && tokens()[i].is_letters()) {
    const std::u32string_view word = text.folded(tokens()[i]);
    const bool is_link = (word == U"t" && tokens()[i].is_glued) || word == U"at" || word == U"um" || word == U"oclock";
    if (is_link && is_among(text.gap_before(i), U" ,", 2)) ++i;
  }
  if (i < tokens().size() && tokens()[i].kind == TokenKind::hangul) {
    const std::u32string_view word = text.folded(tokens()[i]);
    if ((word == U"오전" || word == U"오후") && is_among(text.gap_before(i), U" )", 2)) ++i;
  }
  const std::u32string_view between = is_behind_weekday ? U" T_,-.@)" : U" T_,-.@";
  if (i >= tokens().size() || !is_among(text.gap_before(i), between, 3)) return at;
  if (const std::size_t end = clock(i); end != i) return end;
  if (is_number(i, 1, 2) && is_counter(i + 1, U"시時"))
    return is_number(i + 2, 1, 2) && is_counter(i + 3, U"분分") ? i + 4 : i + 2;
  const bool is_digits = is_number(i, 6, 6) && value(i, 0, 2) < 24 && value(i, 2, 2) < 60 && value(i, 4, 2) < 60;
  const bool is_short = i > at && is_number(i, 4, 4) && value(i, 0, 2) < 24 && value(i, 2, 2) < 60;
  if (!is_digits && !is_short) return at;
  return is_number(i + 1, 1, 6) && text.gap_before(i + 1) == U"." ? i + 2 : i + 1;
}

bool DateFinder::Reader::is_weekday(std::size_t i, std::u32string_view between, bool is_in_brackets) const {
  const std::u32string_view word = text.folded(tokens()[i]);
  const bool is_apart = is_in_brackets || between.find(U',') != std::u32string_view::npos;
  return is_among(between, U" ,._", 2) && is_day_of_week(word, is_apart);
}

std::size_t DateFinder::Reader::weekday_after(std::size_t at) const {
  if (at >= tokens().size()) return at;
  std::u32string_view gap = text.gap_before(at);
  const bool is_in_brackets = gap.ends_with(U'(') && text.gap_before(at + 1).starts_with(U')');
  if (is_in_brackets) gap.remove_suffix(1);
  return is_weekday(at, gap, is_in_brackets) ? at + 1 : at;
}

std::size_t DateFinder::Reader::weekday_before(std::size_t at) const {
  return at > 0 && !tokens()[at].is_glued && is_weekday(at - 1, text.gap_before(at), false) ? at - 1 : at;
}

std::uint32_t DateFinder::Reader::end_of(std::size_t end) const {
  const Token& last = tokens()[end - 1];
  const bool is_counter_token = last.kind == TokenKind::hangul || last.kind == TokenKind::han;
  constexpr std::u32string_view kCounters = U"년월일시분年月日時分";
  const bool has_more =
      is_counter_token && last.length > 1 && kCounters.find(text.folded(last)[0]) != std::u32string_view::npos;
  return has_more ? last.begin + 1 : last.end;
}

}  // namespace naru::dicom
