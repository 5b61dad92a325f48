// Truth is the published table: its digest and counts are stated here, and where a JSON of it lies in NARU_SHARED_DEID
// every cell is compared.
#include "dicom/rules/attribute_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace naru::test {
namespace {

using dicom::attribute_rules;
using dicom::AttributeRule;
using dicom::DeidAction;
using dicom::DeidOption;
using dicom::DeidOptions;
using dicom::Tag;

/// As the published table names its columns, in the order of DeidOption.
constexpr std::array<const char*, dicom::kDeidOptionColumns> kColumns = {
    "retain_safe_private",
    "retain_uids",
    "retain_device_identity",
    "retain_institution_identity",
    "retain_patient_characteristics",
    "retain_longitudinal_full_dates",
    "retain_longitudinal_modified_dates",
    "clean_descriptors",
    "clean_structured_content",
    "clean_graphics",
};

/// A row by its published text: what the options' cells say, "" where they say nothing.
struct PublishedRow {
  Tag tag = 0, mask = 0xFFFFFFFF;
  std::string name, basic;
  bool is_retired = false, is_in_standard_iod = false;
  std::array<std::string, dicom::kDeidOptionColumns> cells;
};

PublishedRow published(const nlohmann::json& row) {
  static const std::map<std::string, std::pair<Tag, Tag>> kRanges = {
      {"(50xx,xxxx)", {0x50000000, 0xFF010000}},
      {"(60xx,3000)", {0x60003000, 0xFF01FFFF}},
      {"(60xx,4000)", {0x60004000, 0xFF01FFFF}},
      {"(gggg,eeee) where gggg is odd", {0x00010000, 0x00010000}},
  };
  PublishedRow result;
  const std::string tag = row.at("tag");
  if (const auto range = kRanges.find(tag); range != kRanges.end()) {
    std::tie(result.tag, result.mask) = range->second;
  } else {
    result.tag = static_cast<Tag>(std::stoul(tag.substr(1, 4) + tag.substr(6, 4), nullptr, 16));
  }
  result.name = row.at("name");
  result.basic = row.at("basic_profile");
  result.is_retired = row.at("retired");
  result.is_in_standard_iod = row.at("in_standard_iod");
  EXPECT_TRUE(std::ranges::all_of(row.at("options").items(), [](const auto& option) {
    return std::ranges::find(kColumns, option.key()) != kColumns.end();
  })) << tag;
  for (std::size_t n = 0; n < kColumns.size(); ++n) result.cells[n] = row.at("options").value(kColumns[n], "");
  return result;
}

#ifdef NARU_SHARED_DEID
constexpr const char* kShared = NARU_SHARED_DEID;
#else
constexpr const char* kShared = "";
#endif

/// Empty, with a line that says so, where the published table is not at hand.
std::vector<PublishedRow> published_rows() {
  std::vector<PublishedRow> rows;
  if (std::ifstream file(std::string(kShared) + "/ps3_15_e1.json"); file) {
    const auto table = nlohmann::json::parse(file);
    for (const auto& row : table.at("rows")) rows.push_back(published(row));
    std::ranges::sort(rows, {}, &PublishedRow::tag);
  }
  if (rows.empty()) std::puts("  the published table is not at hand: its cells were not compared here");
  return rows;
}

/// PS3.15 E.1.1 and E.3, said again: C of any option that is on, else K of any, else the profile's own action.
std::string expected_action(const std::string& basic, const std::array<std::string, kColumns.size()>& cells,
                            DeidOptions options) {
  bool is_kept = false;
  for (const auto& info : dicom::deid_options()) {
    const auto column = static_cast<std::size_t>(info.option);
    if (column >= cells.size() || !options.has(info.option)) continue;
    if (cells[column] == "C") return "C";
    if (cells[column] == "K") is_kept = true;
  }
  return is_kept ? "K" : basic;
}

bool exclude_each_other(DeidOption one, DeidOption other) {
  const auto is_pair = [](DeidOption a, DeidOption b) {
    return a == DeidOption::retain_longitudinal_full_dates && b == DeidOption::retain_longitudinal_modified_dates;
  };
  return is_pair(one, other) || is_pair(other, one);
}

/// None, each one, each pair that may stand together.
std::vector<DeidOptions> singles_and_pairs() {
  std::vector<DeidOptions> sets{DeidOptions{}};
  for (const auto& one : dicom::deid_options()) {
    for (const auto& other : dicom::deid_options()) {
      if (other.option < one.option || exclude_each_other(one.option, other.option)) continue;
      DeidOptions options;
      options.add(one.option);
      options.add(other.option);
      sets.push_back(options);
    }
  }
  return sets;
}

const AttributeRule* scan(Tag tag) {
  const AttributeRule* range = nullptr;
  for (const AttributeRule& rule : attribute_rules()) {
    if (rule.mask == 0xFFFFFFFF && rule.tag == tag) return &rule;
    if (rule.mask != 0xFFFFFFFF && rule.tag == (tag & rule.mask)) range = &rule;
  }
  return range;
}

TEST(AttributeRules, IsEdition2026dUnchanged) {
  EXPECT_EQ(dicom::attribute_rules_sha256(), "445fe450b8ec19a2facda4d500bf1cde1b7cdc3d9bfa29c087713d8ff24f73c5");
}

TEST(AttributeRules, HasThePublishedNumberOfEachAction) {
  std::map<std::string_view, int> basic;
  std::map<std::pair<std::size_t, std::string_view>, int> cells;
  for (const AttributeRule& rule : attribute_rules()) {
    ++basic[dicom::name(rule.basic)];
    for (std::size_t n = 0; n < rule.options.size(); ++n) {
      if (rule.options[n] != DeidAction::none) ++cells[{n, dicom::name(rule.options[n])}];
    }
  }
  EXPECT_EQ(attribute_rules().size(), 657U);
  EXPECT_EQ(basic, (std::map<std::string_view, int>{{"X", 417},
                                                    {"D", 93},
                                                    {"U", 55},
                                                    {"Z", 42},
                                                    {"X/D", 23},
                                                    {"X/Z", 11},
                                                    {"X/Z/D", 8},
                                                    {"Z/D", 6},
                                                    {"X/Z/U*", 2}}));
  EXPECT_EQ(cells, (std::map<std::pair<std::size_t, std::string_view>, int>{{{0, "C"}, 1},
                                                                            {{1, "K"}, 60},
                                                                            {{2, "C"}, 11},
                                                                            {{2, "K"}, 48},
                                                                            {{3, "K"}, 10},
                                                                            {{4, "C"}, 5},
                                                                            {{4, "K"}, 14},
                                                                            {{5, "K"}, 169},
                                                                            {{6, "C"}, 169},
                                                                            {{7, "C"}, 141},
                                                                            {{8, "C"}, 4},
                                                                            {{9, "C"}, 4}}));
}

TEST(AttributeRules, HasEveryPublishedCell) {
  const auto rows = published_rows();
  if (rows.empty()) return;
  ASSERT_EQ(rows.size(), attribute_rules().size());
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const AttributeRule& rule = attribute_rules()[n];
    EXPECT_EQ(rule.tag, rows[n].tag);
    EXPECT_EQ(rule.mask, rows[n].mask);
    EXPECT_EQ(rule.name, rows[n].name);
    EXPECT_EQ(rule.is_retired, rows[n].is_retired) << rule.name;
    EXPECT_EQ(rule.is_in_standard_iod, rows[n].is_in_standard_iod) << rule.name;
    EXPECT_EQ(dicom::name(rule.basic), rows[n].basic) << rule.name;
    for (std::size_t option = 0; option < kColumns.size(); ++option) {
      EXPECT_EQ(dicom::name(rule.options[option]), rows[n].cells[option]) << rule.name << " " << kColumns[option];
    }
  }
}

struct KnownRow {
  Tag tag;
  std::string_view name, basic, cells;  ///< cells as 10 characters, '.' where a column says nothing
};

/// Read off the published table by eye, one of each kind.
constexpr KnownRow kKnown[] = {
    {0x00100010, "Patient's Name", "Z", ".........."},
    {0x00100020, "Patient ID", "Z/D", ".........."},
    {0x00100030, "Patient's Birth Date", "Z", ".........."},
    {0x00100040, "Patient's Sex", "Z", "....K....."},
    {0x00101010, "Patient's Age", "X", "....K....."},
    {0x00080018, "SOP Instance UID", "U", ".K........"},
    {0x0020000D, "Study Instance UID", "U", ".K........"},
    {0x00080020, "Study Date", "Z", ".....KC..."},
    {0x00080080, "Institution Name", "X/Z/D", "...K......"},
    {0x00081030, "Study Description", "X", ".......C.."},
    {0x00181000, "Device Serial Number", "X/Z/D", "..K......."},
    {0x00181030, "Protocol Name", "X/D", ".......C.."},
    {0x00082112, "Source Image Sequence", "X/Z/U*", ".K........"},
    {0x00400555, "Acquisition Context Sequence", "X/Z", "........C."},
    {0x0018700C, "Date of Last Detector Calibration", "X/D", "..K..KC..."},
    {0x60003000, "Overlay Data", "X", ".........C"},
};

TEST(AttributeRules, HasTheKnownRows) {
  for (const KnownRow& known : kKnown) {
    const AttributeRule* const rule = dicom::find_attribute_rule(known.tag);
    ASSERT_NE(rule, nullptr) << known.name;
    EXPECT_EQ(rule->name, known.name);
    EXPECT_EQ(dicom::name(rule->basic), known.basic) << known.name;
    std::string cells;
    for (const DeidAction cell : rule->options) {
      cells += cell == DeidAction::none ? "." : std::string(dicom::name(cell));
    }
    EXPECT_EQ(cells, known.cells) << known.name;
  }
}

TEST(AttributeRules, IsSortedWithoutDoubles) {
  const auto not_below = std::ranges::adjacent_find(
      attribute_rules(), [](const auto& left, const auto& right) { return left.tag >= right.tag; });
  EXPECT_TRUE(not_below == attribute_rules().end());
}

std::string_view found_name(Tag group, Tag element) {
  const AttributeRule* const rule = dicom::find_attribute_rule(group << 16 | element);
  return rule == nullptr ? "" : rule->name;
}

TEST(FindAttributeRule, CoversTheRepeatingGroups) {
  for (Tag n = 0; n <= 0xFF; n += 2) {
    for (const Tag element : {0x0000U, 0x0010U, 0x3000U, 0x4000U, 0xFFFFU}) {
      EXPECT_EQ(found_name(0x5000 + n, element), "Curve Data");
    }
    EXPECT_EQ(found_name(0x6000 + n, 0x3000), "Overlay Data");
    EXPECT_EQ(found_name(0x6000 + n, 0x4000), "Overlay Comments");
    for (const Tag element : {0x0010U, 0x0050U, 0x2FFFU, 0x3001U, 0x4001U}) {
      EXPECT_EQ(found_name(0x6000 + n, element), "") << "rows, origin and type of an overlay say nothing of anyone";
    }
  }
  EXPECT_EQ(found_name(0x5001, 0x3000), "Private Attributes");
  EXPECT_EQ(found_name(0x6001, 0x3000), "Private Attributes");
  EXPECT_EQ(found_name(0x5100, 0x3000), "");
  EXPECT_EQ(found_name(0x6100, 0x3000), "");
}

TEST(FindAttributeRule, KnowsEveryOddGroupAsPrivate) {
  for (Tag group = 1; group <= 0xFFFF; group += 2) {
    for (const Tag element : {0x0001U, 0x0010U, 0x1001U, 0xFFFFU}) {
      const AttributeRule* const rule = dicom::find_attribute_rule(group << 16 | element);
      ASSERT_NE(rule, nullptr);
      ASSERT_EQ(rule->name, "Private Attributes");
    }
  }
}

TEST(FindAttributeRule, FindsWhatAScanFinds) {
  std::vector<Tag> tags;
  for (const AttributeRule& rule : attribute_rules()) {
    for (const Tag tag : {rule.tag - 1, rule.tag, rule.tag + 1, rule.tag + 0x10000, rule.tag ^ 0x80000000U}) {
      tags.push_back(tag);
    }
  }
  std::mt19937 random(7);
  for (int n = 0; n < 20000; ++n) tags.push_back(static_cast<Tag>(random()));
  for (Tag element = 0; element <= 0xFFFF; ++element) tags.push_back(0x00080000 | element);
  for (const Tag tag : tags) ASSERT_EQ(dicom::find_attribute_rule(tag), scan(tag)) << std::hex << tag;
}

TEST(FindAttributeRule, FindsNothingForUnlistedAttributes) {
  // Rows, Columns, Pixel Data, Modality, Pixel Spacing, an item mark, a tag of no dictionary
  for (const Tag tag : {0x00280010U, 0x00280011U, 0x7FE00010U, 0x00080060U, 0x00280030U, 0xFFFEE000U, 0x00089999U}) {
    EXPECT_EQ(dicom::find_attribute_rule(tag), nullptr) << std::hex << tag;
  }
}

TEST(ActionOf, IsWhatTheStandardSaysForEachRowAndEachPairOfOptions) {
  const auto sets = singles_and_pairs();
  ASSERT_EQ(sets.size(), 1U + 12 + 12 * 11 / 2 - 1);
  const auto rows = published_rows();
  std::size_t checked = 0;
  for (std::size_t n = 0; n < attribute_rules().size(); ++n) {
    const AttributeRule& rule = attribute_rules()[n];
    std::array<std::string, kColumns.size()> cells;
    std::ranges::transform(rule.options, cells.begin(), [](DeidAction cell) { return dicom::name(cell); });
    for (const DeidOptions options : sets) {
      const auto action = dicom::name(dicom::action_of(rule, options));
      ASSERT_EQ(action, expected_action(std::string(dicom::name(rule.basic)), cells, options)) << rule.name;
      if (!rows.empty()) {
        ASSERT_EQ(action, expected_action(rows.at(n).basic, rows[n].cells, options)) << rule.name;
      }
      ++checked;
    }
  }
  EXPECT_EQ(checked, 657U * 78);
}

TEST(ActionOf, ShiftsADateThatTheDeviceOptionWouldKeep) {
  int conflicts = 0;
  DeidOptions options;
  options.add(DeidOption::retain_device_identity);
  options.add(DeidOption::retain_longitudinal_modified_dates);
  for (const AttributeRule& rule : attribute_rules()) {
    const auto device = rule.options[static_cast<std::size_t>(DeidOption::retain_device_identity)];
    const auto dates = rule.options[static_cast<std::size_t>(DeidOption::retain_longitudinal_modified_dates)];
    if (device != DeidAction::K || dates != DeidAction::C) continue;
    ++conflicts;
    EXPECT_EQ(dicom::action_of(rule, options), DeidAction::C) << rule.name;
  }
  EXPECT_EQ(conflicts, 11);
}

}  // namespace
}  // namespace naru::test
