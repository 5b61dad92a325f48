#include "dicom/rules/private_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/digest.h"

namespace naru::dicom {

namespace {

using enum PrivateAction;
constexpr PrivateRule kPrivateRules[] = {
#include "dicom/rules/private_rules_table.inc"
};

/// What the lists keep though it repeats an attribute of the standard: what tells of the patient as a body, of a
/// device, an order, a trial, or what somebody typed.
struct Repeated {
  std::uint16_t group;
  std::string_view creator;
  std::uint8_t element;
  Tag attribute;
};
constexpr Repeated kRepeated[] = {
    {0x0009, "MMCPrivate", 0x48, 0x00181030},              // Protocol Name
    {0x0009, "SECTRA_Ident_01", 0x02, 0x00080050},         // Examination Number: Accession Number
    {0x0009, "SIEMENS CM VA0  LAB", 0x10, 0x00181005},     // Generator Identification Label: Generator ID
    {0x0009, "SIEMENS CM VA0  LAB", 0x11, 0x00181008},     // Gantry Identification Label: Gantry ID
    {0x0009, "SIEMENS CM VA0  LAB", 0x13, 0x0018700A},     // Detector Identification Label: Detector ID
    {0x0009, "SIEMENS CM VA0  LAB", 0x15, 0x00181000},     // SMI Identification Label: Device Serial Number
    {0x0011, "GEMS_PATI_01", 0x10, 0x00380500},            // Patient Status: Patient State
    {0x0013, "CTP", 0x10, 0x00120020},                     // Project Name: Clinical Trial Protocol ID
    {0x0013, "CTP", 0x11, 0x00120021},                     // Trial Name: Clinical Trial Protocol Name
    {0x0013, "CTP", 0x13, 0x00120030},                     // Site Id: Clinical Trial Site ID
    {0x0013, "GEMS_GENIE_1", 0x26, 0x00324000},            // Study Comments
    {0x0013, "SIEMENS CM VA0  CMS", 0x31, 0x00101030},     // Patient Weight
    {0x0013, "SIEMENS CM VA0  CMS", 0x35, 0x00100040},     // Patient Sex
    {0x0013, "SIEMENS CM VA0  CMS", 0x40, 0x00400254},     // Procedure Description
    {0x0019, "SIEMENS CT VA0  COAD", 0x82, 0x00101010},    // Patient Phase of Life: Patient's Age
    {0x0021, "SIEMENS MR SDS 01", 0x01, 0x00101030},       // Used Patient Weight
    {0x00E1, "ELSCINT1", 0x63, 0x00100101},                // Patient Language
    {0x2001, "Philips Imaging DD 001", 0xCC, 0x00082111},  // Derivation Description
    {0x7005, "TOSHIBA_MEC_CT3", 0x11, 0x0008103E},         // Series Comment: Series Description
};

/// The rows of one creator in one group, found by a hash of both; within them the element is sought by halving.
class PrivateIndex {
 public:
  PrivateIndex() {
    const std::span<const PrivateRule> rules = kPrivateRules;
    for (std::size_t begin = 0; begin < rules.size();) {
      std::size_t end = begin + 1;
      while (end < rules.size() && rules[end].group == rules[begin].group &&
             rules[end].creator == rules[begin].creator) {
        ++end;
      }
      insert(rules.subspan(begin, end - begin));
      begin = end;
    }
  }

  const PrivateRule* find(std::uint16_t group, std::string_view creator, std::uint8_t element) const {
    for (std::size_t slot = first_slot(group, creator); !blocks_[slot].empty(); slot = (slot + 1) % kSlots) {
      const Block block = blocks_[slot];
      if (block.front().group != group || block.front().creator != creator) continue;
      const auto rule = std::ranges::lower_bound(block, element, {}, &PrivateRule::element);
      return rule != block.end() && rule->element == element ? &*rule : nullptr;
    }
    return nullptr;
  }

 private:
  using Block = std::span<const PrivateRule>;
  static constexpr std::size_t kSlots = 1024;  ///< several times the number of blocks: there is always a free one

  /// FNV-1a, 32 bits.
  static std::size_t first_slot(std::uint16_t group, std::string_view creator) {
    std::uint32_t hash = 2166136261U ^ group;
    for (const char character : creator) hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
    return (hash ^ hash >> 16) % kSlots;
  }

  void insert(Block block) {
    std::size_t slot = first_slot(block.front().group, block.front().creator);
    while (!blocks_[slot].empty()) slot = (slot + 1) % kSlots;
    blocks_[slot] = block;
  }

  std::array<Block, kSlots> blocks_{};
};

/// Padding is no part of a creator (PS3.5 6.2: LO; NULs are written by some).
std::string_view without_padding(std::string_view creator) {
  while (!creator.empty() && (creator.back() == ' ' || creator.back() == '\0')) creator.remove_suffix(1);
  return creator;
}

std::string_view name(PrivateAction action) {
  static constexpr std::array<std::string_view, 5> kNames = {"remove", "keep", "map_uid", "shift_date", "shift_epoch"};
  return kNames.at(static_cast<std::size_t>(action));
}

std::string canonical_private_text() {
  std::string text;
  for (const PrivateRule& rule : kPrivateRules) {
    const Vr vr = rule.value_representation;
    const std::string shown_vr = vr == 0 ? "" : std::string{static_cast<char>(vr >> 8), static_cast<char>(vr & 0xFF)};
    text += fmt::format("{:04X}\t{}\t{:02X}\t{}\t{}\t{}\t{:08X}\n", rule.group, rule.creator, rule.element, shown_vr,
                        name(rule.action), rule.source, repeated_attribute(rule));
  }
  return text;
}

}  // namespace

std::span<const PrivateRule> private_rules() { return kPrivateRules; }

const PrivateRule* find_private_rule(std::uint16_t group, std::string_view creator, std::uint8_t element) {
  static const PrivateIndex index;
  return index.find(group, without_padding(creator), element);
}

Tag repeated_attribute(const PrivateRule& rule) {
  const auto* row = std::ranges::find_if(kRepeated, [&](const Repeated& r) {
    return r.group == rule.group && r.element == rule.element && r.creator == rule.creator;
  });
  return row == std::end(kRepeated) ? 0 : row->attribute;
}

const std::string& private_rules_sha256() {
  static const std::string digest = [] {
    const std::string text = canonical_private_text();
    return sha256_hex(text);
  }();
  return digest;
}

}  // namespace naru::dicom
