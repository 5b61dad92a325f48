#include "dicom/deidentify/content_items.h"

#include <algorithm>
#include <array>

#include "dicom/deidentify/code_tags.h"
#include "dicom/deidentify/dummy_items.h"
#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kUnits = 0x004008EA, kConceptName = 0x0040A043, kTextValue = 0x0040A160, kConceptCode = 0x0040A168,
              kPatientAge = 0x00101010, kMeasuredValue = 0x0040A300, kNumericValue = 0x0040A30A;

/// DateTime, Date, Time, Person Name, Text Value, Concept Code Sequence, Measured Value Sequence, Numeric Value (of the
/// Content Item Macro, 10.2).
constexpr std::array<Tag, 8> kValues = {0x0040A120, 0x0040A121,   0x0040A122,     0x0040A123,
                                        0x0040A160, kConceptCode, kMeasuredValue, kNumericValue};

std::string_view text_at(const ElementTable& table, Bytes bytes, std::uint32_t node) {
  return text_of(value_of(table.nodes[node], bytes));
}

/// The first element of this tag among the nodes, at any depth; `end` where there is none.
std::uint32_t find(const ElementTable& table, std::uint32_t begin, std::uint32_t end, Tag tag) {
  while (begin < end && (table.nodes[begin].tag != tag || table.nodes[begin].kind == NodeKind::item)) ++begin;
  return begin;
}

struct Concept {
  std::string_view scheme, value;
  bool operator==(const Concept&) const = default;
};

/// That of the first sequence of this tag in an item; empty where it has none.
Concept code_of(const ElementTable& table, Bytes bytes, std::uint32_t begin, std::uint32_t end, Tag tag) {
  while (begin < end && table.nodes[begin].tag != tag) begin = table.nodes[begin].end;
  if (begin >= end) return {};
  const std::uint32_t code_end = table.nodes[begin].end;
  const std::uint32_t value = find(table, begin, code_end, kCodeValue);
  const std::uint32_t scheme = find(table, begin, code_end, kCodingScheme);
  if (value == code_end || scheme == code_end) return {};
  return {text_at(table, bytes, scheme), text_at(table, bytes, value)};
}

/// Units of UCUM in which ages are stated, as parts of a year. What has another is taken for years.
double years_per(std::string_view unit) {
  if (unit == "mo") return 1 / 12.0;
  if (unit == "wk") return 7 / 365.25;
  return unit == "d" ? 1 / 365.25 : 1;
}

bool is_age_over_89(const ElementTable& table, Bytes bytes, std::uint32_t value) {
  constexpr double kOldest = 90;
  const Node& node = table.nodes[value];
  if (node.tag != kMeasuredValue && node.tag != kNumericValue) {
    const std::string_view text = text_at(table, bytes, value);
    const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
    return decimal(digits).value_or(0) >= kOldest;
  }
  const std::uint32_t number = find(table, value, node.end, kNumericValue);
  const std::uint32_t units = find(table, value, node.end, kUnits);
  const std::uint32_t unit = find(table, units, node.end, kCodeValue);
  if (number == node.end) return true;  // stated in another way
  const double factor = unit == node.end ? 1 : years_per(text_at(table, bytes, unit));
  return decimal(text_at(table, bytes, number)).value_or(kOldest) * factor >= kOldest;
}

/// "1", "left", "R2": a text with too few digits for anybody's number, which is cleaned as all texts are.
bool is_plain_mark(const ElementTable& table, Bytes bytes, std::uint32_t value) {
  constexpr std::ptrdiff_t kMostDigits = 3;
  if (table.nodes[value].tag != kTextValue) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::count_if(text_at(table, bytes, value), is_digit) <= kMostDigits;
}

void write_removed(DataSetWriter& writer, Tag tag) {
  if (tag == kMeasuredValue) return writer.empty_sequence(tag);
  writer.begin_sequence(tag);
  write_code_item(writer, "REMOVED", "99NARU", "Removed");
  writer.end_sequence();
}

void write_old_age(DataSetWriter& writer) {
  writer.begin_sequence(kMeasuredValue);
  writer.begin_item();
  writer.begin_sequence(kUnits);
  write_code_item(writer, "a", "UCUM", "year");
  writer.end_sequence();
  writer.element(kNumericValue, vr("DS"), "90");
  writer.end_item();
  writer.end_sequence();
}

}  // namespace

bool is_content_value(Tag tag) { return std::ranges::find(kValues, tag) != kValues.end(); }

const ContentRule* content_rule_of(const ElementTable& table, Bytes bytes, std::uint32_t begin, std::uint32_t end) {
  const Concept concept_name = code_of(table, bytes, begin, end, kConceptName);
  return find_content_rule(concept_name.scheme, concept_name.value);
}

bool is_about_fetus(const ElementTable& table, Bytes bytes, std::uint32_t begin, std::uint32_t end) {
  constexpr Concept kSubjectClass{"DCM", "121024"}, kFetus{"DCM", "121026"};
  for (std::uint32_t i = begin; i < end; i = table.nodes[i].end) {
    const auto code = [&](Tag tag) { return code_of(table, bytes, i + 1, table.nodes[i].end, tag); };
    if (code(kConceptName) == kSubjectClass && code(kConceptCode) == kFetus) return true;
  }
  return false;
}

ContentFate content_fate(const ElementTable& table, Bytes bytes, std::uint32_t value, const ContentRule& rule,
                         DeidAction action) {
  const bool is_kept = action == DeidAction::K || action == DeidAction::C;
  const bool is_old = rule.header == kPatientAge && is_age_over_89(table, bytes, value);
  if (is_kept && is_old) return ContentFate::becomes_90_years;
  const bool is_mark = rule.kind == ContentKind::mark && is_plain_mark(table, bytes, value);
  return (is_kept || is_mark) && !table.nodes[value].is_contradictory ? ContentFate::stays : ContentFate::goes;
}

void write_content_dummy(DataSetWriter& writer, Tag tag, ContentFate fate) {
  fate == ContentFate::becomes_90_years ? write_old_age(writer) : write_removed(writer, tag);
}

}  // namespace naru::dicom
