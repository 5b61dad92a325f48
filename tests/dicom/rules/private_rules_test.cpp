// Truth are the three lists: literals of them here, and where they lie in NARU_SHARED_DEID every line of them.
#include "dicom/rules/private_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace naru::test {
namespace {

using dicom::find_private_rule;
using dicom::PrivateAction;
using dicom::PrivateRule;
using dicom::repeated_attribute;
using dicom::vr;

using Key = std::tuple<std::uint16_t, std::string, std::uint8_t>;

/// What the lists say of elements that matter, with the VR under which they are read where a file says UN.
constexpr PrivateRule kKnown[] = {
    // what quantification and geometry need
    {0x7053, "Philips PET Private Group", 0x00, vr("DS"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x7053, "Philips PET Private Group", 0x09, vr("DS"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x2005, "Philips MR Imaging DD 001", 0x0D, vr("FL"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x2005, "Philips MR Imaging DD 001", 0x0E, vr("FL"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x2001, "Philips Imaging DD 001", 0x03, vr("FL"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x0019, "SIEMENS MR HEADER", 0x0C, vr("IS"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x0019, "SIEMENS MR HEADER", 0x0E, vr("FD"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x0019, "SIEMENS MR HEADER", 0x27, vr("FD"), PrivateAction::keep, "TCIA+E.3.10"},
    {0x0043, "GEMS_PARM_01", 0x39, vr("IS"), PrivateAction::keep, "TCIA+CTP+E.3.10"},
    {0x0019, "GEMS_ACQU_01", 0x23, vr("DS"), PrivateAction::keep, "TCIA+CTP+E.3.10"},
    {0x0029, "MMCPrivate", 0x5C, vr("SQ"), PrivateAction::keep, "TCIA"},  // stands in a private sequence alone
    // listed by one list alone
    {0x0199, "NQLeft", 0x16, vr("FL"), PrivateAction::keep, "E.3.10"},
    {0x0025, "Philips ST80i", 0x01, vr("OW"), PrivateAction::keep, "E.3.10"},
    {0x0119, "SIEMENS Ultrasound SC2000", 0x11, 0, PrivateAction::keep, "E.3.10"},
    {0x2001, "BrainWave: 1.2.840.113819.3", 0x31, vr("US"), PrivateAction::keep, "CTP"},
    // identifiers and dates that follow the patient's map and shift
    {0x0009, "GEMS_IDEN_01", 0xE3, vr("UI"), PrivateAction::map_uid, "TCIA"},
    {0x0009, "FDMS 1.0", 0x05, 0, PrivateAction::map_uid, "TCIA"},  // OB, OW or UN in files
    {0x7005, "TOSHIBA_MEC_CT3", 0x16, vr("UI"), PrivateAction::map_uid, "TCIA"},
    {0x2005, "Philips MR Imaging DD 005", 0x36, vr("UI"), PrivateAction::map_uid, "TCIA"},
    {0x0099, "NQHeader", 0x02, vr("UI"), PrivateAction::map_uid, "E.3.10"},
    {0x0009, "GEMS_PETD_01", 0x3B, vr("DT"), PrivateAction::shift_date, "TCIA"},
    {0x0071, "SIEMENS MED PT", 0x22, vr("DT"), PrivateAction::shift_date, "TCIA"},
    {0x0013, "SIEMENS CM VA0  CMS", 0x10, vr("DA"), PrivateAction::shift_date, "TCIA"},  // two blanks within
    {0x0009, "GEMS_IDEN_01", 0x27, vr("SL"), PrivateAction::shift_epoch, "TCIA"},
    {0x0009, "GEMS_IDEN_01", 0xE9, vr("SL"), PrivateAction::shift_epoch, "TCIA"},
    {0x0023, "GEMS_STDY_01", 0x70, vr("FD"), PrivateAction::shift_epoch, "TCIA"},
};

struct Unlisted {
  std::uint16_t group;
  std::string_view creator;
  std::uint8_t element;
  const char* reason;
};
constexpr Unlisted kUnlisted[] = {
    {0x0009, "GEMS_IDEN_01", 0x02, "suite id: CTP keeps it, TCIA deletes it"},
    {0x0043, "GEMS_PARM_01", 0x60, "CTP keeps it, TCIA deletes it"},
    {0x0029, "SIEMENS CSA HEADER", 0x10, "the CSA header holds protocol text"},
    {0x0029, "SIEMENS CSA HEADER", 0x20, "the CSA header holds protocol text"},
    {0x0013, "CTP", 0x12, "site name"},
    {0x0013, "CTP", 0x51, "year of diagnosis: nothing moves it"},
    {0x3F01, "INTELERAD MEDICAL SYSTEMS", 0x01, "institution code"},
    {0x3F01, "INTELERAD MEDICAL SYSTEMS", 0x03, "AE title"},
    {0x0009, "FDMS 1.0", 0x92, "department name"},
    {0x0029, "MITRA MARKUP 1.0", 0x06, "kept as OB, deleted as UN: nobody knows what it holds"},
    {0x0029, "MMCPrivate", 0x1E, "kept in shared, deleted in per-frame functional groups"},
    {0x0009, "", 0x02, "no creator"},
    {0x0009, "NOBODY KNOWS IT", 0x02, "no such creator"},
    {0x0008, "GEMS_IDEN_01", 0x27, "an even group"},
    {0x0043, "GEMS_IDEN_01", 0x39, "another creator's element"},
};

Key key_of(const PrivateRule& rule) { return {rule.group, std::string(rule.creator), rule.element}; }

const PrivateRule* find(const Key& key) {
  return find_private_rule(std::get<0>(key), std::get<1>(key), std::get<2>(key));
}

TEST(PrivateRules, SayWhatTheListsSay) {
  for (const PrivateRule& known : kKnown) {
    const PrivateRule* const rule = find_private_rule(known.group, known.creator, known.element);
    ASSERT_NE(rule, nullptr) << known.creator << std::hex << known.group << int{known.element};
    EXPECT_EQ(key_of(*rule), key_of(known));
    EXPECT_EQ(rule->value_representation, known.value_representation) << known.creator << int{known.element};
    EXPECT_EQ(rule->action, known.action) << known.creator << int{known.element};
    EXPECT_EQ(rule->source, known.source) << known.creator << int{known.element};
  }
}

TEST(PrivateRules, LeaveOutWhatIsNotSafe) {
  for (const Unlisted& unlisted : kUnlisted) {
    EXPECT_EQ(find_private_rule(unlisted.group, unlisted.creator, unlisted.element), nullptr) << unlisted.reason;
  }
}

TEST(PrivateRules, AreTheOnesThatWereReviewed) {
  std::map<PrivateAction, int> actions;
  std::map<std::string_view, int> sources;
  for (const PrivateRule& rule : dicom::private_rules()) {
    ++actions[rule.action];
    ++sources[rule.source];
  }
  EXPECT_EQ(actions, (std::map<PrivateAction, int>{{PrivateAction::keep, 2631},
                                                   {PrivateAction::map_uid, 46},
                                                   {PrivateAction::shift_date, 18},
                                                   {PrivateAction::shift_epoch, 3}}));
  EXPECT_EQ(sources, (std::map<std::string_view, int>{{"TCIA", 1753},
                                                      {"CTP", 65},
                                                      {"E.3.10", 370},
                                                      {"TCIA+CTP", 401},
                                                      {"TCIA+E.3.10", 99},
                                                      {"TCIA+CTP+E.3.10", 10}}));
  EXPECT_EQ(dicom::private_rules_sha256(), "008f583ac5178fa127fc06b2d56148d7ae23b72318da99bbaa90dd4945d3f680");
}

TEST(PrivateRules, SayWhichAttributeOfTheStandardTheyRepeat) {
  const auto attribute = [](std::uint16_t group, std::string_view creator, std::uint8_t element) {
    const PrivateRule* rule = find_private_rule(group, creator, element);
    EXPECT_NE(rule, nullptr) << creator;
    return rule == nullptr ? 0 : repeated_attribute(*rule);
  };
  EXPECT_EQ(attribute(0x0009, "SIEMENS CM VA0  LAB", 0x10), 0x00181005U);   // Generator Identification Label
  EXPECT_EQ(attribute(0x0009, "SIEMENS CM VA0  LAB", 0x11), 0x00181008U);   // Gantry Identification Label
  EXPECT_EQ(attribute(0x0009, "SIEMENS CM VA0  LAB", 0x13), 0x0018700AU);   // Detector Identification Label
  EXPECT_EQ(attribute(0x0009, "SIEMENS CM VA0  LAB", 0x15), 0x00181000U);   // SMI Identification Label
  EXPECT_EQ(attribute(0x0009, "SECTRA_Ident_01", 0x02), 0x00080050U);       // Examination Number
  EXPECT_EQ(attribute(0x0013, "CTP", 0x10), 0x00120020U);                   // Project Name
  EXPECT_EQ(attribute(0x0013, "CTP", 0x11), 0x00120021U);                   // Trial Name
  EXPECT_EQ(attribute(0x0013, "CTP", 0x13), 0x00120030U);                   // Site Id
  EXPECT_EQ(attribute(0x0013, "GEMS_GENIE_1", 0x26), 0x00324000U);          // Study Comments
  EXPECT_EQ(attribute(0x7005, "TOSHIBA_MEC_CT3", 0x11), 0x0008103EU);       // Series Comment
  EXPECT_EQ(attribute(0x0013, "SIEMENS CM VA0  CMS", 0x31), 0x00101030U);   // Patient Weight
  EXPECT_EQ(attribute(0x0013, "SIEMENS CM VA0  CMS", 0x35), 0x00100040U);   // Patient Sex
  EXPECT_EQ(attribute(0x0019, "SIEMENS CT VA0  COAD", 0x82), 0x00101010U);  // Patient Phase of Life
  EXPECT_EQ(attribute(0x0021, "SIEMENS MR SDS 01", 0x01), 0x00101030U);     // Used Patient Weight
  EXPECT_EQ(attribute(0x00E1, "ELSCINT1", 0x63), 0x00100101U);              // Patient Language
  EXPECT_EQ(attribute(0x0019, "SIEMENS MR HEADER", 0x0C), 0U);              // b-value
}

TEST(PrivateRules, AreSortedOddGroupsWithCreators) {
  const auto rules = dicom::private_rules();
  EXPECT_TRUE(std::ranges::adjacent_find(rules, [](const auto& left, const auto& right) {
                return key_of(left) >= key_of(right);
              }) == rules.end());
  for (const PrivateRule& rule : rules) {
    EXPECT_EQ(rule.group % 2, 1);
    EXPECT_FALSE(rule.creator.empty());
    EXPECT_LE(rule.creator.size(), 64U);
    EXPECT_NE(rule.creator.back(), ' ');
    EXPECT_NE(rule.value_representation, vr("PN")) << rule.creator;
    EXPECT_NE(rule.value_representation, vr("AE")) << rule.creator;
    EXPECT_TRUE(rule.value_representation == 0 || dicom::is_known_vr(rule.value_representation)) << rule.creator;
    EXPECT_TRUE(rule.value_representation != vr("UI") || rule.action == PrivateAction::map_uid) << rule.creator;
    EXPECT_TRUE(rule.value_representation != vr("DA") || rule.action == PrivateAction::shift_date) << rule.creator;
  }
}

TEST(FindPrivateRule, FindsEveryRowAndNoNeighbour) {
  std::set<Key> keys;
  for (const PrivateRule& rule : dicom::private_rules()) keys.insert(key_of(rule));
  std::set<std::pair<std::uint16_t, std::string>> blocks;
  for (const auto& [group, creator, element] : keys) blocks.insert({group, creator});
  for (const auto& [group, creator] : blocks) {
    for (unsigned element = 0; element <= 0xFF; ++element) {
      const Key key{group, creator, static_cast<std::uint8_t>(element)};
      const PrivateRule* const rule = find(key);
      ASSERT_EQ(rule != nullptr, keys.contains(key)) << creator << " " << element;
      ASSERT_TRUE(rule == nullptr || key_of(*rule) == key);
    }
  }
}

TEST(FindPrivateRule, ComparesCreatorsWithoutPadding) {
  using namespace std::string_view_literals;
  for (const auto creator : {"GEMS_IDEN_01"sv, "GEMS_IDEN_01 "sv, "GEMS_IDEN_01\0"sv, "GEMS_IDEN_01  \0 "sv}) {
    EXPECT_NE(find_private_rule(0x0009, creator, 0x27), nullptr);
  }
  for (const auto creator :
       {"gems_iden_01"sv, "GEMS_IDEN"sv, "GEMS_IDEN_011"sv, " GEMS_IDEN_01"sv, "GEMS\0IDEN_01"sv}) {
    EXPECT_EQ(find_private_rule(0x0009, creator, 0x27), nullptr) << creator;
  }
}

TEST(FindPrivateRule, TellsTwoCreatorsOfOneGroupApart) {
  // 0x2001: element 0x01 is a chemical shift in one block and a processing setting in the other.
  EXPECT_EQ(find_private_rule(0x2001, "Philips Imaging DD 001", 0x01)->value_representation, vr("FL"));
  EXPECT_EQ(find_private_rule(0x2001, "Philips Imaging DD 002", 0x01)->value_representation, vr("US"));
  // 0x0019: what is a diffusion direction to one is nothing to the other.
  EXPECT_NE(find_private_rule(0x0019, "SIEMENS MR HEADER", 0x0E), nullptr);
  EXPECT_EQ(find_private_rule(0x0019, "GEMS_PETD_01", 0x0E), nullptr);
}

#ifdef NARU_SHARED_DEID
constexpr const char* kShared = NARU_SHARED_DEID;
#else
constexpr const char* kShared = "";
#endif

/// The fields of one line of a CSV file; a quote within quotes is doubled.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (std::size_t n = 0; n < line.size(); ++n) {
    if (line[n] == '"' && is_quoted && n + 1 < line.size() && line[n + 1] == '"') {
      fields.back() += line[++n];
    } else if (line[n] == '"') {
      is_quoted = !is_quoted;
    } else if (line[n] == ',' && !is_quoted) {
      fields.emplace_back();
    } else if (line[n] != '\r') {
      fields.back() += line[n];
    }
  }
  return fields;
}

/// Group, creator and element of the last step of a path such as (0029,MMCPrivate",32)[<0>](0029,"MMCPrivate",5c); none
/// where that is a standard attribute.
std::optional<Key> last_private(const std::string& path) {
  const auto begin = path.rfind('(');
  std::string step = path.substr(begin + 1, path.size() - begin - 2);
  std::erase(step, '"');
  const auto first = step.find(','), last = step.rfind(',');
  if (first == last) return std::nullopt;
  return Key{static_cast<std::uint16_t>(std::stoul(step.substr(0, first), nullptr, 16)),
             step.substr(first + 1, last - first - 1),
             static_cast<std::uint8_t>(std::stoul(step.substr(last + 1), nullptr, 16))};
}

/// The dispositions of each private attribute, as the knowledge base has them.
std::map<Key, std::set<std::string>> knowledge_base() {
  std::map<Key, std::set<std::string>> told;
  std::ifstream file(std::string(kShared) + "/tcia_private_tag_kb_2024-02-01.csv");
  std::string line;
  std::getline(file, line);  // the names of the columns
  while (std::getline(file, line)) {
    const auto fields = fields_of(line);
    if (const auto key = last_private(fields.at(0))) {
      std::string disposition = fields.at(3);
      std::erase(disposition, ' ');
      std::ranges::transform(disposition, disposition.begin(), [](unsigned char c) { return std::tolower(c); });
      told[*key].insert(disposition);
    }
  }
  return told;
}

/// What RSNA CTP keeps.
std::set<Key> ctp_keeps() {
  std::set<Key> keys;
  std::ifstream file(std::string(kShared) + "/ctp_private_safe.json");
  if (!file) return keys;
  const auto rows = nlohmann::json::parse(file);
  for (const auto& row : rows) {
    keys.insert(Key{static_cast<std::uint16_t>(std::stoul(row.at("gp").get<std::string>(), nullptr, 16)),
                    row.at("cr").get<std::string>(),
                    static_cast<std::uint8_t>(std::stoul(row.at("el").get<std::string>(), nullptr, 16))});
  }
  return keys;
}

TEST(PrivateRules, AgreeWithEveryLineOfTheKnowledgeBase) {
  const auto told = knowledge_base();
  if (told.empty()) {
    std::puts("  the lists are not at hand: their lines were not compared here");
    return;
  }
  const std::set<std::string> keeps = {"k", "h", "o", "oi"};
  const std::map<std::string, PrivateAction> actions = {{"k", PrivateAction::keep},
                                                        {"h", PrivateAction::map_uid},
                                                        {"o", PrivateAction::shift_date},
                                                        {"oi", PrivateAction::shift_epoch}};
  const auto ctp = ctp_keeps();
  std::map<std::string, int> count;
  for (const auto& [key, dispositions] : told) {
    const PrivateRule* const rule = find(key);
    const bool has_keep = std::ranges::any_of(dispositions, [&](const auto& d) { return keeps.contains(d); });
    const bool is_standard = rule != nullptr && rule->source.find("E.3.10") != std::string_view::npos;
    if (!has_keep && !is_standard && (!ctp.contains(key) || dispositions.contains("d"))) {
      EXPECT_EQ(rule, nullptr) << std::get<1>(key);
      ++count["deleted"];
    } else if (has_keep && !dispositions.contains("d") && rule == nullptr) {
      ++count["kept there, not here"];
    } else if (rule != nullptr && dispositions.size() == 1 && has_keep) {
      const auto expected =
          rule->value_representation == vr("UI") ? PrivateAction::map_uid : actions.at(*dispositions.begin());
      EXPECT_EQ(rule->action, expected) << std::get<1>(key) << int{std::get<2>(key)};
      ++count["kept alike"];
    }
  }
  EXPECT_EQ(told.size(), 5235U);
  EXPECT_EQ(count["deleted"], 2931);
  EXPECT_EQ(count["kept alike"], 2170);
  EXPECT_EQ(count["kept there, not here"], 5)
      << "the two names of places, the year, the code and the AE title of kUnlisted";
}

TEST(PrivateRules, KeepWhatCtpKeepsUnlessTciaDeletesIt) {
  const auto told = knowledge_base();
  const auto ctp = ctp_keeps();
  if (ctp.empty()) return;
  int kept = 0;
  for (const Key& key : ctp) {
    const auto dispositions = told.contains(key) ? told.at(key) : std::set<std::string>{};
    if (find(key) != nullptr) {
      ++kept;
    } else {
      EXPECT_TRUE(dispositions.contains("d") || key == Key(0x0013, "CTP", 0x12)) << std::get<1>(key);
    }
  }
  EXPECT_EQ(ctp.size(), 500U);
  EXPECT_EQ(kept, 476);
}

}  // namespace
}  // namespace naru::test
