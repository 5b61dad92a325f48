#include <algorithm>
#include <unordered_map>

#include "dicom/deidentify/descriptor_context.h"

namespace naru::dicom {

namespace {

/// What may follow a label, and how many characters a number behind it has at least, with a sign between and without.
struct IdLabel {
  std::string_view word;
  std::size_t shortest, shortest_without_sign;
  bool is_mixed = false;  ///< as many letters as they like stand in it
};
constexpr std::size_t kNever = 1000;
constexpr IdLabel kIdLabels[] = {
    {"mrn", 3, 3},
    {"pid", 3, 5},
    {"id", 3, 5},
    {"ids", 3, 5},
    {"accession", 3, 4},
    {"acc", 4, 6},
    {"case", 4, 7},
    {"chart", 3, 5},
    {"record", 4, kNever},
    {"encounter", 3, 5},
    {"visit", 5, 7},
    {"episode", 4, 6},
    {"hn", 4, 5},
    {"nhs", 5, 8},
    {"uhid", 3, 4},
    {"fin", 5, 6},
    {"csn", 5, 6},
    {"order", 4, 7},
    {"passport", 5, 6},
    {"insurance", 5, 6},
    {"sn", 4, 5},
    {"req", 4, 5},
    {"request", 4, kNever},
    {"requisition", 4, kNever},
    {"입원번호", 3, 3},
    {"병리번호", 3, 3},
    {"외래번호", 3, 3},
    {"진료번호", 3, 3},
    {"검체번호", 3, 3},
    {"처방번호", 3, 3},
    {"serial", 4, 5},
    {"ssn", 4, 4, true},
    {"pt", 5, kNever},
    {"har", 6, 7},
    {"badge", 3, 3},
    {"ticket", 4, 4, true},
    {"inmate", 4, 4},
    {"subject", 3, 4},
    {"subj", 3, 3},
    {"room", 3, 3},
    {"account", 4, 6},
    {"folder", 4, kNever},
    {"등록번호", 3, 3},
    {"환자번호", 3, 3},
    {"병록번호", 3, 3},
    {"차트번호", 3, 3},
    {"접수번호", 3, 3},
    {"검사번호", 3, 3},
    {"병원번호", 3, 3},
    {"수검번호", 3, 3},
    {"여권번호", 5, 5},
    {"여권", 8, 8},
    {"차트", 4, 5},
    {"번호", 5, 6},
    {"patientid", 3, 4},
    {"patid", 3, 4},
    {"specimen", 4, 5},
    {"medicare", 4, 4, true},
    {"medicaid", 4, 4, true},
    {"mbi", 4, 4, true},
    {"vin", 5, 5, true},
    {"licence", 4, 5, true},
    {"license", 4, 5, true},
    {"plate", 4, kNever, true},
    {"면허번호", 5, 5, true},
    {"차량번호", 4, 4, true},
    {"계좌번호", 6, 6},
    {"계좌", 6, 8},
    {"보험증번호", 5, 5},
    {"카드번호", 6, 6},
    {"card", 7, 7},
    {"mr", 5, kNever},
    {"ss", 6, kNever},
    {"dl", 5, kNever, true},
    {"rec", 4, kNever},
    {"hosp", 4, kNever},
    {"hospital", 4, kNever},
    {"acct", 4, 6},
    {"group", 5, kNever},
    {"member", 5, 7},
    {"policy", 5, 6, true},
    {"npi", 8, 8},
    {"dea", 7, 7, true},
    {"lic", 4, 5, true},
    {"path", 4, kNever},
    {"면허", 4, 4},
    {"건강보험번호", 6, 6},
    {"건강보험증번호", 6, 6},
    {"보험번호", 6, 6},
    {"챠트", 4, 5},
    {"챠트번호", 3, 3},
    {"영상번호", 3, 3},
    {"사업자등록번호", 5, 5},
    {"사업자번호", 5, 5},
    {"病历号", 3, 3},
    {"病歷號", 3, 3},
    {"病案号", 3, 3},
    {"住院号", 3, 3},
    {"住院號", 3, 3},
    {"门诊号", 3, 3},
    {"門診號", 3, 3},
    {"检查号", 3, 3},
    {"檢查號", 3, 3},
    {"登记号", 3, 3},
    {"影像号", 3, 3},
    {"身份证号", 6, 6},
    {"身分證號", 6, 6},
    {"患者番号", 3, 3},
    {"診察券番号", 3, 3},
    {"受付番号", 3, 3},
    {"検査番号", 3, 3},
    {"番号", 3, 5},  // of "カルテ番号", too, which is cut before it
    {"versichertennummer", 4, 5},
    {"versichertennr", 4, 5},
    {"patientennummer", 3, 5},
    {"fallnummer", 3, 5},
    {"ahv", 10, 10},
    {"avs", 10, 10},
    {"cpf", 9, 9},
    {"dni", 7, 7},
    {"nie", 7, kNever},  // Polish for "no", too
    {"nif", 8, 8},
    {"sociale", 13, 13},
};
// Between label and number.
constexpr std::u32string_view kNumberWords[] = {U"no", U"nr", U"num", U"number", U"id", U"is", U"plate", U"번호"};

const IdLabel* find_label(WordHash hash) {
  static const std::unordered_map<WordHash, const IdLabel*> rows = [] {
    std::unordered_map<WordHash, const IdLabel*> all;
    for (const IdLabel& label : kIdLabels) all.emplace(hash_of_word(label.word), &label);
    return all;
  }();
  const auto row = rows.find(hash);
  return row == rows.end() ? nullptr : row->second;
}

}  // namespace

void find_labelled_ids(const FoldedText& text, Removals& removals) {
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const IdLabel* label = tokens[i].is_number() ? nullptr : find_label(tokens[i].hash);
    constexpr IdLabel kSerialNumber = {"s/n", 4, 4};
    const bool is_serial_number = text.folded(tokens[i]) == U"n" && i > 0 && text.folded(tokens[i - 1]) == U"s" &&
                                  text.gap_before(i) == U"/" && !tokens[i - 1].is_glued;
    if (is_serial_number) label = &kSerialNumber;
    if (label == nullptr) continue;
    const auto is_gap = [&](std::size_t k) {
      const std::u32string_view gap = text.gap_before(k);
      return gap.size() <= 3 && gap.find_first_not_of(U" :#=.-") == std::u32string_view::npos;
    };
    std::size_t first = i + 1;
    bool has_sign = false;
    while (first < tokens.size() && is_gap(first)) {
      has_sign = has_sign || text.gap_before(first).find_first_of(U":#=") != std::u32string_view::npos;
      const bool is_word = std::find(std::begin(kNumberWords), std::end(kNumberWords), text.folded(tokens[first])) !=
                           std::end(kNumberWords);
      if (!is_word) break;
      has_sign = true;
      ++first;
    }
    if (first >= tokens.size() || !is_gap(first)) continue;
    std::size_t end = first, length = 0, digits = 0;
    constexpr std::size_t kMostTokens = 12;
    while (end < tokens.size() && end < first + kMostTokens) {
      const std::u32string_view gap = text.gap_before(end);
      const bool is_joined = gap.empty() || (gap.size() == 1 && gap.find_first_of(U"-/_.") == 0);
      if (end > first && !is_joined) break;
      length += tokens[end].length;
      digits += tokens[end].is_number() ? tokens[end].length : 0;
      ++end;
    }
    if ((2 * digits < length && !label->is_mixed) ||
        digits < (has_sign ? label->shortest : label->shortest_without_sign))
      continue;
    removals.push_back({tokens[first].begin, tokens[end - 1].end, DescriptorReason::id});
  }
}

}  // namespace naru::dicom
