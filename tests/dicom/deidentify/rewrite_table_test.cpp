// Every row of PS3.15 Table E.1-1 in a file of its own, under the profile and under each option that speaks of it.
// Truth is the action of the row (attribute_rules_test.cpp compares it with the published table), by what Table E.1-1a
// says that it leaves.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/values.h"
#include "dicom/rules/attribute_rules.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::AttributeRule;
using dicom::DeidAction;
using dicom::Tag;
using dicom::vr;

/// A legal value of each VR that is no dummy.
std::string planted_value(Tag tag, dicom::Vr v) {
  static const std::map<dicom::Vr, std::string> kValues = {
      {vr("AE"), "SCANNER"},
      {vr("AS"), "045Y"},
      {vr("CS"), "PELVIS"},
      {vr("DA"), "20140321"},
      {vr("DS"), "1234.5"},
      {vr("DT"), "20140321101112"},
      {vr("IS"), "1234"},
      {vr("PN"), "Zonnebloem^Kee"},
      {vr("SQ"), item(SliceBytes::element(0x00080100, "SH", "ABCD") + SliceBytes::element(0x00080104, "LO", "pelvis"))},
      {vr("TM"), "101112"},
      {vr("UI"), "2.999.77.1"},
      {vr("UR"), "http://archive/"},
  };
  if (tag == 0x00080201) return "+0900";  // Timezone Offset From UTC
  if (const auto found = kValues.find(v); found != kValues.end()) return found->second;
  return dicom::is_charset_text(v) ? "pelvis 5mm" : "\x05\1\1\1\1\1\1\1";
}

/// What an attribute became.
enum class Became { absent, empty, same, other };

Became outcome(const Deidentified& done, Tag tag, const std::string& value) {
  const auto node = std::ranges::find(done.table.nodes, tag, &dicom::Node::tag);
  if (node == done.table.nodes.end()) return Became::absent;
  if (node->kind == dicom::NodeKind::sequence) {
    return node->end == node - done.table.nodes.begin() + 1 ? Became::empty : Became::other;
  }
  if (node->value_bytes == 0) return Became::empty;
  return done.value(tag) == dicom::text_of(std::as_bytes(std::span(value))) ? Became::same : Became::other;
}

/// PS3.15 Table E.1-1a: whether an action may leave this. A sequence that stays has items whose texts are cleaned.
bool may_leave(DeidAction action, Became became, dicom::Vr v) {
  using enum Became;
  const bool goes = became == absent, is_empty = became == empty, is_new = became == other;
  const bool is_sequence = v == vr("SQ") && became == other;
  const bool is_moved = v == vr("DA") || v == vr("DT");
  switch (action) {
    case DeidAction::X: return goes;
    case DeidAction::Z: return is_empty || is_new;
    case DeidAction::D: return is_new;
    case DeidAction::U: return is_new || is_sequence;
    case DeidAction::K: return became == same || is_sequence;
    case DeidAction::C: return is_moved ? is_new : !goes;
    case DeidAction::X_Z: return goes || is_empty || is_new;
    case DeidAction::X_D: return goes || is_new;
    case DeidAction::Z_D: return is_empty || is_new;
    case DeidAction::X_Z_D: return goes || is_empty || is_new;
    case DeidAction::X_Z_Ustar: return goes || is_empty || is_new || is_sequence;
    default: return false;
  }
}

/// Written anew in every file, of messages and files, or ranges of tags, which have tests of their own.
bool is_special(const AttributeRule& rule) {
  return rule.mask != 0xFFFFFFFF || rule.tag >> 16 < 0x0008 || (rule.tag >= 0x00120062 && rule.tag <= 0x00120064) ||
         rule.tag == 0x00280303;
}

/// The version of a table of codes, which is no patient's date.
bool is_version(Tag tag) { return tag == 0x00080106 || tag == 0x00080107; }

void expect_action(const AttributeRule& rule, dicom::Vr v, const dicom::DeidentifyPolicy& policy) {
  const std::string value = planted_value(rule.tag, v);
  const char letters[3] = {static_cast<char>(v >> 8), static_cast<char>(v & 0xFF), '\0'};
  SliceBytes slice;
  slice.text(0x00420012, "LO", "application/pdf").text(rule.tag, letters, value);
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason) << rule.name << ": " << name(*done.result.reason);
  const DeidAction action = action_of(rule, policy.options);
  const Became became = outcome(done, rule.tag, value);
  const bool is_kept_version = is_version(rule.tag) && action == DeidAction::C && became == Became::same;
  EXPECT_TRUE(may_leave(action, became, v) || is_kept_version)
      << rule.name << " " << letters << ", " << name(action) << ": " << static_cast<int>(became);
}

TEST(AttributeTable, IsFollowedInTheFileInEveryRowUnderEachOptionOfIt) {
  int rows = 0, cells = 0;
  for (const AttributeRule& rule : dicom::attribute_rules()) {
    if (is_special(rule)) continue;
    const auto v = dicom::standard_vr(rule.tag);
    ASSERT_TRUE(v) << rule.name;
    ++rows;
    expect_action(rule, *v, {});
    for (std::size_t column = 0; column < rule.options.size(); ++column) {
      if (rule.options[column] == DeidAction::none) continue;
      ++cells;
      expect_action(rule, *v, policy_with({dicom::deid_options()[column].option}));
    }
  }
  EXPECT_EQ(rows, 649);
  EXPECT_EQ(cells, 628);
}

}  // namespace

}  // namespace naru::test
