#include "dicom/rules/attribute_rules.h"

#include <fmt/format.h>

#include "core/digest.h"

namespace naru::dicom {

namespace {

constexpr Tag kOneTag = 0xFFFFFFFF;

/// Ten characters, one a column of the table: '.' none, 'K', 'C'. Anything else does not compile.
consteval std::array<DeidAction, kDeidOptionColumns> cells(const char (&text)[kDeidOptionColumns + 1]) {
  std::array<DeidAction, kDeidOptionColumns> actions{};
  for (std::size_t n = 0; n < kDeidOptionColumns; ++n) {
    if (text[n] != '.' && text[n] != 'K' && text[n] != 'C') throw "no action of an option";
    actions[n] = text[n] == '.' ? DeidAction::none : text[n] == 'K' ? DeidAction::K : DeidAction::C;
  }
  return actions;
}

using enum DeidAction;
constexpr AttributeRule kRules[] = {
#include "dicom/rules/attribute_rules_table.inc"
};

/// Places of rows by tag, with open addressing. A third full, so that a look-up that fails ends after one or two steps:
/// most elements of a file have no row.
class Index {
 public:
  constexpr Index() {
    for (std::size_t row = 0; row < std::size(kRules); ++row) {
      if (kRules[row].mask == kOneTag) insert(row);
    }
  }

  constexpr const AttributeRule* find(Tag tag) const {
    for (std::size_t slot = first_slot(tag); rows_[slot] != 0; slot = (slot + 1) % kSlots) {
      if (kRules[rows_[slot] - 1].tag == tag) return &kRules[rows_[slot] - 1];
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t kSlots = 2048;
  static_assert(std::size(kRules) < kSlots / 3);

  /// Multiplication by 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
  static constexpr std::size_t first_slot(Tag tag) { return (tag * 2654435769U) >> 21; }

  constexpr void insert(std::size_t row) {
    std::size_t slot = first_slot(kRules[row].tag);
    while (rows_[slot] != 0) slot = (slot + 1) % kSlots;
    rows_[slot] = static_cast<std::uint16_t>(row + 1);
  }

  std::array<std::uint16_t, kSlots> rows_{};  ///< 0: free; else row + 1
};

constexpr Index kIndex;

constexpr std::size_t kRangeCount = 4;

/// The rows that stand for more than one tag.
constexpr std::array<const AttributeRule*, kRangeCount> kRanges = [] {
  std::array<const AttributeRule*, kRangeCount> ranges{};
  std::size_t count = 0;
  for (const AttributeRule& rule : kRules) {
    if (rule.mask != kOneTag) ranges.at(count++) = &rule;
  }
  if (count != kRangeCount) throw "another number of ranges";
  return ranges;
}();

std::string canonical_text() {
  std::string text;
  for (const AttributeRule& rule : kRules) {
    text += fmt::format("{:08X}/{:08X}\t{}\t{}\t", rule.tag, rule.mask, rule.name, name(rule.basic));
    for (std::size_t n = 0; n < kDeidOptionColumns; ++n) {
      text += fmt::format("{}{}", n == 0 ? "" : ",", name(rule.options[n]));
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string_view name(DeidAction action) {
  static constexpr std::array<std::string_view, 12> kNames = {"",  "K",   "X",   "Z",   "D",     "U",
                                                              "C", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*"};
  return kNames.at(static_cast<std::size_t>(action));
}

std::span<const AttributeRule> attribute_rules() { return kRules; }

const AttributeRule* find_attribute_rule(Tag tag) {
  if (const AttributeRule* rule = kIndex.find(tag)) return rule;
  for (const AttributeRule* range : kRanges) {
    if (range->tag == (tag & range->mask)) return range;
  }
  return nullptr;
}

DeidAction action_of(const AttributeRule& rule, DeidOptions options) {
  DeidAction action = rule.basic;
  for (std::size_t n = 0; n < kDeidOptionColumns; ++n) {
    if (rule.options[n] == DeidAction::none || !options.has(static_cast<DeidOption>(n))) continue;
    if (rule.options[n] == DeidAction::C) return DeidAction::C;
    action = rule.options[n];
  }
  return action;
}

const std::string& attribute_rules_sha256() {
  static const std::string digest = [] {
    const std::string text = canonical_text();
    return sha256_hex(text);
  }();
  return digest;
}

}  // namespace naru::dicom
