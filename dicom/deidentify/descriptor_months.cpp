#include "dicom/deidentify/descriptor_months.h"

#include <algorithm>
#include <vector>

namespace naru::dicom {

namespace {

struct Row {
  std::string_view word;
  int month;
  bool is_word_too;
};
constexpr Row kMonths[] = {
    {"january", 1, false},
    {"jan", 1, true},
    {"januar", 1, false},
    {"janner", 1, false},
    {"jaenner", 1, false},
    {"feber", 2, false},
    {"janvier", 1, false},
    {"enero", 1, false},
    {"janeiro", 1, false},
    {"gennaio", 1, false},
    {"januari", 1, false},
    {"stycznia", 1, false},
    {"february", 2, false},
    {"feb", 2, true},
    {"februar", 2, false},
    {"fevrier", 2, false},
    {"febrero", 2, false},
    {"fevereiro", 2, false},
    {"febbraio", 2, false},
    {"februari", 2, false},
    {"lutego", 2, false},
    {"march", 3, false},
    {"mar", 3, true},
    {"marz", 3, false},
    {"maerz", 3, false},
    {"mars", 3, true},
    {"marzo", 3, false},
    {"marco", 3, true},
    {"maart", 3, false},
    {"marca", 3, true},
    {"april", 4, false},
    {"apr", 4, true},
    {"avril", 4, false},
    {"abril", 4, false},
    {"aprile", 4, false},
    {"kwietnia", 4, false},
    {"may", 5, true},
    {"mai", 5, true},
    {"mayo", 5, true},
    {"maio", 5, true},
    {"maggio", 5, false},
    {"mei", 5, true},
    {"maja", 5, true},
    {"june", 6, true},
    {"jun", 6, true},
    {"juni", 6, false},
    {"juin", 6, false},
    {"junio", 6, false},
    {"junho", 6, false},
    {"giugno", 6, false},
    {"czerwca", 6, false},
    {"july", 7, false},
    {"jul", 7, true},
    {"juli", 7, false},
    {"juillet", 7, false},
    {"julio", 7, true},
    {"julho", 7, false},
    {"luglio", 7, false},
    {"lipca", 7, false},
    {"august", 8, false},
    {"aug", 8, true},
    {"aout", 8, false},
    {"agosto", 8, false},
    {"augustus", 8, false},
    {"sierpnia", 8, false},
    {"september", 9, false},
    {"sep", 9, true},
    {"sept", 9, true},
    {"septembre", 9, false},
    {"septiembre", 9, false},
    {"setembro", 9, false},
    {"settembre", 9, false},
    {"wrzesnia", 9, false},
    {"october", 10, false},
    {"oct", 10, true},
    {"oktober", 10, false},
    {"okt", 10, true},
    {"octobre", 10, false},
    {"octubre", 10, false},
    {"outubro", 10, false},
    {"ottobre", 10, false},
    {"pazdziernika", 10, false},
    {"november", 11, false},
    {"nov", 11, true},
    {"novembre", 11, false},
    {"noviembre", 11, false},
    {"novembro", 11, false},
    {"listopada", 11, false},
    {"december", 12, false},
    {"dec", 12, true},
    {"dezember", 12, false},
    {"dez", 12, true},
    {"decembre", 12, false},
    {"diciembre", 12, false},
    {"dezembro", 12, false},
    {"dicembre", 12, false},
    {"grudnia", 12, false},
    {"января", 1, false},
    {"февраля", 2, false},
    {"марта", 3, false},
    {"апреля", 4, false},
    {"мая", 5, false},
    {"июня", 6, false},
    {"июля", 7, false},
    {"августа", 8, false},
    {"сентября", 9, false},
    {"октября", 10, false},
    {"ноября", 11, false},
    {"декабря", 12, false},
};

}  // namespace

const MonthName* find_month(WordHash hash) {
  static const std::vector<MonthName> months = [] {
    std::vector<MonthName> all;
    for (const Row& row : kMonths) all.push_back({hash_of_word(row.word), row.month, row.is_word_too});
    std::sort(all.begin(), all.end(), [](const MonthName& a, const MonthName& b) { return a.hash < b.hash; });
    return all;
  }();
  const auto month = std::lower_bound(months.begin(), months.end(), hash,
                                      [](const MonthName& a, WordHash wanted) { return a.hash < wanted; });
  return month != months.end() && month->hash == hash ? &*month : nullptr;
}

bool is_day_of_week(std::u32string_view word, bool is_apart) {
  constexpr std::u32string_view kDays[] = {
      U"monday", U"tuesday", U"wednesday", U"thursday", U"friday",     U"saturday", U"sunday",  U"mon",    U"tue",
      U"tues",   U"wed",     U"thu",       U"thur",     U"thurs",      U"fri",      U"월요일",  U"화요일", U"수요일",
      U"목요일", U"금요일",  U"토요일",    U"일요일",   U"月曜日",     U"火曜日",   U"水曜日",  U"木曜日", U"金曜日",
      U"土曜日", U"日曜日",  U"星期一",    U"星期二",   U"星期三",     U"星期四",   U"星期五",  U"星期六", U"星期日",
      U"星期天", U"montag",  U"dienstag",  U"mittwoch", U"donnerstag", U"freitag",  U"samstag", U"sonntag"};
  constexpr std::u32string_view kDoubtful[] = {U"sat",  U"sun",  U"월",   U"화",   U"수",   U"목",   U"금",  U"토",
                                               U"일",   U"月",   U"火",   U"水",   U"木",   U"金",   U"土",  U"日",
                                               U"周一", U"周二", U"周三", U"周四", U"周五", U"周六", U"周日"};
  return is_one_of(word, kDays) || (is_apart && is_one_of(word, kDoubtful));
}

std::int64_t year_before_era(std::u32string_view word) {
  struct Era {
    std::u32string_view name;
    std::int64_t year_before;
  };
  constexpr Era kEras[] = {{U"令和", 2018}, {U"平成", 1988}, {U"昭和", 1925},
                           {U"大正", 1911}, {U"民國", 1911}, {U"民国", 1911}};
  const auto* era = std::ranges::find_if(kEras, [&](const Era& one) { return word.ends_with(one.name); });
  return era == std::end(kEras) ? 0 : era->year_before;
}

}  // namespace naru::dicom
